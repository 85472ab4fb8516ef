import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AbsPath } from "../../../src/path.ts";
import { deviceIdOf } from "../../../src/receipt/device-id.ts";
import { deviceKeyFile } from "../../../src/receipt/device-key.ts";
import { type Receipt, verifyReceipt } from "../../../src/receipt/receipt.ts";
import { readReceiptLog, receiptLogFile } from "../../../src/receipt/receipt-log.ts";
import { parsePrivateKeyPem } from "../../../src/trust/keys.ts";
import { makeRelease, openWorld, type SignedRelease, STRANGER_KEY, type World, writeMedium } from "./agent-fixture.ts";

const CHECK = "usr/lib/bootferry/health.d/required/10-app";
const MACHINE_ID = "0123456789abcdef0123456789abcdef";

let v1: SignedRelease;
let v2: SignedRelease;
let v3: SignedRelease;
let medium: AbsPath;

beforeAll(async () => {
  [v1, v2, v3] = await Promise.all([makeRelease(1), makeRelease(2), makeRelease(3)]);
});
beforeEach(() => {
  medium = writeMedium([v2]);
});

function put(world: World, path: string, text: string): void {
  mkdirSync(join(world.root, path, ".."), { recursive: true });
  writeFileSync(join(world.root, path), text);
}

/** The receipts of a device, each signed by its key. */
function receiptsOf({ paths }: World): readonly Receipt[] {
  const key = parsePrivateKeyPem(readFileSync(deviceKeyFile(paths.stateDirectory), "utf8")).publicKey;
  return readReceiptLog(paths.stateDirectory).map((it) => {
    if (it === undefined) throw new Error("a line cannot be read");
    return verifyReceipt(it.envelope, key).receipt;
  });
}

const briefly = (receipts: readonly Receipt[]) =>
  receipts.map(({ serial, outcome, release, reason }) =>
    [serial, outcome, release?.version, reason?.code].filter(Boolean).join(" "),
  );

async function update(world: World, from: AbsPath): Promise<void> {
  let outcome = await world.run(from);
  for (let boots = 0; outcome.kind === "rebooting" && boots < 9; boots++) {
    world.device.boot();
    outcome = await world.run();
  }
}

describe("the receipts of a device", () => {
  it("begin with its enrolment, and tell each outcome once", async () => {
    const world = await openWorld(v1, { tries: 2 });
    await world.run();
    await update(world, medium);
    await world.run(writeMedium([v1]));
    await world.run(writeMedium([await makeRelease(4, { key: STRANGER_KEY })]));
    world.program(CHECK, "echo dark; exit 1");
    await update(world, writeMedium([v3]));
    for (let again = 0; again < 3; again++) await world.run();
    expect(briefly(receiptsOf(world))).toEqual([
      "1 enrolled",
      "2 confirmed 2.0",
      "3 refused TRUST_SEQUENCE_OLDER",
      "4 refused TRUST_KEY_UNKNOWN",
      "5 rolled-back 3.0 AGENT_UNHEALTHY",
    ]);
  });

  it("say what the device is, what runs, what it holds, and what it will not try again", async () => {
    const world = await openWorld(v1, { tries: 2 });
    put(world, "etc/machine-id", `${MACHINE_ID}\n`);
    put(world, "etc/hostname", "hall-3\n");
    await update(world, medium);
    world.program(CHECK, "echo dark; exit 1");
    await update(world, writeMedium([v3]));
    const [, , last] = receiptsOf(world);
    const release = ({ statement, payloadDigest }: SignedRelease) => ({
      ...{ name: "os", version: statement.version, sequence: statement.sequence, payloadDigest },
    });
    expect(last).toMatchObject({
      device: {
        id: deviceIdOf(MACHINE_ID, ""),
        ...{ label: "hall-3", compatible: "acme", architecture: "amd64", backend: "native" },
      },
      ...{ outcome: "rolled-back", atUtc: "2026-11-20T12:00:00Z", isClockTrusted: false },
      release: release(v3),
      running: { release: release(v2) },
      ...{ follows: "os", floors: { sequence: 2, timeUtc: v2.statement.createdAt }, root: { version: 1 } },
      refusedReleases: [v3.payloadDigest],
      health: expect.stringContaining("10-app (exit status 1: dark)"),
      agentVersion: "1.0.0",
    });
    expect(last?.held).toContainEqual({ payloadDigest: v2.payloadDigest, tree: v2.image.imageDigest });
    const everything = readFileSync(receiptLogFile(world.paths.stateDirectory), "utf8");
    const payloads = readReceiptLog(world.paths.stateDirectory).map((it) => it?.envelope.payload.toString() ?? "");
    expect([everything, ...payloads].join("")).not.toContain(MACHINE_ID); // BF-9.6
  });

  it("carry the label of agent.toml", async () => {
    const world = await openWorld(v1, { config: "[receipts]\nwrite-to-media = true\n" });
    const config = { ...world.ports.config, device: { ...world.ports.config.device, label: "Hall 3" } };
    await world.run(undefined, { config });
    expect(receiptsOf(world)[0]?.device.label).toBe("Hall 3");
  });

  it("trust a clock only when it is synchronised in the boot of the outcome", async () => {
    const world = await openWorld(v1);
    await world.run(medium, { synchronisedNowUtc: async () => new Date("2026-11-20T12:00:00Z") });
    expect(receiptsOf(world)[0]?.isClockTrusted).toBe(true);
  });

  it("take what checks print as it is, without what a terminal would obey", async () => {
    const world = await openWorld(v1, { tries: 1 });
    world.program(CHECK, "printf '\\033[2J\\342\\200\\256dark'; exit 1");
    await update(world, medium);
    expect(receiptsOf(world).at(-1)?.health).toContain("\ufffd[2J\ufffddark");
  });

  it("are made at the next start when they could not be written, and keep nothing from going on", async () => {
    const world = await openWorld(v1);
    await world.run();
    const log = receiptLogFile(world.paths.stateDirectory);
    const head = join(world.paths.stateDirectory, "receipt-head.json");
    const [logBytes, headBytes] = [readFileSync(log), readFileSync(head)];
    for (const file of [log, head]) {
      rmSync(file);
      mkdirSync(join(file, "in-the-way"), { recursive: true });
    }
    await update(world, medium);
    expect(world.status().state).toBe("confirmed");
    const notes = world.history().filter((record) => record.kind === "note");
    expect(notes).toMatchObject([
      { about: "receipt", message: expect.stringContaining("no receipt could be written") },
    ]);
    for (const file of [log, head]) rmSync(file, { recursive: true });
    writeFileSync(log, logBytes);
    writeFileSync(head, headBytes);
    await world.run();
    expect(briefly(receiptsOf(world))).toEqual(["1 enrolled", "2 confirmed 2.0"]);
  });

  it("keep nothing from going on by a mistake of ours either", async () => {
    const world = await openWorld(v1);
    const readFile: typeof world.ports.files.readFile = async (path) => {
      if (path === "/etc/machine-id") throw new TypeError("cannot read properties of undefined");
      return world.ports.files.readFile(path);
    };
    const changes = { files: { ...world.ports.files, readFile } };
    await world.run(medium, changes);
    world.device.boot();
    expect(await world.run(undefined, changes)).toMatchObject({ kind: "confirmed" });
  });
});

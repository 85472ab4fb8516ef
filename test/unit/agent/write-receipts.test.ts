/** Receipts go to a medium of which a release has verified since it was inserted, and the medium stays in until then. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { MediumSource } from "../../../src/agent/medium-source.ts";
import type { Outcome } from "../../../src/agent/outcome.ts";
import { runAgent } from "../../../src/agent/run-agent.ts";
import { type WriteReceiptsPorts, writeReceipts } from "../../../src/agent/write-receipts.ts";
import { writeDurably } from "../../../src/host/durable-write.ts";
import { HostError } from "../../../src/host/error.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { ensureMediumId } from "../../../src/receipt/medium-id.ts";
import { verifyReceipt } from "../../../src/receipt/receipt.ts";
import { verifyVisit } from "../../../src/receipt/visit.ts";
import { parseEnvelope } from "../../../src/trust/dsse.ts";
import { parsePublicKeyPem } from "../../../src/trust/keys.ts";
import { type FakeMedia, type FakeStick, luksHeader, openFakeMedia } from "../../support/fake-media.ts";
import { makeRelease, openWorld, type SignedRelease, STRANGER_KEY, type World, writeMedium } from "./agent-fixture.ts";

const DEVICE = parseAbsPath("/dev/sdb1");
const SOURCE: MediumSource = { kind: "device", device: DEVICE };
const ALLOWED = "[receipts]\nwrite-to-media = true\n";
const WAITS = "Do not remove the medium yet: receipts are being written to it.";
const CAN_REMOVE = "You can remove the medium.";

let v1: SignedRelease;
let v2: SignedRelease;
let stick: AbsPath;

beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});
beforeEach(() => {
  stick = writeMedium([v2]);
  ensureMediumId(stick, (bytes) => Buffer.alloc(bytes, 0xab));
});

interface Machine extends World {
  readonly media: FakeMedia;
  plug(options?: Partial<FakeStick>): void;
  /** What the unit of the medium does. */
  read(): Promise<Outcome>;
  /** What the unit of receipts does. */
  write(changes?: Partial<WriteReceiptsPorts>, source?: MediumSource): ReturnType<typeof writeReceipts>;
}

async function openMachine(config = ALLOWED): Promise<Machine> {
  const media = openFakeMedia();
  const world = await openWorld(v1, { exec: media.exec, config });
  const plug = (options: Partial<FakeStick> = {}) =>
    media.plug(DEVICE, { type: "vfat", uuid: "1234-ABCD", label: "BOOTFERRY", directory: stick, ...options });
  plug();
  const ports = { ...world.ports, devices: media.devices };
  return {
    ...{ ...world, media, plug },
    read: () => runAgent(ports, { medium: SOURCE, storeOnly: true }),
    write: (changes = {}, source = SOURCE) => writeReceipts({ ...ports, ...changes }, source),
  };
}

const marks = ({ paths }: World) => {
  const directory = below(paths.runtimeDirectory, "receipts-due");
  return existsSync(directory) ? readdirSync(directory) : [];
};

const notes = (world: World) =>
  world.history().flatMap((record) => (record.kind === "note" && record.about === "receipt" ? [record.message] : []));

/** Outcomes of the receipts on a stick, whose signatures and visit are good. */
function receiptsOn(medium: AbsPath): readonly string[] {
  const directory = below(medium, "bootferry-receipts");
  return readdirSync(directory).flatMap((device) => {
    const read = (name: string) => readFileSync(below(directory, device, name));
    const key = parsePublicKeyPem(read("device.pub").toString());
    expect(verifyVisit(parseEnvelope(read("visit.dsse.json")), key).mediumId).toBe("ab".repeat(16));
    const lines = read("receipts.jsonl").toString().trimEnd().split("\n");
    return lines.map((line) => verifyReceipt(parseEnvelope(Buffer.from(line)), key).receipt.outcome);
  });
}

describe("receipts that may go to media", () => {
  it("are written after the medium was read, and only then it is said that it can be removed", async () => {
    const machine = await openMachine();
    const stored = await machine.read();
    expect(stored).toMatchObject({ kind: "stored", message: `Preparing os 2.0 (sequence 2). ${WAITS}` });
    expect(machine.status()).toMatchObject({ state: "stored", medium: "do-not-remove", message: stored.message });
    expect(marks(machine)).toEqual(["sdb1"]);
    expect(existsSync(below(stick, "bootferry-receipts"))).toBe(false);

    expect(await machine.write()).toMatchObject({ receipts: 1, newestSerial: 1 });
    expect(receiptsOn(stick)).toEqual(["enrolled"]);
    expect(machine.media.commands.filter((command) => command.startsWith("mount ")).at(-1)).toContain(
      "-o rw,sync,nosuid,nodev,noexec,nosymfollow ",
    );
    expect(machine.media.mounts.size).toBe(0);
    expect(machine.status()).toMatchObject({
      ...{ state: "stored", medium: "may-be-removed", message: `Preparing os 2.0 (sequence 2). ${CAN_REMOVE}` },
    });
    expect(marks(machine)).toEqual([]);
  });

  it("tell what came of the update at the next insertion", async () => {
    const machine = await openMachine();
    await machine.read();
    await machine.write();
    await machine.run();
    machine.device.boot();
    await machine.run();
    expect(receiptsOn(stick)).toEqual(["enrolled"]);
    const again = await machine.read();
    expect(again).toMatchObject({ kind: "nothing", message: `os 2.0 (sequence 2) is installed already. ${WAITS}` });
    await machine.write();
    expect(receiptsOn(stick)).toEqual(["enrolled", "confirmed"]);
    const result = readFileSync(
      below(stick, "bootferry-receipts", readdirSync(below(stick, "bootferry-receipts"))[0] ?? "", "RESULT.txt"),
      "utf8",
    );
    expect(result).toContain("os 2.0 (sequence 2) was installed, checked and kept.");
    expect(result).toContain("Now:      os 2.0 (sequence 2) is installed already.\r\n");
    expect(machine.status().message).toBe(`os 2.0 (sequence 2) is installed already. ${CAN_REMOVE}`);
  });

  it("tell of a refusal too, when the release is one that the device trusts", async () => {
    const machine = await openMachine();
    machine.plug({ directory: writeMedium([await makeRelease(5, { compatible: "other" })]) });
    expect(await machine.read()).toMatchObject({ kind: "refused", message: expect.stringContaining(WAITS) });
    const { newestSerial } = await machine.write();
    expect(newestSerial).toBe(2);
  });

  it("have the lamps told again once the medium can be removed", async () => {
    const machine = await openMachine();
    machine.program("hooks/stored/lamp", "exit 0");
    const config = {
      ...machine.ports.config,
      hooks: { ...machine.ports.config.hooks, directories: [parseAbsPath("/hooks")] },
    };
    const told: (string | undefined)[] = [];
    await machine.read();
    await machine.write({
      config,
      exec: async (argv, options) => {
        if (argv.at(-1)?.endsWith("lamp")) told.push(options.env?.["BOOTFERRY_MEDIUM"]);
        else return machine.media.exec(argv, options);
        return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
      },
    });
    expect(told).toEqual(["may-be-removed"]);
  });
});

describe("receipts that may not go to this medium", () => {
  it("stay on the device by default, which says at once that the medium can be removed", async () => {
    const machine = await openMachine("");
    expect((await machine.read()).message).toContain(CAN_REMOVE);
    expect(marks(machine)).toEqual([]);
    await expect(machine.write()).rejects.toMatchObject({ code: "RECEIPT_NOT_ALLOWED" });
    expect(existsSync(below(stick, "bootferry-receipts"))).toBe(false);
  });

  it("stay there when no release of it has verified (BF-9.9)", async () => {
    const machine = await openMachine();
    machine.plug({ directory: writeMedium([await makeRelease(4, { key: STRANGER_KEY })]) });
    expect((await machine.read()).message).toContain(CAN_REMOVE);
    await expect(machine.write()).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_NOT_VERIFIED" });
    expect(machine.media.commands.some((command) => command.includes("-o rw"))).toBe(false);
  });

  it.each([
    ["of the same file system id", {}],
    ["of another one", { uuid: "9999-9999" }],
  ])("stay there when another stick %s was put in under the same name (BF-9.9)", async (_, options) => {
    const machine = await openMachine();
    await machine.read();
    const other = writeMedium([v2]);
    machine.plug({ ...options, directory: other });
    await expect(machine.write()).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_NOT_VERIFIED" });
    expect(readdirSync(other)).toEqual(["bootferry"]);
    expect(readdirSync(stick)).toEqual(["bootferry"]);
    expect(notes(machine)).toEqual([expect.stringContaining("RECEIPT_MEDIUM_NOT_VERIFIED")]);
  });

  it("stay there when the stick is exchanged while it is being mounted", async () => {
    const machine = await openMachine();
    await machine.read();
    const other = writeMedium([v2]);
    machine.media.onCommand = ([tool]) => {
      if (tool === "mount") machine.plug({ directory: other });
    };
    await expect(machine.write()).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_NOT_VERIFIED" });
    expect(readdirSync(other)).toEqual(["bootferry"]);
    expect(machine.media.mounts.size).toBe(0);
  });

  it("stay there in the next boot, in which nothing of the medium was verified", async () => {
    const machine = await openMachine();
    await machine.read();
    const mark = below(machine.paths.runtimeDirectory, "receipts-due", "sdb1");
    const kept = readFileSync(mark);
    machine.device.boot();
    mkdirSync(below(mark, ".."), { recursive: true });
    writeFileSync(mark, kept);
    await expect(machine.write()).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_NOT_VERIFIED" });
  });

  it.each([
    ["crypto_LUKS", { luks: { header: luksHeader(), keys: [], hasToken: true } }],
    ["ext4", { type: "ext4" }],
  ])("stay there when it holds %s: noted once, and the medium can be removed at once", async (type, options) => {
    const machine = await openMachine(`${ALLOWED}[media]\nfilesystems = ["vfat", "exfat", "ext4"]\n`);
    for (let insertion = 0; insertion < 2; insertion++) {
      machine.plug(options);
      expect((await machine.read()).message).not.toContain(WAITS);
      expect(machine.status().medium).toBe("may-be-removed");
      await machine.run();
      machine.device.boot();
      await machine.run();
    }
    expect(notes(machine)).toEqual([
      `receipts are not written to media with ${type}: vfat or exfat, not encrypted, is needed`,
    ]);
    await expect(machine.write()).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_UNFIT" });
  });
});

describe("writing receipts that does not work out", () => {
  it.each([
    ["full", "ENOSPC"],
    ["worn out", "EIO"],
    ["read-only", "EROFS"],
  ])("because the medium is %s, is a note, and the update goes on", async (_, errno) => {
    const machine = await openMachine();
    await machine.read();
    const writeFile = (path: AbsPath) => {
      const cause = Object.assign(new Error(errno), { code: errno, errno: -1 });
      throw new HostError("HOST_IO", `writing ${path}: ${errno}`, { cause });
    };
    await expect(machine.write({ writeFile })).rejects.toMatchObject({ code: "RECEIPT_NOT_WRITTEN", exitStatus: 6 });
    expect(notes(machine)).toEqual([expect.stringMatching(new RegExp(`no receipts on the medium: .*${errno}`))]);
    expect(machine.status()).toMatchObject({ medium: "may-be-removed", message: expect.stringContaining(CAN_REMOVE) });
    expect([marks(machine), machine.media.mounts.size]).toEqual([[], 0]);
    expect((await machine.run()).kind).toBe("rebooting");
    machine.device.boot();
    expect((await machine.run()).kind).toBe("confirmed");
    await machine.read();
    await machine.write();
    expect(receiptsOn(stick)).toEqual(["enrolled", "confirmed"]);
  });

  it("because it cannot be mounted for writing, or is gone, leaves nobody waiting", async () => {
    const machine = await openMachine();
    await machine.read();
    machine.media.onCommand = ([tool]) => {
      if (tool === "mount") throw new HostError("HOST_TOOL_FAILED", "mount: write-protected");
    };
    await expect(machine.write()).rejects.toMatchObject({ code: "MEDIA_MOUNT_FAILED" });
    expect(machine.status().medium).toBe("may-be-removed");
    machine.media.onCommand = () => undefined;
    machine.media.pull(DEVICE);
    await expect(machine.write()).rejects.toMatchObject({ code: "MEDIA_REMOVED" });
  });

  it("because the unit never ran or was ended, is over with the run that follows", async () => {
    const machine = await openMachine();
    await machine.read();
    expect(machine.status().medium).toBe("do-not-remove");
    machine.messages.length = 0;
    expect((await machine.run()).kind).toBe("rebooting");
    expect(machine.messages[0]).toContain(CAN_REMOVE);
    expect(marks(machine)).toEqual([]);
  });

  it("because the unit never ran for a stick with nothing new, is over with the run that follows as well", async () => {
    const machine = await openMachine();
    machine.plug({ directory: writeMedium([v1]) });
    expect((await machine.read()).kind).toBe("nothing");
    expect(machine.status()).toMatchObject({ state: "idle", medium: "do-not-remove" });
    await machine.run();
    expect(machine.status()).toMatchObject({
      ...{
        state: "idle",
        medium: "may-be-removed",
        message: `os 1.0 (sequence 1) is installed already. ${CAN_REMOVE}`,
      },
    });
  });

  it("because the medium was pulled while it was read, is not waited for", async () => {
    const machine = await openMachine();
    const pulled = { onProgress: () => machine.media.pull(DEVICE) };
    const ports = { ...machine.ports, devices: machine.media.devices, ...pulled };
    const open = machine.ports.openMedium;
    const outcome = await runAgent(
      {
        ...ports,
        async openMedium(directory, signal) {
          const medium = await open(directory, signal);
          const { layout } = medium;
          const read: typeof layout = {
            ...layout,
            async openBlob(digest, ...rest) {
              if (digest !== v2.layerBlob) return layout.openBlob(digest, ...rest);
              machine.media.pull(DEVICE);
              throw new HostError("HOST_IO", "EIO");
            },
          };
          return { ...medium, layout: read };
        },
      },
      { medium: SOURCE, storeOnly: true },
    );
    expect(outcome).toMatchObject({ kind: "failed", error: { code: "MEDIA_REMOVED" } });
    expect(marks(machine)).toEqual([]);
    expect(outcome.message).not.toContain(WAITS);
  });
});

describe("an update whose receipts go to the stick, cut once", () => {
  class PowerCut extends Error {}
  const isPowerCut = (error: unknown): boolean =>
    error instanceof SuppressedError
      ? isPowerCut(error.error) || isPowerCut(error.suppressed)
      : error instanceof PowerCut;

  /** The units in their order, until the stick says nothing new; cut before the file with the number `at` is written. */
  async function update(machine: Machine, at: number): Promise<{ readonly files: number; readonly wasCut: boolean }> {
    let files = 0;
    const writeFile = (path: AbsPath, bytes: Buffer) => {
      files += 1;
      if (files === at) throw new PowerCut(`at file ${at}`);
      writeDurably(path, bytes);
    };
    try {
      for (let boots = 0; boots < 4; boots++) {
        const { kind } = await machine.read();
        if (marks(machine).length > 0) await machine.write({ writeFile }); // as the unit's condition has it
        if (kind === "nothing") return { files, wasCut: false };
        await machine.run();
        machine.device.boot();
        await machine.run();
      }
      throw new Error("no end");
    } catch (error) {
      if (isPowerCut(error)) return { files, wasCut: true };
      throw error;
    }
  }

  it("ends with each outcome on the stick once, and a stick that can be removed", { timeout: 240_000 }, async () => {
    const { files } = await update(await openMachine(), Number.POSITIVE_INFINITY);
    expect(files).toBe(7); // in the second visit the key is there already
    for (let at = 1; at <= files; at++) {
      rmSync(below(stick, "bootferry-receipts"), { recursive: true, force: true });
      const machine = await openMachine();
      expect([at, (await update(machine, at)).wasCut]).toEqual([at, true]);
      machine.device.boot();
      await machine.run();
      await update(machine, Number.POSITIVE_INFINITY);
      expect([at, receiptsOn(stick)]).toEqual([at, ["enrolled", "confirmed"]]);
      expect([at, machine.status().medium, marks(machine), machine.media.mounts.size]).toEqual([
        ...[at, "may-be-removed", [], 0],
      ]);
    }
  });
});

describe("a medium that somebody has mounted", () => {
  it("takes receipts after a run has verified it there, once", async () => {
    const machine = await openMachine();
    const source: MediumSource = { kind: "directory", directory: stick };
    await expect(machine.write({}, source)).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_NOT_VERIFIED" });
    await machine.run(stick);
    expect(machine.status().medium).toBe("may-be-removed"); // nobody but a person writes to it
    await machine.write({}, source);
    expect(receiptsOn(stick)).toEqual(["enrolled"]);
    await expect(machine.write({}, source)).rejects.toMatchObject({ code: "RECEIPT_MEDIUM_NOT_VERIFIED" });
  });

  it("is another one when its index says something else", async () => {
    const machine = await openMachine();
    await machine.run(stick);
    rmSync(below(stick, "bootferry/index.json"));
    writeFileSync(below(stick, "bootferry/index.json"), "{}");
    await expect(machine.write({}, { kind: "directory", directory: stick })).rejects.toMatchObject({
      code: "RECEIPT_MEDIUM_NOT_VERIFIED",
    });
  });
});

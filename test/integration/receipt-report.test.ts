/**
 * Two sticks, three devices, mixed outcomes, carried home: the report shows what is true of each device, names what was
 * forged or put back, and the plan of the next walk is what the devices then really do.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { digestOf } from "../../src/oci/digest.ts";
import { type Envelope, formatEnvelope, parseEnvelope } from "../../src/trust/dsse.ts";
import { formatPublicKeyPem, privateKeyOfSeed } from "../../src/trust/keys.ts";
import { chainOf, identity } from "../support/ledger-fixtures.ts";
import { WalkingFleet } from "../support/walking-fleet.ts";

const fleet = new WalkingFleet();
const DEVICES = ["depot", "hall", "till"] as const;
type Device = (typeof DEVICES)[number];

/** By label. */
const ids = new Map<string, string>();
const idOf = (device: Device) => ids.get(device) ?? "";

const json = async (...args: readonly string[]) => JSON.parse((await fleet.run(...args, "--json")).stdout);
const collect = (...args: readonly string[]) => json("receipt", "collect", ...args, "--ledger", "fleet.jsonl");
const report = (...args: readonly string[]) => json("receipt", "report", "--ledger", "fleet.jsonl", ...args);
const plan = (stick: string, ...args: readonly string[]) =>
  json("receipt", "plan", stick, "--ledger", "fleet.jsonl", "--root", "root.json", ...args);

interface Remarks {
  readonly sources: readonly {
    readonly devices: readonly { device: string; remarks: readonly { class: string }[] }[];
  }[];
}
const classesOf = ({ sources }: Remarks, device: Device) =>
  sources.flatMap(({ devices }) =>
    devices.filter((it) => it.device === idOf(device)).flatMap(({ remarks }) => remarks.map((remark) => remark.class)),
  );

beforeAll(async () => {
  await fleet.makeKeys();
  await fleet.makeStick("stick-0", { sequence: 1 });
  await fleet.makeStick("stick-a", { sequence: 2 });
  await fleet.makeStick("stick-b", { sequence: 3 });
  fleet.today = "2026-03-01";
  for (const device of DEVICES) await fleet.makeDevice(device, "stick-0");
  await fleet.visit("depot", "stick-b"); // and nobody has been there since
  await fleet.insert("depot", "stick-b");
  fleet.today = "2026-11-18";
  fleet.fallsIll("till", 2);
  await fleet.visit("hall", "stick-a");
  await fleet.visit("till", "stick-a");
  fleet.copy("stick-a", "stick-a-before"); // the outcomes are not on it yet
  await fleet.insert("hall", "stick-a");
  await fleet.insert("till", "stick-a");
  fleet.today = "2026-11-20";
  for (const { device, label } of (await collect("stick-a", "stick-b")).sources.flatMap(
    ({ devices }: { devices: readonly { device: string; label: string }[] }) => devices,
  )) {
    ids.set(label, device);
  }
  fleet.copy("fleet.jsonl", "collected.jsonl");
}, 600_000);
afterAll(() => fleet[Symbol.dispose]());
beforeEach(() => fleet.copy("collected.jsonl", "fleet.jsonl"));

describe("two sticks that come home from three devices", () => {
  it("bring each device, and nothing that must not be believed", async () => {
    expect([...ids.keys()].sort()).toEqual([...DEVICES]);
    const again = await collect("stick-a", "stick-b");
    expect(again).toMatchObject({ newReceipts: 0, failures: [] });
    expect(DEVICES.flatMap((device) => classesOf(again, device))).toEqual([]);
    expect((await fleet.run("receipt", "verify", "stick-a")).exitStatus).toBe(0);
  });

  it("make a report that is true", async () => {
    const { devices, releases } = await report("--release", "kiosk-os@2.0", "--not-seen-since", "30");
    const told = devices.map((it: Record<string, { [key: string]: unknown }>) => ({
      label: it["label"],
      runs: it["running"]?.["version"],
      outcome: it["last"]?.["outcome"],
      standing: it["standing"],
      wanted: it["wanted"],
      isUnseen: it["isUnseen"],
    }));
    expect(told).toEqual([
      { label: "till", runs: "1.0", outcome: "rolled-back", standing: "trouble", wanted: "failed", isUnseen: false },
      { label: "depot", runs: "3.0", outcome: "confirmed", standing: "attention", wanted: "not-yet", isUnseen: true },
      { label: "hall", runs: "2.0", outcome: "confirmed", standing: "well", wanted: "has-it", isUnseen: false },
    ]);
    expect(devices[0].last.reason).toMatchObject({ message: expect.stringContaining("the screen stays dark") });
    expect(devices[0].last.reason.remedy).not.toBe("");
    expect(releases).toHaveLength(3);
  });

  it("make a table for the terminal and the same page twice", async () => {
    const table = (await fleet.run("receipt", "report", "--ledger", "fleet.jsonl", "--html", "one.html")).stdout;
    expect(table).toMatch(/^till +[0-9a-f]{12} +trouble +kiosk-os 1\.0 +went back 2\.0/m);
    expect(table).toMatch(/^ {2}help: \S/m);
    await fleet.cli("receipt", "report", "--ledger", "fleet.jsonl", "--html", "two.html");
    const page = readFileSync(fleet.path("one.html"), "utf8");
    expect(page).toContain("the screen stays dark");
    expect(readFileSync(fleet.path("two.html"), "utf8")).toBe(page);
  });

  it("are shown as the devices have said it", async () => {
    const shown = (await fleet.run("receipt", "show", "stick-a")).stdout;
    expect(shown).toMatch(/hall \(.*\n.*set up.*\n.*updated: kiosk-os 2\.0 \(sequence 2\); runs kiosk-os 2\.0/);
    expect(shown).toMatch(/went back: kiosk-os 2\.0.*\n.*the screen stays dark.*\n.*help: /);
  });
});

describe("a stick that somebody has tampered with", () => {
  const own = (stick: string, device: Device, name: string) =>
    fleet.path(stick, "bootferry-receipts", idOf(device), name);
  const readReceipts = (stick: string, device: Device): readonly Envelope[] =>
    readFileSync(own(stick, device, "receipts.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => parseEnvelope(Buffer.from(line)));
  const writeReceipts = (stick: string, device: Device, receipts: readonly Envelope[]) =>
    writeFileSync(own(stick, device, "receipts.jsonl"), Buffer.concat(receipts.map(formatEnvelope)));

  beforeEach(() => {
    for (const stick of ["stick-a", "stick-b"]) fleet.copy(stick, `bad-${stick}`);
  });
  const findings = async (device: Device) => {
    const { devices } = await report();
    const found = devices.find(({ id }: { id: string }) => id === idOf(device));
    return { standing: found.standing, classes: found.findings.map((it: { class: string }) => it.class) };
  };

  it("is forged when a failure was made a success", async () => {
    const receipts = readReceipts("bad-stick-a", "till").map((envelope) => ({
      ...envelope,
      payload: Buffer.from(envelope.payload.toString().replace('"rolled-back"', '"confirmed"')),
    }));
    writeReceipts("bad-stick-a", "till", receipts);
    expect(classesOf(await collect("bad-stick-a"), "till")).toContain("forged");
    expect((await fleet.run("receipt", "verify", "bad-stick-a", "--ledger", "fleet.jsonl")).exitStatus).toBe(3);
    expect((await findings("till")).classes).toEqual(["forged"]);
    const { devices } = await report();
    expect(devices.find(({ label }: { label: string }) => label === "till").last.outcome).toBe("rolled-back");
  });

  it("is another key's when somebody signs in the name of a device", async () => {
    const thief = { ...identity(9), id: idOf("till"), label: "till", key: privateKeyOfSeed(Buffer.alloc(32, 9)) };
    writeReceipts("bad-stick-a", "till", await chainOf(thief, [{}]));
    writeFileSync(own("bad-stick-a", "till", "device.pub"), formatPublicKeyPem(thief.key.publicKey));
    expect(classesOf(await collect("bad-stick-a"), "till")).toEqual(["other-key"]);
    expect(await findings("till")).toMatchObject({ classes: ["other-key"] });
  });

  it("is replayed when an older visit is put back onto the stick", async () => {
    const run = await fleet.run("receipt", "collect", "stick-a-before", "--ledger", "fleet.jsonl");
    expect(run.exitStatus).toBe(3);
    expect(run.stdout).toMatch(
      /REPLAYED: it claims receipt \d+ as the newest, but the device was here with receipt \d+/,
    );
    expect(await findings("hall")).toEqual({ standing: "doubtful", classes: ["replayed"] });
  });

  it("is a copy when a device's directory was carried to another stick", async () => {
    fleet.copy(join("stick-a/bootferry-receipts", idOf("hall")), join("bad-stick-b/bootferry-receipts", idOf("hall")));
    expect(classesOf(await collect("bad-stick-b"), "hall")).toEqual(["copied"]);
    expect(await findings("hall")).toEqual({ standing: "doubtful", classes: ["copied"] });
  });

  it("is forged when one device's receipts lie in another's directory", async () => {
    fleet.copy(join("stick-a/bootferry-receipts", idOf("hall")), join("bad-stick-a/bootferry-receipts", idOf("till")));
    expect(classesOf(await collect("bad-stick-a"), "till")).toEqual(["forged"]);
  });

  it("says that receipts are missing when the newest were cut off", async () => {
    writeReceipts("bad-stick-a", "hall", readReceipts("bad-stick-a", "hall").slice(0, 1));
    rmSync(fleet.path("fleet.jsonl"));
    expect(classesOf(await collect("bad-stick-a"), "hall")).toContain("gap");
  });

  it("is told together with good ones, which are collected all the same", async () => {
    rmSync(fleet.path("fleet.jsonl"));
    const receipts = readReceipts("bad-stick-a", "till");
    writeReceipts(
      "bad-stick-a",
      "till",
      receipts.map((it) => ({ ...it, payload: Buffer.from(`${it.payload} `) })),
    );
    const collected = await collect("bad-stick-a", "stick-b");
    expect(classesOf(collected, "till")).toEqual(["forged"]);
    expect(
      new Set(
        collected.sources.flatMap((it: { devices: readonly { label: string | null }[] }) =>
          it.devices.map(({ label }) => label),
        ),
      ),
    ).toEqual(new Set(["depot", "hall", null]));
  });
});

describe("the plan of the next walk", () => {
  /** What a device really does with a stick, in the words of the plan. */
  async function does(device: Device, stick: string) {
    fleet.copy(device, "tried");
    const { outcome, error } = await json("agent", "run", "--sysroot", "tried", "--medium", stick);
    return {
      answer: outcome === "rebooting" ? "install" : outcome === "nothing" ? "nothing" : "refuse",
      code: error?.code ?? null,
    };
  }

  beforeAll(async () => {
    await fleet.makeStick("stick-4", { sequence: 4, options: ["--min-sequence", "2"] });
    await fleet.makeStick("stick-5", { sequence: 5 });
    await fleet.makeStick("stick-stranger", { sequence: 6, key: "stranger" });
    await fleet.makeStick("stick-fridge", { sequence: 6, compatible: "fridge" });
    await fleet.makeStick("stick-hall", { sequence: 6, options: ["--device-id", "hall"] });
    const base = ["--base", "kiosk-os@2.0", "--base-from", "stick-a"];
    await fleet.makeStick("stick-delta", { sequence: 6, options: base }); // all of it is new, or in every release
    await fleet.makeStick("stick-lean", { sequence: 6, font: 2, options: base }); // and a font, which only release 2 has
    fleet.today = "2026-11-01";
    await fleet.makeStick("stick-expired", { sequence: 6, options: ["--expires", "2026-11-19"] });
    fleet.today = "2026-11-20";
  }, 600_000);

  it.each<[string, Readonly<Record<Device, string>>]>([
    ["stick-a", { hall: "nothing", till: "nothing", depot: "TRUST_SEQUENCE_OLDER" }],
    ["stick-b", { hall: "install", till: "install", depot: "nothing" }],
    ["stick-4", { hall: "install", till: "BUNDLE_STEP_NEEDED", depot: "install" }],
    ["stick-stranger", { hall: "TRUST_KEY_UNKNOWN", till: "TRUST_KEY_UNKNOWN", depot: "TRUST_KEY_UNKNOWN" }],
    [
      "stick-fridge",
      { hall: "BUNDLE_COMPATIBLE_MISMATCH", till: "BUNDLE_COMPATIBLE_MISMATCH", depot: "BUNDLE_COMPATIBLE_MISMATCH" },
    ],
    ["stick-hall", { hall: "install", till: "BUNDLE_DEVICE_NOT_LISTED", depot: "BUNDLE_DEVICE_NOT_LISTED" }],
    ["stick-delta", { hall: "install", till: "install", depot: "install" }],
    ["stick-lean", { hall: "install", till: "install", depot: "STORE_BASE_MISSING" }],
    ["stick-expired", { hall: "TRUST_EXPIRED", till: "TRUST_EXPIRED", depot: "TRUST_EXPIRED" }],
  ])("for %s is what the devices then do", async (stick, expected) => {
    const { devices } = await plan(stick, ...["stick-0", "stick-a", "stick-b"].flatMap((it) => ["--base-from", it]));
    for (const device of DEVICES) {
      const planned = devices.find((it: { device: string }) => it.device === idOf(device));
      const answer = { answer: planned.answer, code: planned.reason?.code ?? null };
      expect(answer.code ?? answer.answer, `${device} and ${stick}`).toBe(expected[device]);
      expect(await does(device, stick), `${device} and ${stick}`).toEqual(answer);
    }
  });

  it("does not guess whether what a device has does instead of the base of a delta", async () => {
    const { devices } = await plan("stick-lean");
    const depot = devices.find((it: { device: string }) => it.device === idOf("depot"));
    expect(depot).toMatchObject({
      answer: "unknown",
      message: expect.stringContaining("needs kiosk-os 2.0 (sequence 2)"),
    });
  });

  it("names the newest release that all who would install have, for a delta to build on", async () => {
    const named = (release: { version?: string } | null) => release?.version;
    expect(named((await plan("stick-5")).base)).toBe("1.0");
    expect(named((await plan("stick-hall")).base)).toBe("2.0");
    expect((await plan("stick-stranger")).base).toBeNull();
    const text = (await fleet.run("receipt", "plan", "stick-4", "--ledger", "fleet.jsonl", "--root", "root.json"))
      .stdout;
    expect(text).toMatch(/^hall +[0-9a-f]{12} +would install +kiosk-os 4\.0 +2\.0, 1\.0/m);
    expect(text).toMatch(/^All 2 devices that would install have kiosk-os 1\.0 \(sha256:[0-9a-f]{64}\)/m);
  });
});

describe("ledgers of two people", () => {
  it("become one, whoever collected what", async () => {
    await fleet.cli("receipt", "collect", "stick-a", "--ledger", "anna.jsonl");
    await fleet.cli("receipt", "collect", "stick-b", "--ledger", "both.jsonl");
    await fleet.cli("receipt", "collect", "--from", "anna.jsonl", "--ledger", "both.jsonl");
    const facts = async (ledger: string) => {
      const { devices } = await json("receipt", "report", "--ledger", ledger);
      return devices.map(({ id, history }: { id: string; history: unknown }) => ({ id, history }));
    };
    expect(await facts("both.jsonl")).toEqual(await facts("fleet.jsonl"));
    expect((await fleet.run("receipt", "verify", "both.jsonl")).exitStatus).toBe(0);
    expect(readdirSync(fleet.directory)).toContain(".both.jsonl.lock");
  });

  it("are kept by one writer at a time, and only looked at with --dry-run", async () => {
    const before = readFileSync(fleet.path("fleet.jsonl"));
    const run = await fleet.run("receipt", "collect", "stick-a-before", "--ledger", "fleet.jsonl", "--dry-run");
    expect(run.stdout).toContain("would be added");
    expect(readFileSync(fleet.path("fleet.jsonl"))).toEqual(before);
    expect(digestOf(before)).toBe(digestOf(readFileSync(fleet.path("collected.jsonl"))));
  });
});

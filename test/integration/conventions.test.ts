/**
 * What docs/shell.md promises of every verb: --json where there is data, --quiet where there is talk, and progress with rate and
 * remaining time where work takes long. A verb that is in none of the tables here makes the test fail: whoever adds one says
 * which it is.
 */
import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CommandShape, walkCommands } from "../../src/cli/command-shape.ts";
import type { CliContext } from "../../src/cli/context.ts";
import type { Output, OutputOptions } from "../../src/cli/output.ts";
import { inProcessContext, runInProcess } from "../support/cli-in-process.ts";
import { programShape } from "../support/completion-cases.ts";
import { lsblkOf } from "../support/machines.ts";
import { fakeMachine } from "../support/media-host.ts";
import { type FixtureEntry, writeOciLayout } from "../support/oci-fixtures.ts";
import { writeFixtureKeys } from "../support/release-fixtures.ts";

/** Their result is a text of its own kind. */
const WITHOUT_JSON: readonly string[] = ["completion", "help"];

/** Done in a second on any medium and device: they read or write documents of kilobytes, or ask the system. */
const SHORT: readonly string[] = [
  ...["key generate", "key show"],
  ...["root create", "root rotate", "root revoke", "root sign", "root verify-chain", "root publish", "root show"],
  ...["release sign", "release inspect", "release list", "release remove"],
  ...["media list", "media eject"],
  ...["os status", "os rollback", "os pin", "os unpin", "os usr-overlay", "os finalize", "os simulate-boot"],
  ...["agent status", "agent history", "agent approve", "agent restore-source", "agent write-receipts"],
  ...["receipt show", "receipt verify", "receipt collect", "receipt report", "receipt plan"],
  ...["doctor", "completion", "help"],
];

/** They say each step as it begins, since the tools that they wait for tell nothing, or go on until they are stopped. */
const STEP_BY_STEP: readonly string[] = ["media format", "health", "panel", "agent export-logs", "support open"];

/** The same work by the same code as another verb, seen there: these need a disk, run on, or need a registry. */
const SAME_AS: Readonly<Record<string, string>> = {
  "os switch": "os upgrade",
  "os install to-disk": "os install to-filesystem",
  "agent watch": "agent run",
};
/** test/unit/release/registry/round-trip.test.ts sees their bars. */
const THROUGH_A_REGISTRY: readonly string[] = ["release push", "release pull"];

/** It never says a word beside its result. */
const SILENT: readonly string[] = ["os status"];

interface LongVerb {
  readonly verb: string;
  readonly what: string;
  readonly words: string;
  readonly bars: readonly RegExp[];
}

const CREATE = "--name kiosk-os --compatible kiosk --key release.key";
const DEVICE = "--sysroot device";

/** In this order: each goes on from the ones before it. */
const LONG: readonly LongVerb[] = [
  {
    verb: "release create",
    what: "a first release",
    words: `release create oci:image-1 --to stick-1 --sequence 1 --release-version 1.0 ${CREATE}`,
    bars: [/^reading and writing$/, /^verifying what was written$/],
  },
  {
    verb: "release create",
    what: "beside one that shares layers, out of an archive",
    words: `release create oci-archive:image-2.tar --to stick-1 --sequence 2 --release-version 2.0 ${CREATE}`,
    bars: [/^unpacking .*image-2\.tar$/, /^checking what is there already$/, /^reading and writing$/],
  },
  {
    verb: "release create",
    what: "a rehearsal",
    words: `release create oci:image-2 --to stick-1 --sequence 3 --release-version 3.0 ${CREATE} --dry-run`,
    bars: [/^reading$/],
  },
  {
    verb: "release create",
    what: "without signatures",
    words:
      "release create oci:image-2 --to stick-2 --sequence 2 --release-version 2.0 --name kiosk-os --compatible kiosk --unsigned unsigned.json",
    bars: [/^reading and writing$/, /^verifying what was written$/],
  },
  { verb: "release sign", what: "", words: "release sign unsigned.json --key release.key", bars: [] },
  {
    verb: "release attach",
    what: "",
    words: "release attach unsigned.json --to stick-2",
    bars: [/^verifying kiosk-os@2\.0$/],
  },
  {
    verb: "release verify",
    what: "",
    words: "release verify stick-1 --root root.json",
    bars: [/^verifying kiosk-os@1\.0$/, /^verifying kiosk-os@2\.0$/],
  },
  {
    verb: "os install to-filesystem",
    what: "",
    words:
      "os install to-filesystem device --medium stick-1 --release kiosk-os@1.0 --trust-root root.json --agent-config agent.toml",
    bars: [/^reading the medium$/],
  },
  { verb: "os simulate-boot", what: "", words: `os simulate-boot ${DEVICE}`, bars: [] },
  { verb: "os verify", what: "", words: `os verify ${DEVICE}`, bars: [/^checking$/] },
  {
    verb: "os upgrade",
    what: "a download",
    words: `os upgrade --medium stick-2 --download-only ${DEVICE}`,
    bars: [/^checking what is on the device$/, /^reading the medium$/],
  },
  {
    verb: "os upgrade",
    what: "what was downloaded",
    words: `os upgrade --from-downloaded ${DEVICE}`,
    bars: [/^checking what was downloaded$/],
  },
  { verb: "os simulate-boot", what: "", words: `os simulate-boot ${DEVICE}`, bars: [] },
  { verb: "agent run", what: "after the boot", words: `agent run ${DEVICE}`, bars: [] },
  {
    verb: "release create",
    what: "one more",
    words: `release create oci:image-3 --to stick-2 --sequence 3 --release-version 3.0 ${CREATE}`,
    bars: [/^checking what is there already$/],
  },
  {
    verb: "agent run",
    what: "with a medium",
    words: `agent run --medium stick-2 ${DEVICE}`,
    bars: [/^checking what is on the device$/, /^reading the medium$/],
  },
  { verb: "os simulate-boot", what: "", words: `os simulate-boot ${DEVICE}`, bars: [] },
  { verb: "agent run", what: "after the boot", words: `agent run ${DEVICE}`, bars: [] },
  { verb: "os gc", what: "", words: `os gc --drop-rollback ${DEVICE}`, bars: [/^removing$/] },
  {
    verb: "release copy",
    what: "",
    words: "release copy stick-2 --to stick-3 --release kiosk-os@3.0",
    bars: [/^copying kiosk-os@3\.0$/],
  },
];

const files = (version: string): readonly FixtureEntry[] => [
  ...["usr/", "usr/bin/", "usr/lib/", "usr/lib/modules/", "usr/lib/modules/6.1/", "etc/", "var/"].map(
    (name): FixtureEntry => ({ name, type: "directory" }),
  ),
  { name: "usr/lib/modules/6.1/vmlinuz", content: `a kernel of ${version}\n`.repeat(50) },
  { name: "usr/lib/modules/6.1/initramfs.img", content: "an initramfs\n".repeat(50) },
  { name: "usr/bin/app", content: `#!/bin/sh\necho ${version}\n`.padEnd(5000, "#"), mode: 0o755 },
];
const SHARED: readonly FixtureEntry[] = [
  { name: "usr/share", content: "the same in all versions\n".padEnd(9000, "#") },
];

let directory: string;
let program: CommandShape;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "conventions-"));
  program = await programShape();
  await writeFixtureKeys(directory);
  for (const number of [1, 2, 3]) {
    const layers = [{ entries: [...SHARED] }, { entries: [...files(`${number}.0`)] }];
    await writeOciLayout(join(directory, `image-${number}`), [
      { tag: "latest", images: [{ layers, architecture: "amd64" }] },
    ]);
    mkdirSync(join(directory, `stick-${number}`));
  }
  execFileSync("tar", ["-C", join(directory, "image-2"), "-cf", join(directory, "image-2.tar"), "."]);
  const config = '[device]\ncompatible = "kiosk"\narchitecture = "amd64"\n[follow]\nname = "kiosk-os"\n';
  writeFileSync(join(directory, "agent.toml"), config);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Runs a command and writes down the bars that it opens, and which of them are full in the end. */
async function barsOf(words: string, ports: Partial<CliContext> = {}) {
  const bars: { readonly label: string; readonly totalBytes: number; doneBytes: number }[] = [];
  const { context, said } = inProcessContext(directory, ports);
  const openRecorded = (options: OutputOptions): Output => {
    const output = context.openOutput(options);
    return {
      ...output,
      openProgress(label, totalBytes) {
        const bar = { label, totalBytes, doneBytes: 0 };
        if (totalBytes > 0) bars.push(bar);
        const progress = output.openProgress(label, totalBytes);
        return {
          ...progress,
          advance(bytes) {
            bar.doneBytes += bytes;
            progress.advance(bytes);
          },
        };
      },
    };
  };
  const { exitStatus, stderr } = await runInProcess(
    directory,
    words.split(" "),
    {},
    { ...ports, openOutput: openRecorded },
  );
  return { exitStatus, stderr: said().stderr + stderr, bars };
}

const verbsOf = (shape: CommandShape) =>
  [...walkCommands(shape)]
    .filter(({ verbs }) => verbs.length === 0)
    .map((verb) => ({ ...verb, name: verb.words.slice(1).join(" ") }));

describe("every verb", () => {
  it("is in one of the tables: short, step by step, or long with progress", () => {
    const long = [...LONG.map(({ verb }) => verb), "os verify", "media write"];
    const known = [...SHORT, ...STEP_BY_STEP, ...Object.keys(SAME_AS), ...THROUGH_A_REGISTRY, ...long];
    expect(Object.values(SAME_AS).filter((verb) => !long.includes(verb))).toEqual([]);
    expect(
      verbsOf(program)
        .map(({ name }) => name)
        .filter((name) => !known.includes(name)),
    ).toEqual([]);
    expect(known.filter((name) => !verbsOf(program).some((verb) => verb.name === name))).toEqual([]);
  });

  it("has --json and --quiet, unless its result is a text of its own kind", () => {
    const wanting = verbsOf(program).filter(({ name, options }) => {
      const has = (long: string) => options.some((option) => option.long === long);
      return !WITHOUT_JSON.includes(name) && !(has("--json") && (has("--quiet") || SILENT.includes(name)));
    });
    expect(wanting.map(({ name }) => name)).toEqual([]);
  });
});

describe("long work", () => {
  it.each(LONG)("shows how far it is: $verb $what", async ({ words, bars: wanted }) => {
    const { exitStatus, stderr, bars } = await barsOf(words);
    expect(exitStatus, stderr).toBe(0);
    for (const label of wanted) expect(bars.map((bar) => bar.label)).toContainEqual(expect.stringMatching(label));
    for (const { label, doneBytes } of bars) expect(doneBytes, label).toBeGreaterThan(0);
  });

  it("shows how far a repair is", async () => {
    const [object = ""] = globSync(join(directory, "device/bootferry/objects/*/*"));
    rmSync(object);
    const { exitStatus, bars } = await barsOf(`os verify --repair --medium stick-2 ${DEVICE}`);
    expect(exitStatus).toBe(0);
    expect(bars.map(({ label }) => label)).toEqual(expect.arrayContaining(["checking", "repairing"]));
  });

  it("shows how far a stick is: writing and reading back", async () => {
    const machine = fakeMachine({
      answer: ([tool]) => ({ lsblk: lsblkOf("sticks"), blkid: "ID_FS_TYPE=vfat\n" })[tool ?? ""],
    });
    const words = `media write /dev/sdc oci:image-1 --sequence 1 --release-version 1.0 ${CREATE} --root root.json`;
    const { exitStatus, bars } = await barsOf(words, machine.ports);
    rmSync(machine.mountDirectory, { recursive: true });
    expect(exitStatus).toBe(0);
    expect(bars.map(({ label }) => label)).toEqual(["reading and writing", "verifying kiosk-os@1.0"]);
  });

  it("is silent with --quiet", async () => {
    const { exitStatus, stderr } = await barsOf("release verify stick-2 --root root.json --quiet");
    expect({ exitStatus, stderr }).toEqual({ exitStatus: 0, stderr: "" });
  });
});

/**
 * The power is cut at every barrier of every operation, in every way that a disk may answer; then the device boots.
 *
 * Held after each cut: every entry with content is complete to its last object; the entries of what ran
 * are there, byte for byte; and the operation, run again, ends as it would have without the cut.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { entriesDirectory, readEntryFiles } from "../../src/boot/entry-files.ts";
import { chooseEntry } from "../../src/boot/simulated-boot.ts";
import { installDeployment, isInstalled } from "../../src/deploy/native/install.ts";
import { type AbsPath, below, parseAbsPath, parseRelPath } from "../../src/path.ts";
import {
  bootable,
  execWithSync,
  installAndBoot,
  openTestDevice,
  problemsOf,
  storeImage,
  type TestDevice,
} from "../support/device-fixtures.ts";
import { type Cut, type DiskState, PowerCuts, readDisk, writeDisk } from "../support/power-cut.ts";

interface Operation {
  readonly name: string;
  /** Brings a device that runs release 1.0 to where the operation begins. */
  prepare(device: TestDevice): Promise<void>;
  run(device: TestDevice): Promise<unknown>;
  /** Fewer would mean that the test looks at something else. */
  readonly barriersAtLeast: number;
}

const image = (device: TestDevice, version: string) =>
  storeImage(device.store, bootable(version, { "etc/motd": `welcome to ${version} `.repeat(9) }), version);

const updateTo = async (device: TestDevice, version: string) => {
  await device.backend.activate(await device.backend.stage(image(device, version)));
  device.boot();
};

const OPERATIONS: readonly Operation[] = [
  {
    name: "stage",
    prepare: async (device) => void image(device, "2.0"),
    run: (device) => device.backend.stage(image(device, "2.0")),
    barriersAtLeast: 3,
  },
  {
    name: "stage over a staged one",
    prepare: async (device) => {
      await device.backend.stage(image(device, "3.0"));
      image(device, "2.0");
    },
    run: (device) => device.backend.stage(image(device, "2.0")),
    barriersAtLeast: 4,
  },
  {
    name: "activate",
    prepare: async (device) => void (await device.backend.stage(image(device, "2.0"))),
    run: activateStaged,
    barriersAtLeast: 6,
  },
  {
    name: "activate again before the reboot",
    prepare: async (device) => {
      const { booted } = await device.backend.bootFacts();
      await device.backend.activate(await device.backend.stage(image(device, "2.0")));
      const etc = below(device.paths.sysroot, "bootferry", "deploy", booted?.id ?? "none", "etc");
      writeFileSync(below(etc, "local.conf"), "changed before the reboot\n");
    },
    run: activateStaged,
    barriersAtLeast: 4,
  },
  {
    name: "activate over an older deployment",
    prepare: async (device) => {
      await updateTo(device, "2.0");
      await device.backend.confirm();
      await device.backend.stage(image(device, "3.0"));
    },
    run: activateStaged,
    barriersAtLeast: 8,
  },
  {
    name: "confirm",
    prepare: (device) => updateTo(device, "2.0"),
    run: (device) => device.backend.confirm(),
    barriersAtLeast: 2,
  },
  {
    name: "roll back",
    prepare: async (device) => {
      await updateTo(device, "2.0");
      await device.backend.confirm();
    },
    run: (device) => device.backend.rollback(),
    barriersAtLeast: 1,
  },
  {
    name: "roll back over an activated one",
    prepare: async (device) => {
      await updateTo(device, "2.0");
      await device.backend.confirm();
      await device.backend.stage(image(device, "3.0"));
    },
    run: (device) => device.backend.rollback(),
    barriersAtLeast: 2,
  },
  {
    name: "collect",
    prepare: async (device) => {
      await updateTo(device, "2.0");
      await device.backend.confirm();
      await device.backend.rollback();
      device.boot();
      await device.backend.stage(image(device, "3.0"));
      image(device, "4.0");
    },
    run: (device) => device.backend.gc({ dropRollback: true }),
    barriersAtLeast: 4,
  },
];

async function activateStaged(device: TestDevice): Promise<void> {
  const staged = await device.backend.staged();
  if (staged !== undefined) await device.backend.activate(staged); // a cut after its last step leaves nothing to do
}

describe.each(OPERATIONS)("a power cut during: $name", (operation) => {
  let scratch: AbsPath;
  let before: DiskState;
  let cuts: readonly Cut[];
  let finalEntries: readonly string[];

  beforeAll(async () => {
    scratch = parseAbsPath(mkdtempSync(`${tmpdir()}/power-cut-`));
    const sysroot = below(scratch, "device");
    using device = await openTestDevice({ sysroot });
    await installAndBoot(device, bootable("1.0"));
    await operation.prepare(device);
    before = readDisk(sysroot);
    const watch = new PowerCuts(sysroot);
    using watched = await openTestDevice({ sysroot, exec: execWithSync(watch.onSync) });
    await operation.run(watched);
    cuts = watch.cuts;
    finalEntries = namesOf(readDisk(sysroot), "boot/loader/entries/");
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  it("has barriers to cut at", () => {
    expect(Math.max(...cuts.map(({ barrier }) => barrier))).toBeGreaterThanOrEqual(operation.barriersAtLeast);
  });

  it("leaves a machine that boots, and in which every entry is complete, whatever the disk kept", async () => {
    const failures: string[] = [];
    for (const cut of cuts) {
      using device = await deviceAfter(cut);
      const { paths, store } = device;
      const entries = readEntryFiles(paths.boot).filter(({ entry }) => entry.fields.length > 0); // an empty one is none
      expect(entries).toContainEqual(chooseEntry(paths.boot));
      for (const { fileName } of entries) {
        const text = readFileSync(below(entriesDirectory(paths.boot), fileName), "utf8");
        const problems = problemsOf(paths, store, text);
        if (problems.length > 0) failures.push(`barrier ${cut.barrier}, ${cut.kind}: ${fileName}: ${problems}`);
      }
    }
    expect(failures).toEqual([]);
  });

  it("never touches the entry of what runs, nor the one that the loader would fall back to", () => {
    const running = /bootferry\.deployment=\S+/.exec(before.get("run/simulated/cmdline")?.content ?? "")?.[0] ?? "none";
    const good = [...before].filter(
      ([name, { content }]) => /^boot\/loader\/entries\/[^+]*\.conf$/.test(name) && content.includes(`${running} `),
    );
    const failures = cuts.flatMap(({ barrier, kind, state }) =>
      good
        .filter(([name, { content }]) => state.get(name)?.content !== content)
        .map(([name]) => `barrier ${barrier}, ${kind}: ${name} was changed`),
    );
    expect(failures).toEqual([]);
  });

  it("ends as it would have without the cut, when it is run again", async () => {
    const failures: string[] = [];
    for (const cut of cuts) {
      using device = await deviceAfter(cut);
      restoreRun(device);
      await operation.run(device);
      const entries = device.entryFiles();
      if (entries.join() !== finalEntries.join() && !isToggle(operation)) {
        failures.push(`barrier ${cut.barrier}, ${cut.kind}: ${entries} instead of ${finalEntries}`);
      }
      const names = namesOf(readDisk(device.paths.sysroot), "bootferry/deploy/");
      const leftovers = names.filter((name) => name.includes(".unfinished"));
      if (leftovers.length > 0) failures.push(`barrier ${cut.barrier}, ${cut.kind}: left ${leftovers}`);
    }
    expect(failures).toEqual([]);
  });

  async function deviceAfter(cut: Cut): Promise<TestDevice> {
    const sysroot = below(scratch, `after-${cut.barrier}-${CUT_INDEX[cut.kind]}`);
    writeDisk(sysroot, cut.state);
    return openTestDevice({ sysroot });
  }

  /** The machine came up in what ran before: an operation goes on there. */
  function restoreRun(device: TestDevice): void {
    const { sysroot } = device.paths;
    const run = [...before].filter(([name]) => name.startsWith("run/simulated"));
    writeDisk(below(sysroot, "run"), new Map(run.map(([name, node]) => [name.slice("run/".length), node])));
  }
});

describe("a power cut during an installation", () => {
  let scratch: AbsPath;
  beforeAll(() => {
    scratch = parseAbsPath(mkdtempSync(`${tmpdir()}/power-cut-`));
  });
  afterAll(() => rmSync(scratch, { recursive: true, force: true }));

  const options = { etcFiles: new Map([[parseRelPath("bootferry/agent.toml"), Buffer.from("# ours\n")]]), kargs: [] };

  it("leaves either nothing that boots or a complete device, and can be repeated until it is one", async () => {
    const sysroot = below(scratch, "device");
    const prepare = await openTestDevice({ sysroot });
    storeImage(prepare.store, bootable("1.0"), "1.0");
    const watch = new PowerCuts(sysroot);
    using device = await openTestDevice({ sysroot, exec: execWithSync(watch.onSync) });
    await installDeployment(device.engine, storeImage(device.store, bootable("1.0"), "1.0"), options);
    expect(watch.cuts.length).toBeGreaterThanOrEqual(4 * 6);
    for (const { barrier, kind, state } of watch.cuts) {
      const after = below(scratch, `after-${barrier}-${CUT_INDEX[kind]}`);
      writeDisk(after, state);
      using again = await openTestDevice({ sysroot: after });
      if (!isInstalled(again.engine)) {
        await installDeployment(again.engine, storeImage(again.store, bootable("1.0"), "1.0"), options);
      }
      const { fileName } = chooseEntry(again.paths.boot);
      const text = readFileSync(below(entriesDirectory(again.paths.boot), fileName), "utf8");
      expect({ barrier, kind, problems: problemsOf(again.paths, again.store, text) }).toEqual({
        barrier,
        kind,
        problems: [],
      });
      expect(readFileSync(below(after, "bootferry", "var", "lib", "seed"), "utf8")).toBe("from the image\n");
      again.boot();
      expect(await again.backend.bootFacts()).toMatchObject({ assessment: "confirmed" });
    }
  });
});

const CUT_INDEX: Readonly<Record<Cut["kind"], number>> = { everything: 1, "names only": 2, additions: 3, removals: 4 };

/** A rollback that was done is taken back by the next one: running it again is another wish. */
function isToggle({ name }: Operation): boolean {
  return name.startsWith("roll back");
}

function namesOf(state: DiskState, prefix: string): readonly string[] {
  return [...state.keys()]
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length))
    .sort();
}

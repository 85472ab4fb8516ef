/**
 * What every boot loader keeps, whichever way it counts: an adapter that passes this can carry A/B deployments.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { makeEntryName } from "../../../src/boot/our-entry.ts";
import { BENCH_LOADERS, Bench, type BenchLoader, entryContent, PowerCut } from "../../support/loader-bench.ts";

const name = makeEntryName;

/** A confirmed first system, and an update with its tries. */
async function armed(bench: Bench, tries = 3): Promise<void> {
  await bench.loader.arm(entryContent("a", 1), undefined);
  await bench.loader.arm(entryContent("b", 2), tries);
}

describe.each(BENCH_LOADERS)("the boot loader contract: $name", (benchLoader) => {
  it("boots a good entry, and leaves it as it is", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("a", 1), undefined);
    expect(bench.starts(3)).toEqual(["a", "a", "a"]);
    expect(bench.listed()).toEqual(["a"]);
  });

  it("lists what it was given, and finds nothing wrong", async () => {
    using bench = await Bench.open(benchLoader);
    const content = entryContent("a", 1, ["quiet", 'dyndbg="file x.c +p"']);
    await bench.loader.arm(content, undefined);
    const [listed] = bench.loader.list();
    expect({ ...listed, options: listed?.options.join(" ") }).toEqual({
      ...content,
      machineId: undefined,
      counter: undefined,
      options: content.options.join(" "),
    });
    expect((await bench.loader.probe()).problem).toBeUndefined();
  });

  it("tries the highest serial first, and lists in that order", async () => {
    using bench = await Bench.open(benchLoader);
    for (const [text, serial] of [
      ["a", 9],
      ["c", 10],
      ["b", 2],
    ] as const) {
      await bench.loader.arm(entryContent(text, serial), undefined);
    }
    expect(bench.listed()).toEqual(["c", "a", "b"]);
    expect(bench.start()).toBe("c");
  });

  it.each([1, 2, 3, 9])("tries a new entry %i times, counting each, and falls back for good", async (tries) => {
    using bench = await Bench.open(benchLoader);
    await armed(bench, tries);
    const seen = [bench.listed()[0]];
    for (let index = 0; index < tries; index++) {
      expect(bench.start()).toBe("b");
      seen.push(bench.listed().find((entry) => entry.startsWith("b")));
    }
    expect(seen).toEqual(Array.from({ length: tries + 1 }, (_, done) => `b+${tries - done}-${done}`));
    expect(bench.starts(3)).toEqual(["a", "a", "a"]);
    expect(bench.listed()).toEqual(["a", `b+0-${tries}`]);
  });

  it("keeps to a new entry that has proved itself, also on its last try", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench, 2);
    expect(bench.starts(2)).toEqual(["b", "b"]);
    await bench.loader.markGood(name("b"));
    expect(bench.listed()).toEqual(["b", "a"]);
    expect(bench.starts(3)).toEqual(["b", "b", "b"]);
  });

  it("passes over an entry that was marked bad, and takes it up again when it is marked good", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench);
    bench.start();
    await bench.loader.markBad(name("b"));
    expect(bench.listed()).toEqual(["a", "b+0-1"]);
    expect(bench.start()).toBe("a");
    await bench.loader.markGood(name("b"));
    expect(bench.starts(2)).toEqual(["b", "b"]);
  });

  it("starts a bad entry when there is no other", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("b", 2), 1);
    expect(bench.starts(3)).toEqual(["b", "b", "b"]);
  });

  it("does not take up a bad entry again when the next one is armed or confirmed", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench, 1);
    expect(bench.starts(2)).toEqual(["b", "a"]);
    await bench.loader.arm(entryContent("c", 3), 1);
    expect(bench.listed()).toEqual(["c+1-0", "a", "b+0-1"]);
    expect(bench.starts(3)).toEqual(["c", "a", "a"]);
    await bench.loader.markGood(name("c"));
    expect(bench.listed()).toEqual(["c", "a", "b+0-1"]);
  });

  it("counts the next update after one that was confirmed", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench);
    bench.start();
    await bench.loader.markGood(name("b"));
    await bench.loader.remove(name("a"));
    await bench.loader.arm(entryContent("c", 3), 2);
    expect(bench.starts(4)).toEqual(["c", "c", "b", "b"]);
  });

  it("puts an older deployment first by one more entry, and takes that back", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench);
    bench.start();
    await bench.loader.markGood(name("b"));
    await bench.loader.arm(entryContent("a-r3", 3), undefined);
    expect(bench.starts(2)).toEqual(["a-r3", "a-r3"]);
    await bench.loader.remove(name("a-r3"));
    expect(bench.starts(2)).toEqual(["b", "b"]);
  });

  it("never tries a counted entry more often because another one was put before it for a while", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench, 2);
    bench.start();
    await bench.loader.arm(entryContent("a-r3", 3), undefined);
    expect(bench.starts(2)).toEqual(["a-r3", "a-r3"]);
    await bench.loader.remove(name("a-r3"));
    expect(bench.starts(3)).toEqual(benchLoader.resumes ? ["b", "a", "a"] : ["a", "a", "a"]);
  });

  it("counts a name that was used before from the start", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench, 1);
    expect(bench.starts(2)).toEqual(["b", "a"]);
    await bench.loader.remove(name("b"));
    await bench.loader.arm(entryContent("b", 2), 2);
    expect(bench.starts(3)).toEqual(["b", "b", "a"]);
    await bench.loader.remove(name("b"));
    await bench.loader.arm(entryContent("b", 2), undefined);
    expect(bench.starts(2)).toEqual(["b", "b"]);
  });

  it("refuses a second entry of one name, and marks only what is there", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench);
    await expect(bench.loader.arm(entryContent("b", 5), undefined)).rejects.toMatchObject({
      code: "BOOT_ENTRY_EXISTS",
    });
    await expect(bench.loader.markGood(name("x"))).rejects.toMatchObject({ code: "BOOT_ENTRY_MISSING" });
    await expect(bench.loader.markBad(name("x"))).rejects.toMatchObject({ code: "BOOT_ENTRY_MISSING" });
    await bench.loader.remove(name("x"));
    expect(bench.listed()).toEqual(["b+3-0", "a"]);
  });

  it("changes nothing when it is told the same again", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench);
    for (const again of [1, 2]) {
      await bench.loader.markGood(name("b"));
      expect(bench.listed(), `time ${again}`).toEqual(["b", "a"]);
    }
    for (const _ of [1, 2]) await bench.loader.remove(name("a"));
    for (const _ of [1, 2]) await bench.loader.sweep();
    const before = bench.tools.barriers;
    await bench.loader.markGood(name("b"));
    await bench.loader.sweep();
    expect(bench.tools.barriers).toBe(before);
    expect(bench.listed()).toEqual(["b"]);
  });

  it("lets entries of another system be", async () => {
    using bench = await Bench.open(benchLoader);
    const theirs = join(bench.boot, "loader", "entries", "other.conf");
    mkdirSync(join(bench.boot, "loader", "entries"), { recursive: true });
    writeFileSync(theirs, "title Other\nversion 99\nlinux /k/vmlinuz\noptions x\n");
    await armed(bench);
    await bench.loader.sweep();
    expect(bench.listed()).toEqual(["b+3-0", "a"]);
    expect(bench.starts(4)).toEqual(["b", "b", "b", "a"]);
    await bench.loader.remove(name("b"));
    expect(bench.start()).toBe("a");
  });

  it("goes past an entry whose kernel is not there", async () => {
    using bench = await Bench.open(benchLoader);
    await bench.loader.arm(entryContent("a", 1), undefined);
    await bench.loader.arm({ ...entryContent("b", 2), linux: "gone/vmlinuz" as never }, 3);
    expect(bench.start()).toBe("a");
  });

  it("sweeps an unfinished file away", async () => {
    using bench = await Bench.open(benchLoader);
    await armed(bench);
    writeFileSync(join(bench.boot, "loader", "entries", "bootferry-c.conf.unfinished"), "title x");
    await bench.loader.sweep();
    expect(bench.listed()).toEqual(["b+3-0", "a"]);
  });

  describe("when the power is cut in any write", () => {
    type Outcome = readonly string[] | ((loader: BenchLoader) => readonly string[]);
    const outcome = (what: Outcome) => (typeof what === "function" ? what(benchLoader) : what);
    type Step = readonly [
      title: string,
      prepare: (bench: Bench) => Promise<void>,
      run: (bench: Bench) => Promise<void>,
      boots: Outcome,
      after: Outcome,
    ];
    const failed = async (bench: Bench) => {
      await armed(bench, 1);
      bench.starts(2);
    };
    const running = async (bench: Bench) => {
      await armed(bench, 3);
      bench.start();
    };
    const confirmed = async (bench: Bench) => {
      await running(bench);
      await bench.loader.markGood(name("b"));
    };
    const again = async (bench: Bench, content: ReturnType<typeof entryContent>, tries?: number) => {
      if (!bench.loader.list().some((entry) => entry.name === content.name)) await bench.loader.arm(content, tries);
    };
    const steps: readonly Step[] = [
      ["arming the first entry of all", async () => undefined, (b) => again(b, entryContent("a", 1)), ["a"], ["a"]],
      [
        "arming an update",
        (b) => b.loader.arm(entryContent("a", 1), undefined),
        (b) => again(b, entryContent("b", 2), 3),
        ["a", "b"],
        ["b", "a"],
      ],
      [
        "arming an update after one that failed",
        failed,
        (b) => again(b, entryContent("c", 3), 3),
        ["a", "c"],
        ["c", "a", "b"],
      ],
      [
        "arming an update after one that was confirmed",
        confirmed,
        (b) => again(b, entryContent("c", 3), 3),
        ["b", "c"],
        ["c", "b", "a"],
      ],
      [
        "arming while another one is on trial",
        running,
        (b) => again(b, entryContent("c", 3), 3),
        () => ["a", "b", "c"],
        ({ countsEach }) => (countsEach ? ["c", "b", "a"] : ["c", "a", "b"]),
      ],
      [
        "arming a good entry while another one is on trial",
        running,
        (b) => again(b, entryContent("c", 3)),
        ({ resumes }) => (resumes ? ["b", "c"] : ["a", "b", "c"]),
        ({ resumes }) => (resumes ? ["c", "b", "a"] : ["c", "a", "b"]),
      ],
      ["confirming", running, (b) => b.loader.markGood(name("b")), ["b"], ["b", "a"]],
      ["giving up", running, (b) => b.loader.markBad(name("b")), ["a", "b"], ["a", "b"]],
      ["confirming what was given up", failed, (b) => b.loader.markGood(name("b")), ["a", "b"], ["b", "a"]],
      ["removing what failed", failed, (b) => b.loader.remove(name("b")), ["a"], ["a"]],
      ["removing what is on trial", running, (b) => b.loader.remove(name("b")), ["a", "b"], ["a"]],
      ["removing the older one", confirmed, (b) => b.loader.remove(name("a")), ["b"], ["b"]],
    ];

    it.each(steps)("boots, and ends the same when it is done again: %s", async (title, prepare, run, boots, after) => {
      for (let cut = 1; ; cut++) {
        using bench = await Bench.open(benchLoader);
        await prepare(bench);
        bench.tools.barriers = 0;
        bench.tools.cutIn = cut;
        const isDone = await run(bench).then(
          () => true,
          (error: unknown) => {
            if (error instanceof PowerCut) return false;
            throw error;
          },
        );
        bench.tools.cutIn = Number.POSITIVE_INFINITY;
        if (isDone) {
          expect(cut, "there was a write to cut").toBeGreaterThan(1);
          break;
        }
        if (!title.includes("first")) expect(outcome(boots), `cut ${cut}`).toContain(bench.start());
        await bench.loader.sweep();
        await run(bench);
        const names = bench.listed().map((entry) => entry.replace(/\+.*/, ""));
        const wanted = outcome(after);
        expect(names, `cut ${cut}`).toEqual(wanted);
        expect(bench.start(), `cut ${cut}`).toBe(wanted[0]);
      }
    });
  });
});

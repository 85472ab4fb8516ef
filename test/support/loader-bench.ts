/**
 * The boot loaders, each with a power button, for the contract that all of them keep.
 *
 * A loader stands on a boot partition in a scratch directory; `boot()` does what the loader itself does at a start.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlsDirectory } from "../../src/boot/bls-directory.ts";
import { parseBootCounter } from "../../src/boot/boot-counter.ts";
import type { BootEntryContent, BootLoader } from "../../src/boot/boot-loader.ts";
import { openGrubLoader } from "../../src/boot/grub-loader.ts";
import { writeGrubFiles } from "../../src/boot/install-grub.ts";
import { makeEntryName } from "../../src/boot/our-entry.ts";
import { simulateBoot } from "../../src/boot/simulated-boot.ts";
import type { Exec } from "../../src/host/exec.ts";
import { type AbsPath, parseAbsPath, parseRelPath } from "../../src/path.ts";
import { bootGrub } from "./grub-script.ts";

export interface BenchLoader {
  readonly name: string;
  /** What provisioning leaves on the boot partition. */
  prepare(exec: Exec, boot: AbsPath): Promise<void>;
  open(exec: Exec, boot: AbsPath): BootLoader;
  /** Starts the machine, and answers which entry's kernel runs, without `bootferry-`. */
  boot(boot: AbsPath): string;
}

const bootBls = (boot: AbsPath) => shortName(parseBootCounter(simulateBoot(boot).fileName)?.stem ?? "");

export const BENCH_LOADERS: readonly BenchLoader[] = [
  {
    name: "the simulated loader",
    prepare: async () => undefined,
    open: (exec, boot) => openBlsDirectory({ boot, exec, kind: "simulated" }),
    boot: bootBls,
  },
  {
    name: "systemd-boot",
    prepare: async () => undefined,
    open: (exec, boot) => openBlsDirectory({ boot, exec, kind: "systemd-boot", readEfiDefault: () => undefined }),
    boot: bootBls,
  },
  {
    name: "GRUB",
    prepare: writeGrubFiles,
    open: (exec, boot) => openGrubLoader({ boot, exec }),
    boot: (boot) => shortName(bootGrub(boot).id),
  },
];

function shortName(name: string): string {
  return name.replace(/^bootferry-/, "");
}

export function entryContent(text: string, serial: number, options: readonly string[] = []): BootEntryContent {
  return {
    name: makeEntryName(text),
    title: `Kiosk ${serial}`,
    serial,
    linux: parseRelPath("k/vmlinuz"),
    initrd: parseRelPath("k/initramfs.img"),
    options: [`bootferry.deployment=${text}`, ...options],
  };
}

/** Thrown by {@link CountedExec} where the power is cut. */
export class PowerCut extends Error {}

/** The tools that adapters run on a plain directory: barriers alone. Cuts the power in the given one, counted from 1. */
class CountedExec {
  barriers = 0;
  cutIn = Number.POSITIVE_INFINITY;

  readonly exec: Exec = async (argv) => {
    if (argv[0] !== "sync") throw new Error(`not to be run on a plain directory: ${argv.join(" ")}`);
    if (++this.barriers === this.cutIn) throw new PowerCut();
    return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
  };
}

/** A loader on a fresh boot partition with one kernel; removed with `using`. */
export class Bench {
  readonly boot: AbsPath = parseAbsPath(mkdtempSync(join(tmpdir(), "boot-")));
  readonly tools = new CountedExec();
  readonly loader: BootLoader;
  readonly #bench: BenchLoader;

  private constructor(bench: BenchLoader) {
    this.#bench = bench;
    mkdirSync(join(this.boot, "k"));
    for (const file of ["vmlinuz", "initramfs.img"]) writeFileSync(join(this.boot, "k", file), file);
    this.loader = bench.open(this.tools.exec, this.boot);
  }

  static async open(bench: BenchLoader): Promise<Bench> {
    const made = new Bench(bench);
    await bench.prepare(made.tools.exec, made.boot);
    return made;
  }

  start(): string {
    return this.#bench.boot(this.boot);
  }

  starts(times: number): readonly string[] {
    return Array.from({ length: times }, () => this.start());
  }

  /** What `list` says: `b+2-1` for a counted entry, `a` for a good one. */
  listed(): readonly string[] {
    return this.loader.list().map(({ name, counter }) => {
      const suffix = counter === undefined ? "" : `+${counter.triesLeft}-${counter.triesDone}`;
      return `${shortName(name)}${suffix}`;
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.boot, { recursive: true, force: true });
  }
}

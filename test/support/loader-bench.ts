/**
 * The boot loaders, each with a power button, for the contract that all of them keep.
 *
 * A loader stands on a boot partition in a scratch directory; `boot()` does what the loader itself does at a start.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlsDirectory } from "../../src/boot/bls-directory.ts";
import { parseBootCounter } from "../../src/boot/boot-counter.ts";
import type { BootEntryContent, BootLoader } from "../../src/boot/boot-loader.ts";
import { openDeviceLoader } from "../../src/boot/device-loader.ts";
import { openGrubLoader } from "../../src/boot/grub-loader.ts";
import { writeGrubFiles } from "../../src/boot/install-grub.ts";
import { makeEntryName } from "../../src/boot/our-entry.ts";
import { simulateBoot } from "../../src/boot/simulated-boot.ts";
import { openUBootLoader } from "../../src/boot/u-boot-loader.ts";
import type { Exec } from "../../src/host/exec.ts";
import { type AbsPath, parseAbsPath, parseRelPath } from "../../src/path.ts";
import { bootGrub } from "./grub-script.ts";
import { bootUBoot, prepareUBoot, setVariables, uBootMachine } from "./u-boot-machine.ts";

export interface BenchLoader {
  readonly name: string;
  /** What provisioning leaves on the boot partition. */
  prepare(exec: Exec, boot: AbsPath): Promise<void>;
  open(exec: Exec, boot: AbsPath): BootLoader;
  /** How its tools answer, where it has some; undefined for one that it does not have. */
  run?(argv: readonly string[], boot: AbsPath): string | undefined;
  /** It counts each entry for itself: one on trial keeps its tries, and its place, when another one is armed. */
  readonly countsEach: boolean;
  /** It goes on counting when an entry that stood before the counted one goes again. */
  readonly resumes: boolean;
  /** Starts the machine, and answers which entry's kernel runs, without `bootferry-`. */
  boot(boot: AbsPath): string;
}

const bootBls = (boot: AbsPath) => shortName(parseBootCounter(simulateBoot(boot).fileName)?.stem ?? "");

export const BENCH_LOADERS: readonly BenchLoader[] = [
  {
    name: "the simulated loader",
    prepare: async () => undefined,
    open: (exec, boot) => openBlsDirectory({ boot, exec, kind: "simulated" }),
    countsEach: true,
    resumes: true,
    boot: bootBls,
  },
  {
    name: "systemd-boot",
    prepare: async () => undefined,
    open: (exec, boot) => openBlsDirectory({ boot, exec, kind: "systemd-boot", readEfiDefault: () => undefined }),
    countsEach: true,
    resumes: true,
    boot: bootBls,
  },
  {
    name: "GRUB",
    prepare: writeGrubFiles,
    open: (exec, boot) => openGrubLoader({ boot, exec }),
    countsEach: false,
    resumes: true,
    boot: (boot) => shortName(bootGrub(boot).id),
  },
  {
    name: "U-Boot",
    prepare: async (_exec, boot) => prepareUBoot(uBootMachine(boot)),
    open: (exec, boot) => openUBootLoader({ boot, exec, config: parseAbsPath(uBootMachine(boot).config) }),
    countsEach: false,
    resumes: false,
    run([tool, ...args], boot) {
      const [, config, , script = ""] = args;
      if (tool !== "fw_setenv" || config !== uBootMachine(boot).config) return undefined;
      setVariables(uBootMachine(boot), readFileSync(script, "utf8"));
      return "";
    },
    boot: (boot) => shortName(bootUBoot(uBootMachine(boot))),
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

/** The tools that adapters run on a plain directory. Cuts the power after a given one of them, counted from 1. */
class CountedExec {
  barriers = 0;
  cutIn = Number.POSITIVE_INFINITY;
  readonly #run: (argv: readonly string[]) => string | undefined;

  constructor(run: (argv: readonly string[]) => string | undefined) {
    this.#run = run;
  }

  readonly exec: Exec = async (argv) => {
    const said = argv[0] === "sync" ? "" : this.#run(argv);
    if (said === undefined) throw new Error(`not to be run on a plain directory: ${argv.join(" ")}`);
    if (++this.barriers === this.cutIn) throw new PowerCut();
    return { exitCode: 0, stdout: Buffer.from(said), stderrTail: "" };
  };
}

/** A loader on a fresh boot partition with one kernel; removed with `using`. */
export class Bench {
  readonly boot: AbsPath = parseAbsPath(mkdtempSync(join(tmpdir(), "boot-")));
  readonly tools: CountedExec;
  readonly loader: BootLoader;
  readonly #bench: BenchLoader;

  private constructor(bench: BenchLoader) {
    this.#bench = bench;
    this.tools = new CountedExec((argv) => bench.run?.(argv, this.boot));
    mkdirSync(join(this.boot, "k"));
    for (const file of ["vmlinuz", "initramfs.img"]) writeFileSync(join(this.boot, "k", file), file);
    this.loader = bench.open(this.tools.exec, this.boot);
  }

  static async open(bench: BenchLoader): Promise<Bench> {
    const made = new Bench(bench);
    await bench.prepare(made.tools.exec, made.boot);
    return made;
  }

  /** The loader that a device would find on this boot partition. */
  openDevice(isSimulated = false): BootLoader {
    const uBootConfig = parseAbsPath(uBootMachine(this.boot).config);
    return openDeviceLoader({ boot: this.boot, isSimulated, uBootConfig }, this.tools.exec);
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

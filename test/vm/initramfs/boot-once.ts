/** One boot of a kernel past any boot loader, on a copy of a disk, until it powers off or reboots. */
import { join } from "node:path";
import { Machine } from "../rig/machine.ts";
import { copyImage } from "../rig/tool.ts";
import { type KernelName, kernelOf } from "./kernels.ts";

export interface BootOnceOptions {
  readonly name: string;
  /** Gets the copy of the disk and the log of the console. */
  readonly directory: string;
  readonly kernel: KernelName;
  readonly disk: string;
  readonly commandLine: readonly string[];
  /** Changes the copy before the boot. */
  readonly spoil?: (disk: string) => void;
}

export interface BootOnce {
  /** `guest-shutdown` or `guest-reset`. */
  readonly end: string;
  /** What init said as `FACT name: value`. */
  readonly facts: ReadonlyMap<string, string>;
  readonly text: string;
  readonly tail: string;
  /** The copy, as the boot left it. */
  readonly disk: string;
}

/** Five times what it takes on a quiet machine with two cores and no KVM. */
const BOOT_SECONDS = 180;
// Of the kernel only a panic: its other messages would stand in the middle of what init says.
const QUICK = ["console=ttyS0", "mitigations=off", "apparmor=0", "audit=0", "nokaslr", "norandmaps", "loglevel=1"];
const TAIL_LINES = 40;

export async function bootOnce(options: BootOnceOptions): Promise<BootOnce> {
  const { name, directory, kernel, commandLine } = options;
  const { image, initramfs } = kernelOf(kernel);
  const disk = join(directory, `${name}.raw`);
  await using machine = new Machine({
    ...{ name, directory, firmware: "bios" },
    qemu: {
      disks: [disk],
      memoryMib: 512,
      kernel: { image, initramfs, commandLine: [...commandLine, ...QUICK].join(" ") },
    },
  });
  copyImage(options.disk, disk);
  options.spoil?.(disk);
  await machine.pressPower();
  const end = await machine.goesOff(BOOT_SECONDS);
  const said = machine.console.lines.map(({ text }) => text);
  const facts = said.flatMap((line): [string, string][] => {
    const [, fact, value] = /FACT ([^:]+): ?(.*)$/.exec(line) ?? [];
    return fact === undefined || value === undefined ? [] : [[fact, value]];
  });
  const tail = machine.console.tail(TAIL_LINES);
  return { end, disk, facts: new Map(facts), text: said.join("\n"), tail };
}

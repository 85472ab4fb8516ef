/**
 * One QEMU process: a power-on of a machine. A guest that reboots ends it (`-no-reboot`), and the next boot is a new
 * process with the same disks and firmware variables, since a warm reset of an emulated machine was measured to be
 * several times slower than a fresh start.
 *
 * The processor is Nehalem, whose features the translator emulates cheaply (the `max` model took twice as long), and there
 * is one: with two, QEMU 7.2 let a kernel die of an int3 while it patched its own code on the other, once in some boots.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Channel } from "./channel.ts";
import type { Console } from "./console.ts";
import { openQmp, type Qmp } from "./qmp.ts";

export type Firmware =
  | { readonly kind: "uefi"; readonly variables: string; readonly kernel?: DirectKernel }
  | { readonly kind: "bios"; readonly kernel?: DirectKernel };

/** Started by QEMU itself, past any boot loader. */
export interface DirectKernel {
  readonly image: string;
  readonly initramfs: string;
  readonly commandLine: string;
}

export interface QemuOptions {
  readonly firmware: Firmware;
  /** Raw images on virtio: /dev/vda, /dev/vdb … */
  readonly disks: readonly string[];
  readonly memoryMib?: number;
  /** More arguments, as QEMU takes them. */
  readonly extra?: readonly string[];
}

/** How a process ended, in QEMU's words (`guest-reset`, `guest-shutdown`, `guest-panic` …), or that it was killed. */
export type EndOfQemu = string;

const CODE = "/usr/share/OVMF/OVMF_CODE_4M.fd";
/** What the template of the firmware variables is called. */
export const VARIABLES_TEMPLATE = "/usr/share/OVMF/OVMF_VARS_4M.fd";
const CONNECT_MS = 20_000;

export class Qemu implements AsyncDisposable {
  readonly qmp: Qmp;
  readonly channel: Channel;
  readonly #process: ChildProcess;
  readonly #sockets: string;
  /** Settles when the process has ended. */
  readonly ended: Promise<EndOfQemu>;
  isRunning = true;

  private constructor(child: ChildProcess, sockets: string, ended: Promise<EndOfQemu>, qmp: Qmp, channel: Channel) {
    this.#process = child;
    this.#sockets = sockets;
    this.qmp = qmp;
    this.channel = channel;
    this.ended = ended.then((end) => {
      this.isRunning = false;
      rmSync(this.#sockets, { recursive: true, force: true });
      const shutdown = qmp.events.findLast(({ event }) => event === "SHUTDOWN");
      return String(shutdown?.data?.["reason"] ?? end);
    });
  }

  /** Powers on. @throws with what QEMU said when it does not start */
  static async start(options: QemuOptions, log: Console): Promise<Qemu> {
    const sockets = mkdtempSync(join(tmpdir(), "vm-")); // paths of sockets may not be longer than 107 bytes
    // pdeathsig: no emulator outlives the test run, however that ends.
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "qemu-system-x86_64", ...qemuArguments(options, sockets)], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    child.stdout.on("data", (chunk) => log.feed(chunk));
    createInterface({ input: child.stderr }).on("line", (line) => log.note(`qemu: ${line}`));
    const ended = new Promise<EndOfQemu>((resolve) => {
      child.on("error", (error) => resolve(`did not start: ${error.message}`));
      child.on("exit", (status, signal) => resolve(signal === null ? `exit status ${status}` : `killed by ${signal}`));
    });
    const failed = ended.then((end) => {
      throw new Error(`QEMU ended before it was up (${end}):\n${log.tail(5)}`);
    });
    const channel = new Channel(await Promise.race([connected(join(sockets, "channel")), failed]));
    const qmp = await Promise.race([connected(join(sockets, "qmp")).then(openQmp), failed]);
    failed.catch(() => undefined);
    return new Qemu(child, sockets, ended, qmp, channel);
  }

  /** The power goes: nothing is written back, nobody is told. */
  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.kill();
  }
}

function qemuArguments(options: QemuOptions, sockets: string): string[] {
  const { firmware } = options;
  const socket = (id: string) => `socket,id=${id},path=${join(sockets, id)},server=on`;
  return [
    ...["-M", "q35,smm=off,vmport=off", "-accel", process.env["VM_ACCELERATOR"] ?? "tcg,thread=multi"],
    ...["-cpu", process.env["VM_CPU"] ?? "Nehalem", "-smp", "1", "-m", String(options.memoryMib ?? 1024)],
    ...["-nodefaults", "-display", "none", "-no-reboot", "-action", "watchdog=reset"],
    ...["-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"],
    // The channel is waited for, so that not a word of the guest's is lost.
    ...["-chardev", `${socket("channel")},wait=on`, "-serial", "chardev:channel"],
    ...["-chardev", `${socket("qmp")},wait=off`, "-mon", "chardev=qmp,mode=control"],
    ...["-device", "qemu-xhci,id=xhci", "-device", "virtio-rng-pci"],
    ...options.disks.flatMap((file, index) => diskArguments(file, index)),
    ...(firmware.kind === "uefi" ? uefiArguments(firmware.variables) : []),
    ...(firmware.kernel === undefined ? [] : kernelArguments(firmware.kernel)),
    ...(options.extra ?? []),
  ];
}

function diskArguments(file: string, index: number): string[] {
  const disk = { driver: "raw", "node-name": `disk${index}`, file: { driver: "file", filename: file } };
  return ["-blockdev", JSON.stringify(disk), "-device", `virtio-blk-pci,drive=disk${index},bootindex=${index + 1}`];
}

function uefiArguments(variables: string): string[] {
  const flash = "if=pflash,format=raw";
  return ["-drive", `${flash},readonly=on,file=${CODE}`, "-drive", `${flash},file=${variables}`];
}

function kernelArguments({ image, initramfs, commandLine }: DirectKernel): string[] {
  return ["-kernel", image, "-initrd", initramfs, "-append", commandLine];
}

async function connected(path: string): Promise<Socket> {
  const deadline = Date.now() + CONNECT_MS;
  for (;;) {
    try {
      return await new Promise<Socket>((resolve, reject) => {
        const socket = connect(path);
        socket.once("connect", () => resolve(socket));
        socket.once("error", reject);
      });
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`QEMU did not open ${path}`, { cause: error });
      await sleep(20);
    }
  }
}

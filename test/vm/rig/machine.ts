/**
 * A machine of a scenario: a disk, firmware variables, and a life of many boots, told as a person beside it would.
 *
 *     await machine.powerOn();              until the system is up
 *     await machine.hears(/You can remove/);   what the console says next
 *     await machine.run("ls /boot");        a command in the guest
 *     await machine.reboots();              the guest reboots by itself, and is up again
 *     await machine.cutPower();             SIGKILL: nothing is written back
 */
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandResult } from "./channel.ts";
import { Console, type ConsoleLine } from "./console.ts";
import { Qemu, type QemuOptions, VARIABLES_TEMPLATE } from "./qemu.ts";

export interface MachineOptions {
  readonly name: string;
  /** Holds the log of the console and the firmware variables. */
  readonly directory: string;
  readonly firmware?: "uefi" | "bios";
  readonly qemu: Omit<QemuOptions, "firmware"> & { readonly kernel?: QemuOptions["firmware"]["kernel"] };
}

/** Twenty times what it takes on a quiet machine with two cores and no KVM, and enough for an update on a busy one. */
const BOOT_SECONDS = 600;
const COMMAND_SECONDS = 120;
const POLL_MS = 50;
const TAIL_LINES = 40;

export class Machine implements AsyncDisposable {
  readonly name: string;
  readonly directory: string;
  readonly console: Console;
  readonly #options: MachineOptions;
  #qemu: Qemu | undefined;
  /** How often it was powered on. */
  boots = 0;

  constructor(options: MachineOptions) {
    mkdirSync(options.directory, { recursive: true });
    this.#options = options;
    this.name = options.name;
    this.directory = options.directory;
    this.console = new Console(join(options.directory, `${options.name}.log`));
  }

  get disk(): string {
    const [disk] = this.#options.qemu.disks;
    if (disk === undefined) throw new Error(`${this.name} has no disk`);
    return disk;
  }

  get qemu(): Qemu {
    if (this.#qemu?.isRunning !== true) throw this.#failure("the machine is off");
    return this.#qemu;
  }

  get isOn(): boolean {
    return this.#qemu?.isRunning === true;
  }

  /** Presses the button; returns at once. What the console said before is forgotten. */
  async pressPower(): Promise<void> {
    this.boots++;
    this.console.note(`--- power on, boot ${this.boots}`);
    this.console.forgetWhatWasSaid();
    const { kernel, ...options } = this.#options.qemu;
    const direct = kernel === undefined ? {} : { kernel };
    const bios = this.#options.firmware === "bios";
    const firmware = bios
      ? { kind: "bios" as const, ...direct }
      : { kind: "uefi" as const, variables: this.#variables(), ...direct };
    this.#qemu = await Qemu.start({ ...options, firmware }, this.console);
  }

  #variables(): string {
    const file = join(this.directory, `${this.name}-vars.fd`);
    if (!existsSync(file)) copyFileSync(VARIABLES_TEMPLATE, file);
    return file;
  }

  /** Powers on and waits until multi-user.target is reached. @returns the seconds that it took */
  async powerOn(): Promise<number> {
    const started = Date.now();
    await this.pressPower();
    await this.hears(/^RIG UP/, BOOT_SECONDS);
    return (Date.now() - started) / 1000;
  }

  /** The next line of the console that matches, from where the last one was found. A machine that goes off fails it. */
  async hears(pattern: RegExp, seconds = BOOT_SECONDS): Promise<ConsoleLine> {
    return this.until(`the console says ${pattern}`, seconds, () => {
      const line = this.console.take(pattern);
      if (line === undefined && !this.isOn)
        throw this.#failure(`the machine went off before the console said ${pattern}`);
      return line;
    });
  }

  /** Waits until `look` returns something. @throws with the end of the console after `seconds` */
  async until<T>(what: string, seconds: number, look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      if (Date.now() > deadline) throw this.#failure(`not within ${seconds} s: ${what}`);
      await sleep(POLL_MS);
    }
  }

  /** Runs a bash script in the guest. @returns its output @throws when its status is not 0 */
  async run(script: string, seconds = COMMAND_SECONDS): Promise<string> {
    const { status, output } = await this.tryRun(script, seconds);
    if (status !== 0) throw this.#failure(`status ${status} of a command in the guest: ${script}\n${output}`);
    return output;
  }

  async tryRun(script: string, seconds = COMMAND_SECONDS): Promise<CommandResult> {
    const { channel, ended } = this.qemu;
    const off = ended.then((end) => {
      throw this.#failure(`the machine went off (${end}) during a command: ${script}`);
    });
    off.catch(() => undefined);
    await Promise.race([off, this.until("the command channel is there", BOOT_SECONDS, () => channel.bootId)]);
    const late = sleep(seconds * 1000, undefined, { ref: false }).then(() => {
      throw this.#failure(`no answer within ${seconds} s to a command in the guest: ${script}`);
    });
    return Promise.race([channel.run(script), off, late]);
  }

  /** Waits until the machine goes off or resets. @returns how, in QEMU's words */
  async goesOff(seconds = BOOT_SECONDS): Promise<string> {
    const late = sleep(seconds * 1000, undefined, { ref: false }).then(() => {
      throw this.#failure(`not within ${seconds} s: the machine goes off`);
    });
    const end = await Promise.race([this.qemu.ended, late]);
    this.console.note(`--- off: ${end}`);
    return end;
  }

  /** The guest resets by itself and comes up again. */
  async reboots(seconds = BOOT_SECONDS): Promise<number> {
    const end = await this.goesOff(seconds);
    if (end !== "guest-reset") throw this.#failure(`expected a reboot, but the machine went off: ${end}`);
    return this.powerOn();
  }

  /** A person reboots it in an orderly way. */
  async rebootOrderly(): Promise<number> {
    await this.run("systemctl reboot --no-block");
    return this.reboots();
  }

  async shutDown(): Promise<void> {
    await this.run("systemctl poweroff --no-block");
    const end = await this.goesOff();
    if (end !== "guest-shutdown") throw this.#failure(`expected a shutdown, but: ${end}`);
  }

  /** The plug is pulled. */
  async cutPower(): Promise<void> {
    await this.qemu.kill();
    this.console.note("--- power cut");
  }

  /** The guest's journal of this boot, as far as it can still be had. */
  async journal(): Promise<string> {
    if (!this.isOn || this.qemu.channel.bootId === undefined) return "(the guest does not run)";
    return this.tryRun("journalctl -b -o short-monotonic --no-pager -n 400", 30).then(
      ({ output }) => output,
      () => "(the guest does not answer)",
    );
  }

  #failure(what: string): Error {
    return new Error(`${this.name}: ${what}\n--- the end of its console:\n${this.console.tail(TAIL_LINES)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#qemu?.[Symbol.asyncDispose]();
  }
}

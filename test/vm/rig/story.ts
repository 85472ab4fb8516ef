/**
 * A scenario as a story of steps. A step that fails ends it: the steps behind it fail at once, what the guest can still
 * tell is printed, and the disks are kept for looking into; a story that ends well leaves nothing behind.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, it } from "vitest";
import { CACHE } from "./cache.ts";
import { type Installation, installedDisk } from "./installed-disk.ts";
import { Machine } from "./machine.ts";
import { makeStick, type StickOptions } from "./stick.ts";
import { copyImage } from "./tool.ts";

export interface Story {
  step(title: string, run: () => Promise<void>): void;
  readonly stage: Stage;
}

export interface StageMachineOptions {
  /** By default systemd-boot on UEFI. */
  readonly installation?: Installation;
  /** More arguments for QEMU, such as an SD card or a watchdog. */
  readonly extra?: readonly string[];
}

/** Where the machines and the sticks of a story stand. */
export class Stage {
  readonly directory: string;
  readonly #machines: Machine[] = [];

  constructor(name: string) {
    this.directory = join(CACHE, "run", name);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** A device with release 1 on it that has never been booted. */
  async installedMachine(name = "device", options: StageMachineOptions = {}): Promise<Machine> {
    const { installation = { firmware: "uefi" }, ...qemu } = options;
    const { disk } = await installedDisk(installation);
    const copy = this.path(`${name}.raw`);
    copyImage(disk, copy);
    const { firmware } = installation;
    return this.machine(new Machine({ name, directory: this.directory, firmware, qemu: { disks: [copy], ...qemu } }));
  }

  /** Takes care of the end of a machine. */
  machine(machine: Machine): Machine {
    this.#machines.push(machine);
    return machine;
  }

  /** Makes a stick. @returns the file of its image */
  stick(name: string, contents: string | undefined, options: StickOptions = {}): string {
    const file = this.path(`${name}.img`);
    makeStick(file, contents, options);
    return file;
  }

  path(name: string): string {
    mkdirSync(this.directory, { recursive: true });
    return join(this.directory, name);
  }

  async describe(): Promise<string> {
    const parts: string[] = [];
    for (const machine of this.#machines) {
      parts.push(`--- console of ${machine.name}:\n${machine.console.tail(80)}`);
      parts.push(`--- journal of ${machine.name}:\n${await machine.journal()}`);
    }
    return [...parts, `--- kept: ${this.directory}`].join("\n");
  }

  async close(keep: boolean): Promise<void> {
    for (const machine of this.#machines) await machine[Symbol.asyncDispose]();
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }
}

/** @param name letter and words, the name of its directory below `.cache/vm/run/` */
export function story(name: string, title: string, tell: (story: Story) => void): void {
  describe(title, () => {
    const stage = new Stage(name);
    let failedAt: string | undefined;
    afterAll(() => stage.close(failedAt !== undefined || process.env["VM_KEEP"] !== undefined));
    const step = (stepTitle: string, run: () => Promise<void>) =>
      it(stepTitle, async () => {
        if (failedAt !== undefined) throw new Error(`not reached: the story ended at "${failedAt}"`);
        try {
          await run();
        } catch (error) {
          failedAt = stepTitle;
          console.error(`${title}: "${stepTitle}" failed\n${await stage.describe()}`);
          throw error;
        }
      });
    tell({ step, stage });
  });
}

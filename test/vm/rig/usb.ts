/** The USB sockets of a machine: sticks go in and come out while it runs. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "./machine.ts";

const UNPLUG_SECONDS = 30;
const RETRY_MS = 200;

export interface PlugOptions {
  /** A slow stick. A fast one when undefined. */
  readonly bytesPerSecond?: number;
  /** One whose switch is on "lock". */
  readonly isWriteProtected?: boolean;
}

/** Plugs the stick `file` in, by default as a writable one. `name` is the rig's name of it. */
export async function plug(machine: Machine, name: string, file: string, options: PlugOptions = {}): Promise<void> {
  const { qmp } = machine.qemu;
  const { bytesPerSecond, isWriteProtected = false } = options;
  machine.console.note(`--- ${name} is plugged in`);
  const access = { "read-only": isWriteProtected };
  const content = { driver: "raw", ...access, file: { driver: "file", filename: file, ...access } };
  if (bytesPerSecond === undefined) await qmp.execute("blockdev-add", { ...content, "node-name": name });
  else {
    const group = `${name}-speed`;
    await qmp.execute("object-add", {
      "qom-type": "throttle-group",
      id: group,
      limits: { "bps-total": bytesPerSecond },
    });
    await qmp.execute("blockdev-add", {
      driver: "throttle",
      "throttle-group": group,
      file: content,
      "node-name": name,
    });
  }
  await qmp.execute("device_add", {
    driver: "usb-storage",
    id: name,
    drive: name,
    bus: "xhci.0",
    removable: true,
    serial: name,
  });
}

/** Pulls it, whatever is going on with it. */
export async function pull(machine: Machine, name: string): Promise<void> {
  const { qmp } = machine.qemu;
  machine.console.note(`--- ${name} is pulled`);
  await qmp.execute("device_del", { id: name });
  const deadline = Date.now() + UNPLUG_SECONDS * 1000;
  for (;;) {
    try {
      await qmp.execute("blockdev-del", { "node-name": name });
      break;
    } catch (error) {
      if (Date.now() > deadline) throw error; // QEMU lets go when the guest has noticed
      await sleep(RETRY_MS);
    }
  }
  // Present only when it was a slow one.
  await qmp.execute("object-del", { id: `${name}-speed` }).catch(() => undefined);
}

/**
 * A person's part of an update: plugs the stick in, and pulls it when told that it can be removed. Ends when the machine
 * has gone down to reboot into what was on it.
 */
export async function carryIn(machine: Machine, name: string, file: string): Promise<void> {
  await plug(machine, name, file);
  await machine.hears(/You can remove the medium/i);
  await pull(machine, name);
  const end = await machine.goesOff();
  if (end !== "guest-reset") throw new Error(`${machine.name} did not reboot into the release of ${name}: ${end}`);
}

/** How many bytes the machine has read of a stick since it was plugged in. */
export async function bytesReadOf(machine: Machine, name: string): Promise<number> {
  const all = (await machine.qemu.qmp.execute("query-blockstats")) as readonly BlockStats[];
  const found = all.find(({ qdev }) => qdev.split("/").includes(name));
  if (found === undefined) throw new Error(`QEMU knows no drive ${name}`);
  return found.stats.rd_bytes;
}

interface BlockStats {
  readonly qdev: string;
  readonly stats: { readonly rd_bytes: number };
}

/** The arguments for a machine whose stick is in when it is powered on; `pull` takes it out. */
export function usbStick(name: string, file: string): readonly string[] {
  const node = JSON.stringify({ driver: "raw", "node-name": name, file: { driver: "file", filename: file } });
  return ["-blockdev", node, "-device", `usb-storage,id=${name},drive=${name},bus=xhci.0,removable=true`];
}

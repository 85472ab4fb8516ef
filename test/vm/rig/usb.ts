/** The USB sockets of a machine: sticks go in and come out while it runs. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "./machine.ts";

const UNPLUG_SECONDS = 30;
const RETRY_MS = 200;

/** Plugs the stick `file` in, as a writable one. `name` is the rig's name of it. */
export async function plug(machine: Machine, name: string, file: string): Promise<void> {
  const { qmp } = machine.qemu;
  machine.console.note(`--- ${name} is plugged in`);
  await qmp.execute("blockdev-add", { driver: "raw", "node-name": name, file: { driver: "file", filename: file } });
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
      return;
    } catch (error) {
      if (Date.now() > deadline) throw error; // QEMU lets go when the guest has noticed
      await sleep(RETRY_MS);
    }
  }
}

/** The arguments for a machine whose stick is in when it is powered on; `pull` takes it out. */
export function usbStick(name: string, file: string): readonly string[] {
  const node = JSON.stringify({ driver: "raw", "node-name": name, file: { driver: "file", filename: file } });
  return ["-blockdev", node, "-device", `usb-storage,id=${name},drive=${name},bus=xhci.0,removable=true`];
}

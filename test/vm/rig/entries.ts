/** The boot entries of a device, as their names on the ESP tell: `bootferry-<id>+<left>-<done>.conf`. */
import { listEsp, readEsp } from "./disk.ts";
import type { Machine } from "./machine.ts";

export function entriesOf(device: Machine): readonly string[] {
  return listEsp(device.disk, "loader/entries");
}

/** The counters of entries that have one, such as `+2-1`. */
export function countersOf(device: Machine): readonly string[] {
  return entriesOf(device).flatMap((name) => /(\+\d+(-\d+)?)\.conf$/.exec(name)?.[1] ?? []);
}

/** Whether the deployment of this composefs digest has an entry that is not counted: it was installed or confirmed. */
export function isBlessed(device: Machine, digest: string): boolean {
  return entriesOf(device)
    .filter((name) => name.endsWith(".conf") && !name.includes("+")) // `.conf.unfinished` is on its way to become one
    .some((name) => readEsp(device.disk, `loader/entries/${name}`).includes(`composefs.digest=${digest}`));
}

/** Waits until `count` entries are there and none is counted. */
export async function untilBlessed(device: Machine, count: number, seconds = 300): Promise<void> {
  await device.until(`${count} boot entries, all of them blessed`, seconds, () => {
    const entries = entriesOf(device);
    return (entries.length === count && countersOf(device).length === 0) || undefined;
  });
}

/**
 * Block devices that come and go, as an endless iteration.
 *
 * What is there is asked of lsblk and compared with what was there before. Hints (usb-detection, udev, by-label) say when
 * to look; a slow look of its own covers what they miss, such as cards in a reader that was plugged in all the time.
 */
import { HostError } from "../host/error.ts";
import type { Sleep } from "../host/sleep.ts";
import { type BlockDevice, isSameDevice, walkDevices } from "./block-device.ts";
import { type HintSource, openFirstSource } from "./hint-source.ts";
import { type BlockDevicePorts, listBlockDevices } from "./list-block-devices.ts";

export type DeviceEvent =
  /** It was there when the watch began. */
  | { readonly kind: "present"; readonly device: BlockDevice }
  | { readonly kind: "appeared"; readonly device: BlockDevice }
  /** The same device with another file system, label or medium in it. */
  | { readonly kind: "changed"; readonly device: BlockDevice; readonly before: BlockDevice }
  | { readonly kind: "vanished"; readonly device: BlockDevice };

export interface WatchPorts extends Omit<BlockDevicePorts, "signal"> {
  /** Tried in this order; the first that works is used. */
  readonly sources: readonly HintSource[];
  readonly sleep: Sleep;
  /** Told of the first hint after a quiet time, before it is looked. */
  readonly onHint?: ((source: string) => void) | undefined;
}

/** After a hint: the disk of a USB device comes a second or more after the device, its partitions and labels later still. */
const LOOKS_AFTER_HINT_MS: readonly number[] = [700, 1000, 2000, 4000];
const SETTLE_MS = 300; // hints come in bursts; one look for all of them
const SLOW_LOOK_MS = 10_000; // with a source of hints
const FAST_LOOK_MS = 2_000; // without one

/**
 * Yields every block device and partition that is there, then what changes, parents before children, until `signal` is
 * aborted; it then ends without an error. Never says the same twice. A consumer may take its time between two events.
 * @throws what listBlockDevices throws, at the first look only: later failures are taken for a device on its way out
 * @param onReady called once, with the name of the source of hints, when what is there has been looked at: what comes from
 *   then on is told as new
 */
export async function* watchDevices(
  ports: WatchPorts,
  signal: AbortSignal,
  onReady: (source: string) => void = () => undefined,
): AsyncGenerator<DeviceEvent, void, undefined> {
  const latch = openLatch();
  await using source = await openFirstSource(ports.sources, latch.hint, signal);
  let known = await look(ports);
  onReady(source.name);
  for (const device of known.values()) yield { kind: "present", device };
  let looks: readonly number[] = [];
  while (!signal.aborted) {
    const [next, ...later] = looks;
    const pauseMs = next ?? (source.isAlive() ? SLOW_LOOK_MS : FAST_LOOK_MS);
    const isHinted = await latch.wait((stop) => ports.sleep(pauseMs, stop), signal);
    if (isHinted && looks.length === 0) ports.onHint?.(source.name);
    looks = isHinted ? LOOKS_AFTER_HINT_MS : later;
    if (isHinted) await ports.sleep(SETTLE_MS, signal);
    if (signal.aborted) return;
    const now = await look(ports).catch((error: unknown) => {
      if (error instanceof HostError) return known;
      throw error;
    });
    yield* compareDevices(known, now);
    known = now;
  }
}

type Snapshot = ReadonlyMap<string, BlockDevice>;

async function look(ports: WatchPorts): Promise<Snapshot> {
  const devices = await listBlockDevices(ports);
  return new Map([...walkDevices(devices)].map((device) => [device.kernelName, device]));
}

/** What has happened between two looks: departures first, since a name may have been taken over. */
export function* compareDevices(before: Snapshot, after: Snapshot): Generator<DeviceEvent, void, undefined> {
  for (const [name, device] of before) {
    const now = after.get(name);
    if (now === undefined || isReplaced(device, now)) yield { kind: "vanished", device };
  }
  for (const [name, device] of after) {
    const old = before.get(name);
    if (old === undefined || isReplaced(old, device)) yield { kind: "appeared", device };
    else if (!isSameDevice(old, device)) yield { kind: "changed", device, before: old };
  }
}

/** Another piece of hardware under the same name. A card reader without a card is a device of no size. */
function isReplaced(before: BlockDevice, after: BlockDevice): boolean {
  return (
    before.serial !== after.serial || before.path !== after.path || (before.sizeBytes === 0) !== (after.sizeBytes === 0)
  );
}

/** Remembers hints that come while nobody waits. */
function openLatch() {
  let isHinted = false;
  let wake: () => void = () => undefined;
  return {
    hint() {
      isHinted = true;
      wake();
    },
    /** Waits for a hint or for `sleep` to end. @returns whether there was a hint */
    async wait(sleep: (stop: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<boolean> {
      const stop = new AbortController();
      const hinted = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (!isHinted) await Promise.race([hinted, sleep(AbortSignal.any([signal, stop.signal]))]);
      stop.abort();
      const answer = isHinted;
      isHinted = false;
      return answer;
    },
  };
}

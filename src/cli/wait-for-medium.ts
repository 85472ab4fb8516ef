/** `--wait`: says what is waited for, tells what comes, and returns the disk that is meant (choose-arrival.ts). */
import type { BlockDevice } from "../media/block-device.ts";
import { chooseArrival, type WaitedFor } from "../media/choose-arrival.ts";
import { listBlockDevices } from "../media/list-block-devices.ts";
import { watchDevices } from "../media/watch-devices.ts";
import type { AbsPath } from "../path.ts";
import type { CliContext } from "./context.ts";
import { describeDisk } from "./device-facts.ts";
import { blockDevicePorts, watchPorts } from "./media-ports.ts";
import type { Output } from "./output.ts";

/** Partitions, labels and a desktop that mounts it come in the second after the disk. */
const SETTLE_MS = 1_000;

interface WaitedMedium extends WaitedFor {
  readonly path: AbsPath | undefined;
}

/** @throws the reason of the context's signal when it is stopped */
export async function waitForMedium(context: CliContext, output: Output, wanted: WaitedMedium): Promise<BlockDevice> {
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  // Said only when we are listening: a stick that is quicker than our first look would pass for one that was there before.
  const onReady = () => output.note(callFor(wanted));
  try {
    for await (const event of watchDevices(watchPorts(context), signal, onReady)) {
      const all = await listBlockDevices(blockDevicePorts(context));
      // a link such as those in /dev/disk/by-id leads somewhere only once its device is there
      const path = wanted.path === undefined ? undefined : context.media.resolveLinks(wanted.path);
      const arrival = chooseArrival(event, all, { ...wanted, path });
      if (arrival.kind === "passed-over") {
        output.note(`${arrival.disk.path}: ${describeDisk(arrival.disk)}: left alone, ${arrival.why}`);
      }
      if (arrival.kind !== "chosen") continue;
      await context.media.sleep(SETTLE_MS, context.signal);
      context.signal.throwIfAborted();
      const disk = await again(context, arrival.disk);
      if (disk === undefined) continue; // pulled out again
      output.note(`${disk.path}: ${describeDisk(disk)}: taken`);
      return disk;
    }
  } finally {
    stop.abort();
  }
  context.signal.throwIfAborted();
  throw new Error("the watch ended of itself");
}

/** The disk as udev knows it by now: at first it has no serial number. */
async function again(context: CliContext, { path }: BlockDevice): Promise<BlockDevice | undefined> {
  const all = await listBlockDevices(blockDevicePorts(context));
  return all.find((disk) => disk.path === path && disk.sizeBytes > 0);
}

function callFor({ isFormatted, label, path }: WaitedFor): string {
  const what = path ?? (isFormatted ? "a stick or card, which will be erased" : `a medium labelled ${label}`);
  return `Waiting for ${what}: plug it in now. Ctrl-C ends the wait.`;
}

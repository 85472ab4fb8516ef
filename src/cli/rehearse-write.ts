/** `media write --dry-run`: which disk, what would be erased and made, what would be written, and whether it fits. */

import type { RoomFacts } from "../bundle/room.ts";
import { CodedError } from "../error.ts";
import { type BlockDevice, findDevice, walkDevice } from "../media/block-device.ts";
import { findDiskToFormat, verifyFits, verifyNoSystemDisk } from "../media/check-format.ts";
import { MediaError } from "../media/error.ts";
import { findVolume } from "../media/find-volume.ts";
import { verifyTools } from "../media/format-medium.ts";
import { listBlockDevices } from "../media/list-block-devices.ts";
import { openMount } from "../media/mount.ts";
import { estimateRoomBytes, type FormatPlan, planFormat } from "../media/plan-format.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import { emptyPlace, lookAtDirectory, type RehearsalPlace } from "../release/rehearsal-place.ts";
import type { HomelessDraft } from "../release/release-draft.ts";
import type { CliContext } from "./context.ts";
import { describeContents, describeDisk } from "./device-facts.ts";
import { describePlan, formatFacts } from "./format-device.ts";
import { type FormatOptions, formatRequestOf } from "./format-options.ts";
import { blockDevicePorts } from "./media-ports.ts";
import type { SigningOptions } from "./options.ts";
import type { Output } from "./output.ts";
import { rehearse } from "./rehearsal.ts";

interface WriteOptions extends FormatOptions, SigningOptions {
  readonly format?: boolean;
  readonly eject: boolean;
}

interface PlannedMedium extends AsyncDisposable {
  readonly disk: BlockDevice;
  /** Undefined when the medium that is there is written to. */
  readonly plan: FormatPlan | undefined;
  readonly place: RehearsalPlace;
  readonly problems: readonly CodedError[];
}

/** Writes nothing and asks nothing. @throws what the real command would refuse at once, and its first problem later */
export async function rehearseWrite(
  context: CliContext,
  output: Output,
  device: AbsPath,
  draft: HomelessDraft,
  options: WriteOptions,
): Promise<void> {
  await using medium = await (options.format ? planNew : planExisting)(context, device, draft, options);
  const { disk, plan, place } = medium;
  const { facts, lines, problems: others } = await rehearse(context, output, place, draft, options);
  const problems = [...medium.problems, ...others];
  const steps = plan === undefined ? [] : [...plan.steps, ...plan.labelSteps].map(({ does, argv }) => ({ does, argv }));
  output.result(
    {
      ...facts,
      disk: { path: disk.path, model: disk.model ?? null, serial: disk.serial ?? null, sizeBytes: disk.sizeBytes },
      erases: plan === undefined ? null : (describeContents(disk) ?? null),
      format: plan === undefined ? null : { ...formatFacts(plan), steps },
      ejects: options.eject,
      problems: problems.map(({ code, message, remedy }) => ({ code, message, remedy })),
    },
    () =>
      [
        `device    ${disk.path}: ${describeDisk(disk)}`,
        ...(plan === undefined ? [] : [`erase     ${describeContents(disk) ?? "nothing that is known is on it"}`]),
        plan === undefined ? `medium    ${place.name}, beside what is on it` : `format    ${describePlan(plan)}`,
        ...lines,
        `in the end it would be read back${options.eject ? " and ejected" : ""}`,
        "dry run: nothing was written, nothing was signed",
      ].join("\n"),
  );
  const [problem] = problems;
  if (problem !== undefined) throw problem;
}

async function planNew(
  context: CliContext,
  device: AbsPath,
  _draft: HomelessDraft,
  options: WriteOptions,
): Promise<PlannedMedium> {
  const all = await listBlockDevices(blockDevicePorts(context));
  const disk = findDiskToFormat(all, device);
  const plan = planFormat(disk, formatRequestOf(options, disk));
  verifyFits(disk, plan.filesystem);
  const problems = [
    problemOf(() => verifyTools(plan, context.media.hasTool)),
    problemOf(() => context.media.verifyWritable(disk.path)),
  ].filter((problem) => problem !== undefined);
  const room: RoomFacts = { ...roomOf(plan.filesystem), freeBytes: estimateRoomBytes(disk, plan) };
  const place = emptyPlace(`${plan.volume} (about)`, room);
  return { disk, plan, place, problems, [Symbol.asyncDispose]: async () => undefined };
}

async function planExisting(
  context: CliContext,
  device: AbsPath,
  { sequence }: HomelessDraft,
  { label }: WriteOptions,
): Promise<PlannedMedium> {
  const all = await listBlockDevices(blockDevicePorts(context));
  const found = findDevice(all, device);
  if (found === undefined) throw new MediaError("MEDIA_NO_SUCH_DEVICE", `${device} is no block device of this machine`);
  const { disk } = found;
  verifyNoSystemDisk(disk, all);
  const volume = findVolume(found.device, label);
  const isEncrypted = volume.filesystem === "crypto_LUKS";
  const inner = isEncrypted ? walkDevice(volume).find(({ kind }) => kind === "crypt") : volume;
  const [mountedAt] = inner?.mountPoints ?? [];
  const base = { disk, plan: undefined, problems: [] };
  if (mountedAt !== undefined) {
    const place = await lookAtDirectory(parseAbsPath(mountedAt), context.signal);
    return { ...base, place, [Symbol.asyncDispose]: async () => undefined };
  }
  if (context.media.isRoot && inner?.filesystem !== undefined) return lookInside(context, base, volume, inner);
  const why = isEncrypted ? "is encrypted and not open" : "is not mounted, and only root may mount it";
  const problem = new MediaError("MEDIA_NOT_MOUNTED", `${volume.path} ${why}: what is on it cannot be seen`);
  if (sequence === "next") throw problem; // nobody knows what comes next
  const place = emptyPlace(volume.path, { ...roomOf(inner?.filesystem ?? "other"), freeBytes: undefined });
  // with the key, the real command can open it
  return { ...base, problems: isEncrypted ? [] : [problem], place, [Symbol.asyncDispose]: async () => undefined };
}

/** Mounted read-only, for as long as it is looked at. */
async function lookInside(
  { exec, media, signal }: CliContext,
  base: Pick<PlannedMedium, "disk" | "plan" | "problems">,
  volume: BlockDevice,
  { path, filesystem = "" }: BlockDevice,
): Promise<PlannedMedium> {
  const mountPoint = below(media.mountDirectory, volume.path.slice("/dev/".length).replaceAll("/", "!"));
  await using resources = new AsyncDisposableStack();
  resources.use(await openMount(exec, { device: path, type: filesystem, mountPoint, signal }));
  // the mount is read-only, the medium need not be
  const place = { ...(await lookAtDirectory(mountPoint, signal)), name: volume.path, problem: undefined };
  const kept = resources.move();
  return { ...base, place, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const TYPICAL_BLOCK_BYTES = 32 << 10; // what mkfs.vfat and mkfs.exfat choose for sticks of 16 GiB and more

function roomOf(filesystem: string): Pick<RoomFacts, "kind" | "blockBytes"> {
  const kind = filesystem === "vfat" || filesystem === "exfat" ? filesystem : "other";
  return { kind, blockBytes: TYPICAL_BLOCK_BYTES };
}

function problemOf(verify: () => void): CodedError | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
}

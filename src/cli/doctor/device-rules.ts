/** Judges what a device needs besides tools: units, boot loader, room, key, clock. Pure. */
import type { DeviceFacts, MachineFacts, SpaceFacts, UnitFacts } from "./facts.ts";
import type { Finding, Verdict } from "./finding.ts";
import { describeSpace, SEE_ALL } from "./system-rules.ts";

/** Without these a device does not update itself, or does not fall back. */
const ESSENTIAL_UNITS: Readonly<Record<string, string>> = {
  "bootferry-inserted@.service": "hears of each medium that is plugged in",
  "bootferry-media@.service": "reads a medium when it is plugged in",
  "bootferry-agent.service": "deploys what was read, reboots and assesses",
  "bootferry-health.service": "runs the checks that decide whether a new system is kept",
  "bootferry-boot-deadline.timer": "reboots a new system that hangs before it was assessed",
  "bootferry-finalize.service": "merges /etc once more at shutdown",
};

/** What they are for; others are told by their names. */
const OTHER_UNITS: Readonly<Record<string, string>> = {
  "bootferry-watch.service": "takes the place of the udev rule, where there is none",
  "bootferry-reboot-policy.timer": "asks again whether the device may reboot (`idle` and `window`)",
  "bootferry-bootc-trial.service": "counts the boots of a new system on a bootc host",
  "bootferry-finalize.path": "has a stage that somebody else made finalised at shutdown",
  "bootferry-panel.service": "shows on a screen what happens",
  "bootferry-announce.service": "says on the boot screen and on terminals what happens",
};

export function judgeUnits({ device }: MachineFacts): readonly Finding[] {
  if (device === undefined || device.isSimulated) return [];
  const essential = Object.entries(ESSENTIAL_UNITS).map(([name, why]) => judgeUnit(name, why, device, "missing"));
  const others = device.units
    .filter(({ name, isForEnabling }) => isForEnabling && !(name in ESSENTIAL_UNITS))
    .map(({ name }) => judgeUnit(name, OTHER_UNITS[name] ?? "part of bootferry", device, "optional"));
  return [...essential, judgeRule(device), ...others];
}

function judgeUnit(name: string, why: string, device: DeviceFacts, otherwise: Verdict): Finding {
  const unit = device.units.find((candidate) => candidate.name === name);
  const problem = unitProblem(unit);
  return {
    area: "units",
    name,
    verdict: problem === undefined ? "found" : otherwise,
    detail: problem?.what ?? (unit?.isForEnabling ? "enabled" : "installed"),
    why,
    remedy: problem?.remedy.replace("UNIT", name) ?? null,
  };
}

function unitProblem(unit: UnitFacts | undefined): { readonly what: string; readonly remedy: string } | undefined {
  if (unit === undefined) {
    return { what: "not installed", remedy: "Install the .deb, or lay bootferry out with `npm run install-device`." };
  }
  if (unit.isMasked) return { what: "masked", remedy: "systemctl unmask UNIT" };
  if (unit.isForEnabling && !unit.isEnabled) return { what: "not enabled", remedy: "systemctl enable UNIT" };
  return undefined;
}

/** Either way a plugged-in stick has to be noticed by somebody. */
function judgeRule(device: DeviceFacts): Finding {
  const isWatched = device.units.some(({ name, isEnabled }) => name === "bootferry-watch.service" && isEnabled);
  return {
    area: "units",
    name: "70-bootferry.rules",
    verdict: device.hasUdevRule ? "found" : isWatched ? "not needed" : "missing",
    detail: isWatched && !device.hasUdevRule ? "bootferry-watch.service takes its place" : "",
    why: "has udev start the agent when a medium is plugged in",
    remedy:
      device.hasUdevRule || isWatched
        ? null
        : "Put the udev rule back, or `systemctl enable bootferry-watch.service` (docs/watch.md).",
  };
}

export function judgeLoader({ device }: MachineFacts): readonly Finding[] {
  if (device === undefined) return [];
  const why = "goes back to the system before when a new one does not come up";
  const finding = (verdict: Verdict, detail: string, remedy: string | null): Finding => ({
    area: "boot loader",
    name: "boot counting",
    verdict,
    detail,
    why,
    remedy,
  });
  if (device.backend === "bootc") {
    return device.countingGrub === undefined
      ? [finding("warning", "by bootferry-bootc-trial.service alone", "docs/bootc.md says how GRUB can count.")]
      : [finding("found", `GRUB, as ${device.countingGrub} says`, null)];
  }
  const { loader, isDeployed } = device;
  if (!isDeployed) {
    return [
      finding("unknown", "nothing was deployed here yet", "`bootferry os install` makes a device (docs/install.md)."),
    ];
  }
  if (loader === undefined) {
    return [finding("unknown", "the boot partition cannot be read", SEE_ALL)];
  }
  return loader.problem === undefined
    ? [finding("found", loader.kind, null)]
    : [
        finding(
          "missing",
          `${loader.kind}: ${loader.problem}`,
          "docs/boot-loaders.md says what the boot loader needs.",
        ),
      ];
}

const MIN_STORE_BYTES = 512 << 20; // less than the changed files of most updates
const MIN_BOOT_BYTES = 128 << 20; // a kernel with a large initramfs, which an update brings before the old one goes

export function judgeState(facts: MachineFacts): readonly Finding[] {
  const { device } = facts;
  if (device === undefined) return [];
  return [
    judgeSpace("room for the store", device.store, MIN_STORE_BYTES, "holds the files of two systems"),
    ...(device.isSimulated || device.backend === "bootc"
      ? []
      : [
          judgeSpace(
            "room on the boot partition",
            device.boot,
            MIN_BOOT_BYTES,
            "holds kernel and initramfs of each system",
          ),
        ]),
    judgeKey(device),
    ...(device.isSimulated ? [] : [judgeClock(device)]),
  ];
}

function judgeSpace(name: string, space: SpaceFacts | undefined, leastBytes: number, why: string): Finding {
  if (space === undefined) {
    return { area: "state", name, verdict: "unknown", detail: "", why, remedy: SEE_ALL };
  }
  const isLow = space.freeBytes < leastBytes;
  return {
    area: "state",
    name,
    verdict: isLow ? "warning" : "found",
    detail: `${describeSpace(space.freeBytes, space.totalBytes)} in ${space.path}`,
    why,
    remedy: isLow ? "`bootferry os gc` drops what no system needs; an update that does not fit is refused." : null,
  };
}

/** The agent makes the key at its first start. */
function judgeKey({ deviceKey: { path, mode } }: DeviceFacts): Finding {
  const base = { area: "state", name: "device key", why: "signs the receipts of this device" } as const;
  if (mode === "absent") {
    return { ...base, verdict: "optional", detail: "not made yet", remedy: "The agent makes it at its first start." };
  }
  if (mode === "forbidden") {
    return { ...base, verdict: "unknown", detail: "", remedy: SEE_ALL };
  }
  const isPrivate = (mode & 0o077) === 0;
  const detail = `${path}, mode ${mode.toString(8).padStart(4, "0")}`;
  return isPrivate
    ? { ...base, verdict: "found", detail, remedy: null }
    : { ...base, verdict: "warning", detail, remedy: `chmod 600 ${path}; others could sign in this device's name.` };
}

function judgeClock({ isClockSynchronised, config }: DeviceFacts): Finding {
  const isWaitedFor = config.config?.reboot.policy === "window";
  return {
    area: "state",
    name: "clock",
    verdict: isClockSynchronised ? "found" : isWaitedFor ? "warning" : "optional",
    detail: isClockSynchronised ? "synchronised" : "not synchronised: the newest signed time counts in its place",
    why: "expiry of releases, and the reboot window",
    remedy: isClockSynchronised
      ? null
      : isWaitedFor
        ? 'With `policy = "window"` this device never reboots by itself: give it a time source or another policy.'
        : "Nothing has to be done: expiry is held against the newest time that was signed.",
  };
}

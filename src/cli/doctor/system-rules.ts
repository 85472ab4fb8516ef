/** Judges what is below everything else: Node, the kernel, and what this user may do. Pure. */
import type { AgentConfig } from "../../config/agent-config.ts";
import { formatBytes } from "../format-units.ts";
import type { AccessFacts, KernelFeature, MachineFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";

type VerityLevel = AgentConfig["store"]["fs-verity"];

/** What to do when something cannot be seen by this user. */
export const SEE_ALL = "Run `sudo bootferry doctor` to see all of it.";

/** A Node that is too old is refused before any command runs (require-node.ts). */
export function judgeBootferry({ bootferry }: MachineFacts): readonly Finding[] {
  const { version, nodeVersion, executable, hasZstd } = bootferry;
  return [
    {
      area: "bootferry",
      name: `bootferry ${version}`,
      verdict: "found",
      detail: `Node ${nodeVersion}, ${executable}`,
      why: "runs all of this",
      remedy: null,
    },
    {
      area: "bootferry",
      name: "gzip and zstd",
      verdict: hasZstd ? "found" : "missing",
      detail: hasZstd ? "in Node" : "not in this Node",
      why: "layers of images are compressed with them",
      remedy: hasZstd ? null : "Use the .deb, which brings its own Node, or a build of Node 24 with zstd.",
    },
  ];
}

interface FeatureRule {
  readonly why: string;
  /** Kernel option, for whoever builds one. */
  readonly option: string;
  isNeeded(facts: MachineFacts): "required" | "optional" | "none";
}

const onDevice = ({ device }: MachineFacts) => device !== undefined && !device.isSimulated;
const onNative = (facts: MachineFacts) => (onDevice(facts) && facts.device?.backend === "native" ? "required" : "none");
const mountsMedia = (filesystem: "vfat" | "exfat") => (facts: MachineFacts) => {
  if (facts.roles.includes("workstation")) return "optional";
  const wanted = facts.device?.config.config?.media.filesystems.includes(filesystem) ?? true;
  return onDevice(facts) && wanted ? "required" : "none";
};

const FEATURES: Readonly<Record<KernelFeature, FeatureRule>> = {
  erofs: { why: "the image of a system is mounted as EROFS", option: "CONFIG_EROFS_FS", isNeeded: onNative },
  overlay: { why: "lays the image over the stored files", option: "CONFIG_OVERLAY_FS", isNeeded: onNative },
  loop: { why: "mounts the image from its file", option: "CONFIG_BLK_DEV_LOOP", isNeeded: onNative },
  vfat: { why: "media with FAT", option: "CONFIG_VFAT_FS", isNeeded: mountsMedia("vfat") },
  exfat: { why: "media with exFAT", option: "CONFIG_EXFAT_FS", isNeeded: mountsMedia("exfat") },
  dm_crypt: {
    why: "encrypted media (LUKS2)",
    option: "CONFIG_DM_CRYPT",
    isNeeded: (facts) => {
      if (facts.roles.includes("workstation")) return "optional";
      if (!onDevice(facts)) return "none";
      return facts.device?.config.config?.media.luks["key-file"] === undefined ? "optional" : "required";
    },
  },
};

export function judgeKernel(facts: MachineFacts): readonly Finding[] {
  const features = (Object.keys(FEATURES) as KernelFeature[]).map((feature) => judgeFeature(feature, facts));
  return [...features, ...judgeVerity(facts)];
}

function judgeFeature(feature: KernelFeature, facts: MachineFacts): Finding {
  const { why, option, isNeeded } = FEATURES[feature];
  const base = { area: "kernel", name: feature, detail: "", why } as const;
  const demand = isNeeded(facts);
  const state = facts.kernel.features[feature];
  if (demand === "none") return { ...base, verdict: "not needed", remedy: null };
  if (state === "unknown") {
    const remedy = "The modules of the running kernel are not on this file system, as in a container.";
    return { ...base, verdict: "unknown", remedy };
  }
  if (state !== "absent") return { ...base, verdict: "found", detail: state, remedy: null };
  const verdict = demand === "required" ? "missing" : "optional";
  return { ...base, verdict, remedy: `Use a kernel with ${option}, built in or as a module.` };
}

/** Data-only lower layers came with Linux 6.5, and comparing them with the image with 6.6 (docs/initramfs.md). */
function judgeVerity({ device, kernel }: MachineFacts): readonly Finding[] {
  if (device === undefined || device.isSimulated || device.backend === "bootc") return [];
  const level = device.config.config?.store["fs-verity"] ?? "on";
  const findings = [judgeOverlay(kernel.release, level), judgeExt4(kernel.sealsExt4, level)];
  return device.isDeployed ? [...findings, judgeSeals(device.isSealed, level)] : findings;
}

function judgeExt4(sealsExt4: boolean | undefined, level: VerityLevel): Finding {
  const base = { area: "kernel", name: "fs-verity of ext4", detail: "", why: "stored files can be sealed" } as const;
  if (level === "off") return { ...base, verdict: "not needed", remedy: null };
  if (sealsExt4 === undefined)
    return { ...base, verdict: "unknown", remedy: "No ext4 is mounted here that would tell." };
  if (sealsExt4) return { ...base, verdict: "found", remedy: null };
  const verdict = level === "required" ? "missing" : "warning";
  return { ...base, verdict, remedy: "Use a kernel with CONFIG_FS_VERITY." };
}

function judgeOverlay(release: string, level: VerityLevel): Finding {
  const [major = 0, minor = 0] = release.split(".").map((part) => Number.parseInt(part, 10));
  const compares = major > 6 || (major === 6 && minor >= 6);
  const base = {
    area: "kernel",
    name: "overlay with verity",
    detail: `Linux ${release}`,
    why: "each stored file is compared with the image when it is opened",
  } as const;
  if (level === "off") return { ...base, verdict: "not needed", remedy: null };
  if (compares) return { ...base, verdict: "found", remedy: null };
  const remedy = 'Use Linux 6.6 or newer. With `fs-verity = "on"` older ones start the system without comparing.';
  return { ...base, verdict: level === "required" ? "missing" : "warning", remedy };
}

function judgeSeals(isSealed: boolean | undefined, level: VerityLevel): Finding {
  const base = {
    area: "kernel",
    name: "fs-verity of the store",
    detail: "",
    why: "the kernel checks each block of a stored file that it reads",
  } as const;
  if (level === "off") return { ...base, verdict: "not needed", remedy: null };
  if (isSealed === undefined) {
    return { ...base, verdict: "unknown", remedy: "Run `bootferry doctor` as root, with fsverity installed." };
  }
  if (isSealed) return { ...base, verdict: "found", detail: "stored files are sealed", remedy: null };
  return {
    ...base,
    verdict: level === "required" ? "missing" : "warning",
    detail: "stored files are not sealed",
    remedy: "Make the root file system with `mkfs.ext4 -b 4096 -O verity`, and install fsverity (docs/install.md).",
  };
}

export function judgePermissions(facts: MachineFacts): readonly Finding[] {
  return [judgeUser(facts), ...facts.access.map((access) => judgeAccess(access, facts))];
}

function judgeUser({ user, device }: MachineFacts): Finding {
  const isDevice = device !== undefined && !device.isSimulated;
  const groups = user.groups.length === 0 ? "in no group" : `in ${user.groups.join(", ")}`;
  const seesAll = user.isRoot || !isDevice;
  return {
    area: "permissions",
    name: "user",
    verdict: seesAll ? "found" : "unknown",
    detail: user.isRoot ? "root" : `${user.name}, ${groups}`,
    why: isDevice
      ? "the agent runs as root; whoever is in the group bootferry may look at it"
      : "making releases needs no root; formatting and mounting sticks does",
    remedy: seesAll ? null : SEE_ALL,
  };
}

function judgeAccess({ path, access }: AccessFacts, { user }: MachineFacts): Finding {
  const isMedium = path.startsWith("/dev/");
  const base = {
    area: "permissions",
    name: `writing to ${path}`,
    why: isMedium ? "`media format` and `media write` write to it" : "keeps what the device remembers",
  } as const;
  if (access === "yes") return { ...base, verdict: "found", detail: "", remedy: null };
  const detail = access === "absent" ? "it is not there" : `not for ${user.name}`;
  if (isMedium) {
    const remedy =
      "Use sudo for verbs that write to disks, or name a directory on a stick that the desktop has mounted.";
    return { ...base, verdict: "optional", detail, remedy };
  }
  if (!user.isRoot) return { ...base, verdict: "unknown", detail, remedy: SEE_ALL };
  return { ...base, verdict: "missing", detail, remedy: "Mount its file system read-write." };
}

/** For messages about room on a disk. */
export function describeSpace(freeBytes: number, totalBytes: number): string {
  return `${formatBytes(freeBytes)} of ${formatBytes(totalBytes)} free`;
}

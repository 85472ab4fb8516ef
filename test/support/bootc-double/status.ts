/** `bootc status`: what the machine is, in the fields that this version has (spec.rs, status.rs). */
import { formatHostHuman, formatHostYaml } from "../../../src/deploy/format-host.ts";
import { parseHost } from "../../../src/deploy/host-status.ts";
import { canonicalJson } from "./canonical-json.ts";
import { BootcFailure, type Machine } from "./context.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import { isRollbackQueued, slotsOf } from "./slots.ts";
import type { RecordedDeployment, RecordedImage } from "./state.ts";
import { addSurprises } from "./surprises.ts";

/** The text of `bootc status`. @throws BootcFailure */
export function formatStatus(machine: Machine, args: ParsedArguments, isTerminal: boolean): string {
  const version = args.valueOf("--format-version") ?? "1";
  if (version !== "0" && version !== "1") throw new BootcFailure(`Unsupported format version: ${version}`);
  const host = makeHostStatus(machine, args.has("--booted"));
  const implied = args.has("--json") ? "json" : isTerminal ? "humanreadable" : "yaml";
  switch (args.valueOf("--format") ?? implied) {
    case "json":
      return canonicalJson(host);
    case "yaml":
      return formatHostYaml(parseHost(host));
    default:
      return formatHostHuman(parseHost(host), { isVerbose: args.has("--verbose") });
  }
}

export function makeHostStatus(machine: Machine, isBootedOnly = false): object {
  const { staged, booted, rollback, others } = slotsOf(machine);
  const isOstree = machine.facts.backend === "ostree";
  const isQueued = isRollbackQueued(machine);
  const isForeign = machine.traps.isIncompatible;
  const entry = (deployment: RecordedDeployment | undefined) =>
    deployment === undefined ? null : bootEntry(machine, deployment);
  const host = {
    apiVersion: "org.containers.bootc/v1",
    kind: "BootcHost",
    metadata: { name: "host" },
    spec: {
      image: (staged ?? (isForeign ? undefined : booted))?.image.reference ?? null,
      bootOrder: isQueued ? "rollback" : "default",
    },
    status: {
      staged: isBootedOnly ? null : entry(staged),
      booted: entry(booted),
      rollback: isBootedOnly ? null : entry(rollback),
      ...(others.length > 0 ? { otherDeployments: others.map(entry) } : {}),
      rollbackQueued: isQueued,
      type: isOstree && booted !== undefined && !isForeign ? "bootcHost" : null, // composefs never sets it
      ...(machine.has("usrOverlayStatus") ? { usrOverlay: machine.state().usrOverlay } : {}),
      ...(machine.has("readOnlyStatus") ? { readOnly: machine.traps.isReadOnly } : {}),
    },
  };
  return machine.traps.hasSurprisingStatus ? addSurprises(host) : host;
}

function bootEntry(machine: Machine, { id, image, isPinned }: RecordedDeployment): object {
  const { facts, traps } = machine;
  const { staged, bootedId, cachedUpdate } = machine.state();
  const isBooted = id === bootedId;
  const isIncompatible = traps.isIncompatible && isBooted;
  const isOstree = facts.backend === "ostree";
  return {
    image: isIncompatible ? null : imageStatus(image),
    cachedUpdate: isOstree && isBooted && cachedUpdate !== null ? imageStatus(cachedUpdate) : null,
    incompatible: isIncompatible,
    pinned: isPinned,
    ...(machine.has("softReboot") ? { softRebootCapable: false } : {}),
    ...(machine.has("upgradeDownloadOnly") ? { downloadOnly: staged?.id === id && staged.isLocked } : {}),
    store: isOstree ? "ostreeContainer" : null,
    ostree: isOstree ? ostreeOf(id) : null,
    composefs: isOstree ? null : composefsOf(machine, id),
  };
}

function imageStatus({ reference, manifestDigest, version, timestamp, architecture }: RecordedImage): object {
  return { image: reference, version, timestamp, imageDigest: manifestDigest, architecture };
}

function ostreeOf(id: string): object {
  const [checksum = "", serial = ""] = id.split(".");
  return { stateroot: "default", checksum, deploySerial: Number(serial) };
}

function composefsOf({ facts, has }: Machine, verity: string): object {
  const { bootType, bootloader } = facts;
  const isVerityOptional = bootType === "Bls";
  return {
    verity,
    bootType,
    bootloader,
    bootDigest: isVerityOptional ? verity.slice(0, 64) : null,
    ...(has("missingVerityStatus") ? { missingVerityAllowed: isVerityOptional } : {}),
  };
}

/**
 * The boot entries of a machine: BLS files, in the order in which bootc reads them. A boot counter in a file's name is
 * nothing to bootc, nor to GRUB.
 *
 *     ostree                ostree-<N>.conf            the highest N is booted first
 *     composefs             bootc_<os>-<version>-1.conf and -0.conf with sort-key bootc-<os>-0 and -1,
 *                           <version> that of the first in both
 *
 * GRUB takes file names in descending order, systemd-boot sort keys in ascending order.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { blsValue, formatBlsEntry, parseBlsEntry } from "../../../src/boot/bls-entry.ts";
import { type AbsPath, below } from "../../../src/path.ts";
import type { MachineFacts, MachineFiles, RecordedDeployment } from "./state.ts";

const OS_ID = "double";
/** After a rollback bootc no longer knows the name of the system. */
export const OS_ID_AFTER_ROLLBACK = "bootc";

export interface EntryOnDisk {
  readonly fileName: string;
  readonly sortKey: string;
  readonly deploymentId: string;
}

type Where = "entries" | "entries.staged";

function directoryOf({ boot }: MachineFiles, where: Where = "entries"): AbsPath {
  return below(boot, "loader", where);
}

/** In bootc's order. */
export function readEntries(
  files: MachineFiles,
  facts: MachineFacts,
  where: Where = "entries",
): readonly EntryOnDisk[] {
  const directory = directoryOf(files, where);
  mkdirSync(directory, { recursive: true });
  const names = readdirSync(directory).filter((name) => name.endsWith(".conf"));
  const entries = names.map((fileName) => parseEntry(fileName, readFileSync(below(directory, fileName), "utf8")));
  const isBySortKey = facts.backend === "composefs" && facts.bootloader === "systemd";
  return entries.toSorted((a, b) => (isBySortKey ? compare(a.sortKey, b.sortKey) : compare(b.fileName, a.fileName)));
}

export function parseEntry(fileName: string, text: string): EntryOnDisk {
  const entry = parseBlsEntry(text);
  return {
    fileName,
    sortKey: blsValue(entry, "sort-key") ?? "",
    deploymentId: deploymentIdOf(`${blsValue(entry, "options") ?? ""} ${blsValue(entry, "uki") ?? ""}`),
  };
}

/** Of a command line, or of the path of a kernel image that has it inside. */
function deploymentIdOf(text: string): string {
  const ostree = /\bostree=\/ostree\/boot\.0\/default\/([0-9a-f]{64})\/(\d+)/.exec(text);
  if (ostree !== null) return `${ostree[1]}.${ostree[2]}`;
  return /composefs[-=]([0-9a-f]{128})/.exec(text)?.[1] ?? "";
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

/** Replaces the entries of a directory; each gets a kernel. */
export function writeEntries(
  files: MachineFiles,
  facts: MachineFacts,
  deployments: readonly RecordedDeployment[],
  { where = "entries", osId = OS_ID }: { readonly where?: Where; readonly osId?: string } = {},
): void {
  const directory = directoryOf(files, where);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const version = (deployments[0]?.image.version ?? "0").replaceAll("/", "_");
  for (const [index, deployment] of deployments.entries()) {
    const rank = deployments.length - index; // the first has the highest
    const isOstree = facts.backend === "ostree";
    const fileName = isOstree ? `ostree-${rank}.conf` : `bootc_${osId}-${version}-${rank - 1}.conf`;
    const order = isOstree ? `version ${rank}\n` : `version ${version}\nsort-key bootc-${osId}-${index}\n`;
    const kernel = kernelOf(facts, deployment);
    writeKernel(files, kernel.path, deployment);
    writeFileSync(
      below(directory, fileName),
      formatBlsEntry(parseBlsEntry(`title Double ${version}\n${order}${kernel.lines}`)),
    );
  }
}

export function removeEntry(files: MachineFiles, facts: MachineFacts, deploymentId: string): void {
  const entry = readEntries(files, facts).find((it) => it.deploymentId === deploymentId);
  if (entry !== undefined) rmSync(below(directoryOf(files), entry.fileName));
}

function kernelOf(facts: MachineFacts, { id }: RecordedDeployment): { readonly path: string; readonly lines: string } {
  if (facts.backend === "ostree") {
    const [checksum = "", serial = ""] = id.split(".");
    const path = `/ostree/default-${checksum}/vmlinuz`;
    return { path, lines: `linux ${path}\noptions rw ostree=/ostree/boot.0/default/${checksum}/${serial}\n` };
  }
  if (facts.bootType === "Uki") {
    const path = `/EFI/Linux/bootc/bootc_composefs-${id}.efi`;
    return { path, lines: `uki ${path}\n` };
  }
  const path = `/EFI/Linux/bootc_composefs-${id}/vmlinuz`;
  return { path, lines: `linux ${path}\noptions rw composefs=${id}\n` };
}

function writeKernel({ boot }: MachineFiles, path: string, { image }: RecordedDeployment): void {
  const file = below(boot, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `stand-in for a kernel of ${image.manifestDigest}\n`);
}

/** What the finaliser of composefs does: the two directories change places, and the old entries go. */
export function exchangeStagedEntries(files: MachineFiles): void {
  const [entries, staged] = [directoryOf(files), directoryOf(files, "entries.staged")];
  rmSync(entries, { recursive: true });
  renameSync(staged, entries);
}

export function dropStagedEntries(files: MachineFiles): void {
  rmSync(directoryOf(files, "entries.staged"), { recursive: true, force: true });
}

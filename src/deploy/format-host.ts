/** bootc's status for people, and as YAML (bootc: crates/lib/src/status.rs). Pure. */
import type { Host, HostBootEntry } from "./host-status.ts";

type SlotName = "staged" | "booted" | "rollback" | "other";

const PREFIX: Readonly<Record<SlotName, string>> = {
  staged: "  Staged image",
  booted: "● Booted image",
  rollback: "  Rollback image",
  other: "   Other image",
};

/** What `bootc status` prints on a terminal. */
export function formatHostHuman(host: Host, options: { readonly isVerbose: boolean }): string {
  const { staged, booted, rollback, otherDeployments } = host.status;
  if (booted === null) return "System is not deployed via bootc.\n";
  const slots: readonly (readonly [SlotName, HostBootEntry | null])[] = [
    ["staged", staged],
    ["booted", booted],
    ["rollback", rollback],
    ...(otherDeployments ?? []).map((entry) => ["other", entry] as const),
  ];
  const blocks = slots.flatMap(([slot, entry]) => (entry === null ? [] : [formatSlot(slot, entry, options.isVerbose)]));
  return blocks.join("\n");
}

function formatSlot(slot: SlotName, entry: HostBootEntry, isVerbose: boolean): string {
  const prefix = PREFIX[slot];
  const { image, ostree, composefs } = entry;
  if (image === null) return formatForeignSlot(slot, entry);
  const { transport, image: name, signature } = image.image;
  const rows: (readonly [string, string])[] = [["Digest", `${image.imageDigest} (${image.architecture})`]];
  if (composefs !== null) rows.push(["Verity", composefs.verity]);
  const timestamp = image.timestamp === null ? undefined : formatTimestamp(image.timestamp);
  if (image.version !== null)
    rows.push(["Version", image.version + (timestamp === undefined ? "" : ` (${timestamp})`)]);
  else if (timestamp !== undefined) rows.push(["Timestamp", timestamp]);
  if (entry.pinned) rows.push(["Pinned", "yes"]);
  if (isVerbose) {
    if (ostree !== null) {
      rows.push(["StateRoot", ostree.stateroot], ["Deploy serial", String(ostree.deploySerial)]);
      rows.push(["Staged", yesNo(slot === "staged")], ["Commit", ostree.checksum]);
    }
    if (signature !== undefined) rows.push(["Signature", formatSignature(signature)]);
    rows.push(["Soft-reboot", yesNo(entry.softRebootCapable)]);
    if (composefs !== null) rows.push(["FsVerity", composefs.missingVerityAllowed ? "Not Enforced" : "Enforced"]);
    if (slot === "staged") rows.push(["Download-only", yesNo(entry.downloadOnly)]);
  }
  const reference = transport === "registry" ? name : `${transport}:${name}`;
  return `${prefix}: ${reference}\n${formatRows(rows, prefix.length)}`;
}

/** A deployment that is no container image. */
function formatForeignSlot(slot: SlotName, { ostree, composefs }: HostBootEntry): string {
  const what = ostree !== null ? "ostree" : "composefs";
  const prefix = PREFIX[slot].replace(/ image$/, ` ${what}`);
  const commit = ostree?.checksum ?? composefs?.verity;
  if (commit === undefined) return `Current ${slot} state is unknown\n`;
  return `${prefix}\n${formatRows([["Commit", commit]], prefix.length)}`;
}

function formatRows(rows: readonly (readonly [string, string])[], width: number): string {
  return rows.map(([name, value]) => `${name.padStart(width)}: ${value}\n`).join("");
}

function formatTimestamp(timestamp: string): string {
  return timestamp.replace(/\.\d+/, "").replace(/[+-]00:00$/, "Z");
}

function formatSignature(signature: string | { readonly ostreeRemote: string }): string {
  if (typeof signature !== "string") return `ostree-remote:${signature.ostreeRemote}`;
  return signature === "containerPolicy" ? "container-policy" : signature;
}

function yesNo(value: boolean): string {
  return value ? "yes" : "no";
}

/** YAML 1.2 in block style, two spaces, as `bootc status` prints where there is no terminal. */
export function formatHostYaml(host: Host): string {
  return formatYaml(host, 0);
}

function formatYaml(value: unknown, depth: number): string {
  const indent = "  ".repeat(depth);
  if (Array.isArray(value)) {
    return value.map((item) => `${indent}- ${formatYaml(item, depth + 1).slice(2 * (depth + 1))}`).join("");
  }
  if (value === null || typeof value !== "object") return `${indent}${formatScalar(value)}\n`;
  return Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => {
      const isNested = member !== null && typeof member === "object";
      return `${indent}${key}:${isNested ? `\n${formatYaml(member, depth + (Array.isArray(member) ? 0 : 1))}` : ` ${formatScalar(member)}\n`}`;
    })
    .join("");
}

/** Plain where no YAML parser can take it for anything but a text. */
const PLAIN_TEXT = /^[A-Za-z/](?:[\w./@+-]|:(?!$))*$/;
const RESERVED = /^(?:null|true|false|yes|no|on|off|y|n)$/i;

function formatScalar(value: unknown): string {
  if (typeof value !== "string") return String(value);
  return PLAIN_TEXT.test(value) && !RESERVED.test(value) ? value : JSON.stringify(value);
}

/** What `root rotate` and `root revoke` can change of a root: the options, and the changes that are made of them. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import { KEY_ID_PATTERN, type KeyId } from "../trust/keys.ts";
import type { RootChanges } from "../trust/next-root.ts";
import type { Role, RootDocument } from "../trust/root-document.ts";
import type { Signer } from "../trust/signer.ts";
import { formatUtcTime } from "../trust/utc-time.ts";
import { buildClock } from "./build-clock.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { type NamedKey, openNamedKey } from "./named-key.ts";
import { collect, utcTime, wholeNumber } from "./options.ts";
import { isFile } from "./read-input.ts";

type Names = readonly string[];

export interface RootChangeOptions {
  readonly addRootKey?: Names;
  readonly addReleaseKey?: Names;
  readonly addCountersignKey?: Names;
  readonly removeRootKey?: Names;
  readonly removeReleaseKey?: Names;
  readonly removeCountersignKey?: Names;
  readonly thresholdRoot?: number;
  readonly thresholdRelease?: number;
  readonly thresholdCountersign?: number;
  readonly expires?: Date;
  readonly expiry: boolean;
  readonly revokeKey?: Names;
  readonly revokeRelease?: readonly Digest[];
  readonly minSequence?: readonly { readonly name: string; readonly sequence: number }[];
  readonly allowDowngrade?: readonly Digest[];
  readonly allowSuccessor?: readonly { readonly name: string; readonly successor: string }[];
  readonly dropPermissions?: boolean;
  readonly passphraseFile?: Names;
}

const ROLES = ["root", "release", "countersign"] as const;
const MIN_ID_DIGITS = 8;

export function addRootChangeOptions(command: Command): Command {
  const repeated = (flags: string, does: string) => new Option(flags, `${does}; repeatable`);
  for (const role of ROLES) {
    const signs = role === "root" ? " (NAME.key signs, NAME.pub is listed)" : "";
    command.addOption(
      repeated(`--add-${role}-key <file>`, `key that gets the role ${role}${signs}`).argParser(collect),
    );
    command.addOption(repeated(`--remove-${role}-key <file|id>`, `key that loses the role ${role}`).argParser(collect));
    command.addOption(
      new Option(`--threshold-${role} <n>`, `how many ${role} keys must sign`).argParser(wholeNumber(1)),
    );
  }
  return command
    .addOption(
      new Option("--expires <time>", "after this time devices accept no release under this root").argParser(utcTime),
    )
    .addOption(new Option("--no-expiry", "it never expires").conflicts("expires"))
    .addOption(
      repeated("--revoke-key <file|id>", "key that counts for nothing any more, in any role").argParser(collect),
    )
    .addOption(
      repeated("--revoke-release <digest>", "payload digest of a release that is withdrawn").argParser(each(digest)),
    )
    .addOption(
      repeated("--min-sequence <name=n>", "lowest sequence of a release name that devices install").argParser(
        each(minSequence),
      ),
    )
    .addOption(
      repeated("--allow-downgrade <digest>", "payload digest of a release that devices may go back to").argParser(
        each(digest),
      ),
    )
    .addOption(
      repeated("--allow-successor <old=new>", "devices that follow the name OLD may follow NEW instead").argParser(
        each(successor),
      ),
    )
    .addOption(new Option("--drop-permissions", "leave out the downgrades and successors that the old root allows"));
}

function each<T>(parse: (text: string) => T): (text: string, earlier: readonly T[] | undefined) => readonly T[] {
  return (text, earlier) => [...(earlier ?? []), parse(text)];
}

function digest(text: string): Digest {
  if (DIGEST_PATTERN.test(text)) return text as Digest;
  throw new InvalidArgumentError("Expected sha256: and 64 hexadecimal digits, as `release list` and `inspect` print.");
}

function minSequence(text: string) {
  const [name, number] = pair(text);
  return { name, sequence: wholeNumber(1)(number) };
}

function successor(text: string) {
  const [name, next] = pair(text);
  return { name, successor: next };
}

function pair(text: string): readonly [string, string] {
  const [, left, right] = /^([^=]+)=([^=]+)$/.exec(text) ?? [];
  if (left === undefined || right === undefined) throw new InvalidArgumentError("Expected two words with = between.");
  return [left, right];
}

/** Whether anything is to be forbidden: what `root revoke` is for. */
export function hasRevocations({ revokeKey = [], revokeRelease = [], minSequence = [] }: RootChangeOptions): boolean {
  return revokeKey.length + revokeRelease.length + minSequence.length > 0;
}

/**
 * @returns the changes, and signers of those new root keys that were given as private keys
 * @throws CliError CLI_USAGE for keys that OLD does not know or has revoked; TrustError and HostError for key files
 */
export async function readRootChanges(
  context: CliContext,
  old: RootDocument,
  options: RootChangeOptions,
): Promise<{ readonly changes: RootChanges; readonly signers: readonly Signer[] }> {
  const passphraseFile = options.passphraseFile?.[0];
  const added: (NamedKey & { readonly role: Role })[] = [];
  const remove: { role: Role; keyId: KeyId }[] = [];
  const files = { root: options.addRootKey, release: options.addReleaseKey, countersign: options.addCountersignKey };
  const gone = {
    root: options.removeRootKey,
    release: options.removeReleaseKey,
    countersign: options.removeCountersignKey,
  };
  for (const role of ROLES) {
    for (const file of files[role] ?? []) {
      const key = await openNamedKey(context, file, passphraseFile);
      if (old.revokedKeys.includes(key.publicKey.keyId)) {
        throw new CliError("CLI_USAGE", `${file} holds key ${key.publicKey.keyId}, which is revoked for good`);
      }
      added.push({ ...key, role });
    }
    for (const word of gone[role] ?? []) {
      const keyId = await findKey(context, word, old, passphraseFile);
      if (!old.roles[role]?.keyIds.includes(keyId)) {
        throw new CliError("CLI_USAGE", `key ${keyId} does not hold the role "${role}" in root version ${old.version}`);
      }
      remove.push({ role, keyId });
    }
  }
  const revokeKeys: KeyId[] = [];
  for (const word of options.revokeKey ?? []) revokeKeys.push(await findKey(context, word, old, passphraseFile));
  const changes: RootChanges = {
    createdAt: formatUtcTime(buildClock(context).nowUtc()),
    expiresAt: options.expiry ? options.expires && formatUtcTime(options.expires) : null,
    add: added.map(({ role, publicKey, label }) => ({ role, key: publicKey, label })),
    remove,
    thresholds: {
      root: options.thresholdRoot,
      release: options.thresholdRelease,
      countersign: options.thresholdCountersign,
    },
    revokeKeys,
    revokeReleases: options.revokeRelease ?? [],
    minSequences: options.minSequence ?? [],
    downgrades: options.allowDowngrade ?? [],
    successors: options.allowSuccessor ?? [],
    dropPermissions: options.dropPermissions ?? false,
  };
  const signers = added.flatMap(({ role, signer }) => (role === "root" && signer !== undefined ? [signer] : []));
  return { changes, signers };
}

/** A key by its file, by its id, or by at least eight digits with which one listed id begins. */
async function findKey(
  context: CliContext,
  word: string,
  { keys, version }: RootDocument,
  passphraseFile: string | undefined,
): Promise<KeyId> {
  if (isFile(context.path(word))) return (await openNamedKey(context, word, passphraseFile)).publicKey.keyId;
  if (KEY_ID_PATTERN.test(word)) return word as KeyId;
  const matching = keys.filter(({ keyId }) => word.length >= MIN_ID_DIGITS && keyId.startsWith(word));
  const [match] = matching;
  if (match !== undefined && matching.length === 1) return match.keyId;
  throw new CliError("CLI_USAGE", `${JSON.stringify(word)} is no key file, and no key of root version ${version}`);
}

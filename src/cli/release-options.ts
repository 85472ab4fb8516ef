/**
 * What `release create` and `media write` have in common: the options that say what a release is to be, the draft that is
 * made of them, and the words about what was made.
 */
import { type Command, Option } from "commander";
import type { AbsPath } from "../path.ts";
import type { ArchitectureChoice } from "../release/architecture.ts";
import type { CreatedRelease } from "../release/create-release.ts";
import type { HomelessDraft, ReleaseDraft } from "../release/release-draft.ts";
import { missingSignatures } from "../release/signer-roles.ts";
import type { KeyId } from "../trust/keys.ts";
import type { TrustedRoot } from "../trust/root.ts";
import { newestOf } from "../trust/root-chain.ts";
import { formatUtcTime } from "../trust/utc-time.ts";
import { buildClock } from "./build-clock.ts";
import type { CliContext } from "./context.ts";
import { addDeltaOptions, type DeltaOptions, readDelta } from "./delta-options.ts";
import { CliError } from "./error.ts";
import { addSigningOptions, collect, type SigningOptions, utcTime, wholeNumber } from "./options.ts";
import type { Output } from "./output.ts";
import { readInputFile } from "./read-input.ts";
import { readRootChain } from "./read-root.ts";
import { describeStatement } from "./release-facts.ts";
import { openSigners } from "./signers.ts";
import { parseTargetArguments } from "./target-argument.ts";

export interface ReleaseOptions extends SigningOptions, DeltaOptions {
  readonly name: string;
  readonly compatible?: readonly string[];
  readonly releaseVersion?: string;
  readonly sequence: number | "next";
  readonly arch?: readonly string[];
  readonly allArchitectures?: boolean;
  readonly deviceId?: readonly string[];
  readonly app?: readonly string[];
  readonly notes?: string;
  readonly notesFile?: string;
  readonly expires?: Date;
  readonly minSequence?: number;
  readonly minAgent?: string;
  readonly root?: string;
  readonly tree: boolean;
  readonly verifyWritten: boolean;
}

export const SOURCES_HELP = `SOURCE is oci:DIR[:TAG], oci-archive:FILE[:TAG], or, through skopeo, docker://NAME, containers-storage:NAME, docker-daemon:NAME:TAG or docker-archive:FILE. Fetched images stay in $TMPDIR for the time of the command.`;

export function addReleaseOptions(command: Command): Command {
  addWhatOptions(command);
  addHowOptions(command);
  addDeltaOptions(command);
  return addSigningOptions(command, "release");
}

/** What the release says. */
function addWhatOptions(command: Command): void {
  command
    .addOption(new Option("--name <name>", "what devices follow").makeOptionMandatory())
    .addOption(
      new Option(
        "--sequence <n|next>",
        "rises with each release of the name; next: one above the highest on the medium",
      )
        .argParser((text) => (text === "next" ? text : wholeNumber(1)(text)))
        .makeOptionMandatory(),
    )
    .addOption(
      new Option("--release-version <version>", "for people; else the image's label org.opencontainers.image.version"),
    )
    .addOption(
      new Option("--compatible <kind>", "kind of device that sources without a prefix are for; repeatable").argParser(
        collect,
      ),
    )
    .addOption(
      new Option("--arch <architecture>", "carry this architecture of each source; repeatable").argParser(collect),
    )
    .addOption(new Option("--all-architectures", "carry all architectures of each source").conflicts("arch"))
    .addOption(new Option("--device-id <id>", "only for this device; repeatable").argParser(collect))
    .addOption(
      new Option(
        "--app <name=source>",
        "where a container image that belongs to the system is; one that it binds is fetched by its name otherwise; repeatable",
      ).argParser(collect),
    )
    .addOption(new Option("--notes <text>", "shown to the operator").conflicts("notesFile"))
    .addOption(new Option("--notes-file <file>", "file with the notes, plain text in UTF-8"))
    .addOption(new Option("--expires <time>", "devices do not install it after this time").argParser(utcTime))
    .addOption(
      new Option("--min-sequence <n>", "only for devices that have confirmed this sequence").argParser(wholeNumber(1)),
    )
    .addOption(new Option("--min-agent <version>", "only for devices with this bootferry or a newer one"));
}

/** How it is made. */
function addHowOptions(command: Command): void {
  command
    .addOption(
      new Option(
        "--root <file>",
        "check that the keys may sign releases under this trust root; a chain travels along on the medium",
      ),
    )
    .addOption(new Option("--no-tree", "leave out what the native engine needs: only bootc hosts can install it"))
    .addOption(
      new Option("--no-verify-written", "do not read back what was written; take blobs that are there as they are"),
    );
}

/**
 * Reads keys, notes and the root, and asks for passphrases, so that what is wrong with them shows before a medium is touched.
 * @param withSigners false leaves the keys alone: for a rehearsal
 * @param basesIn places to look for the bases of a delta in, besides those that are named
 */
export async function readDraft(
  context: CliContext,
  sources: readonly string[],
  options: ReleaseOptions,
  withSigners = true,
  basesIn: readonly AbsPath[] = [],
): Promise<HomelessDraft> {
  const { minSequence, minAgent } = options;
  const chain = options.root === undefined ? undefined : readRootChain(context, options.root);
  const root = chain && newestOf(chain);
  return {
    name: options.name,
    version: options.releaseVersion,
    sequence: options.sequence,
    createdAt: formatUtcTime(buildClock(context).nowUtc()),
    expiresAt: options.expires === undefined ? null : formatUtcTime(options.expires),
    notes: notesOf(context, options),
    devices: options.deviceId ?? null,
    requires: {
      ...(minSequence === undefined ? {} : { minSequence }),
      ...(minAgent === undefined ? {} : { minAgent }),
    },
    targets: parseTargetArguments(sources, options.compatible ?? []),
    apps: (options.app ?? []).map(parseApp),
    architectures: architecturesOf(options),
    withTree: options.tree,
    signers: withSigners ? await openSigners(context, options) : [],
    root,
    // The first root comes with the device's image: alone it would tell nobody anything.
    carriedRoots: chain === undefined || root?.version === 1 ? [] : chain,
    verifyWritten: options.verifyWritten,
    delta: await readDelta(context, options, basesIn),
  };
}

function notesOf(context: CliContext, { notes, notesFile }: ReleaseOptions): string {
  if (notesFile === undefined) return notes ?? "";
  return readInputFile(context.path(notesFile)).toString("utf8").trimEnd();
}

function architecturesOf({ arch, allArchitectures }: ReleaseOptions): ArchitectureChoice {
  if (allArchitectures) return { kind: "all" };
  return arch === undefined ? { kind: "only" } : { kind: "named", architectures: arch };
}

function parseApp(text: string): ReleaseDraft["apps"][number] {
  const [, name, source] = /^([^=]+)=(.+)$/.exec(text) ?? [];
  if (name !== undefined && source !== undefined) return { name, source };
  throw new CliError("CLI_USAGE", `--app wants NAME=SOURCE, got ${JSON.stringify(text)}`);
}

export interface CreationReport {
  /** For --json. */
  readonly facts: Readonly<Record<string, unknown>> & { readonly missingSignatures: readonly unknown[] };
  /** For people. */
  readonly lines: readonly string[];
}

/** Says which signatures devices with this root still want. */
export function warnOfMissing(output: Output, signedBy: readonly KeyId[], root: TrustedRoot | undefined) {
  const missing = root === undefined ? [] : missingSignatures(signedBy, root);
  for (const { role, count } of missing) {
    output.warn(`devices want ${count} more signature(s) of role ${role}: add them with \`bootferry release sign\``);
  }
  return missing;
}

/** What was made; warnings, and what is still missing, are said at once. */
export function reportCreated(output: Output, draft: HomelessDraft, created: CreatedRelease): CreationReport {
  const { statement, payloadDigest, manifestDigest, signedBy, warnings } = created;
  for (const warning of warnings) output.warn(warning);
  const missing = warnOfMissing(output, signedBy, draft.root);
  return {
    facts: { statement, payloadDigest, manifestDigest, signatures: signedBy, missingSignatures: missing, warnings },
    lines: [
      ...describeStatement(statement),
      `payload   ${payloadDigest}`,
      ...signedBy.map((keyId) => `signed    ${keyId}`),
    ],
  };
}

/** `bootferry release verify`: would devices with this root accept what is on the medium, and is it all there? */
import { type Command, Option } from "commander";
import { BundleError } from "../../bundle/error.ts";
import { openMedium } from "../../bundle/medium.ts";
import { listRoots } from "../../bundle/read-root.ts";
import { type CodedError, EXIT, type ExitStatus } from "../../error.ts";
import { baseOpener } from "../../release/delta/find-bases.ts";
import { findRelease, readReleases } from "../../release/existing-releases.ts";
import { followedRoot, type JudgedRoot, judgeRoots } from "../../release/judge-roots.ts";
import { type VerifyResult, verifyReleases } from "../../release/verify-releases.ts";
import { TrustError } from "../../trust/error.ts";
import { carriedRootFacts } from "../carried-roots.ts";
import type { CliContext } from "../context.ts";
import { describeNeeds, formFacts } from "../delta-facts.ts";
import { formatBytes } from "../format-units.ts";
import { addTeaching } from "../help.ts";
import { addMediumArgument, addOutputOptions, collect, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootChain } from "../read-root.ts";
import { distinctProblems, releaseFacts, releaseTitle } from "../release-facts.ts";
import { releasePorts } from "../release-ports.ts";

interface Options extends OutputOptions {
  readonly root: string;
  readonly release?: string;
  readonly baseFrom?: readonly string[];
}

export function registerReleaseVerify(parent: Command, context: CliContext): void {
  const command = parent
    .command("verify")
    .summary("check signatures and every byte of releases")
    .description(
      "Checks releases on a medium as a device with this trust root would: follows the roots that the medium carries, then looks at signatures, thresholds, revocations, and digest and size of every blob. Of a delta it checks every file that is there, and with --base-from that a device with the base lacks nothing. " +
        "To check the medium itself and not the memory of this computer, remove it and insert it again first.",
    );
  addMediumArgument(command);
  command
    .addOption(new Option("--root <file>", "the trust root of the devices").makeOptionMandatory())
    .addOption(releaseOption("only this release"))
    .addOption(
      new Option(
        "--base-from <directory>",
        "for deltas: a medium or directory with the base, to see that nothing is missing; repeatable",
      ).argParser(collect),
    )
    .action((directory: string, options: Options) => run(context, directory, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Check a stick before it travels", command: "bootferry release verify /media/usb --root root.json" },
    ],
    exits: [EXIT.notTrusted, EXIT.medium],
  });
}

async function run(context: CliContext, directory: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const chain = readRootChain(context, options.root);
  const medium = await openMedium(context.path(directory), context.signal);
  const { releases, problems: badReleases } = await readReleases(medium, context.signal);
  const carried = await listRoots(medium, context);
  const problems = distinctProblems([...badReleases, ...carried.problems]);
  const roots = judgeRoots(carried.roots, chain);
  const chosen = options.release === undefined ? releases : [findRelease(releases, options.release)];
  if (chosen.length + problems.length + roots.length === 0) {
    throw new BundleError("BUNDLE_NO_RELEASE", `${medium.layout.location} holds no release`);
  }
  const unreadable = options.release === undefined ? problems : [];
  const root = followedRoot(roots, chain);
  const openBase = baseOpener(
    (options.baseFrom ?? []).map((text) => context.path(text)),
    context.signal,
  );
  const results = await verifyReleases(medium, chosen, root, releasePorts(context, output), openBase);
  output.result(
    {
      results: results.map(resultFacts),
      roots: roots.map((judged) => ({ ...carriedRootFacts(judged), kind: judged.kind })),
      rootVersion: root.version,
      problems: unreadable.map(({ digest, error }) => ({ digest, ...errorFacts(error) })),
    },
    () =>
      [
        ...roots.map(describeJudged),
        ...results.map(describe),
        ...unreadable.map(({ digest, error }) => `BAD   ${digest}\n${explain(error)}`),
      ].join("\n"),
  );
  const errors = [
    ...roots.flatMap(({ kind, root: { version } }) => (kind === "unfollowed" ? [unfollowed(version)] : [])),
    ...results.flatMap((result) => (result.kind === "bad" ? [result.error] : [])),
    ...unreadable.map(({ error }) => error),
  ];
  const worst = worstStatus(errors);
  if (worst !== undefined) context.setExitStatus(worst);
}

function unfollowed(version: number): TrustError {
  return new TrustError("TRUST_ROOT_NOT_SUCCESSOR", `root version ${version} does not follow from the given root`);
}

function describeJudged({ kind, root: { version, digest } }: JudgedRoot): string {
  const title = `root version ${version}  ${digest.slice(0, 19)}`;
  switch (kind) {
    case "known":
      return `good  ${title}  known`;
    case "older":
      return `good  ${title}  older than the given one: it changes nothing`;
    case "followed":
      return `good  ${title}  devices follow it, and check releases under it`;
    case "unfollowed":
      return `BAD   ${title}\n${explain(unfollowed(version))}`;
  }
}

/** Distrust outweighs a broken medium, which outweighs the rest. */
function worstStatus(errors: readonly CodedError[]): ExitStatus | undefined {
  const statuses = errors.map((error) => error.exitStatus);
  return [EXIT.notTrusted, EXIT.medium].find((status) => statuses.includes(status)) ?? statuses[0];
}

function resultFacts(result: VerifyResult): Readonly<Record<string, unknown>> {
  const facts = releaseFacts(result.found);
  return result.kind === "good"
    ? { ...facts, verified: true, signedBy: result.signedBy, ...contentsFacts(result) }
    : { ...facts, verified: false, error: errorFacts(result.error) };
}

function contentsFacts({ blobs, bytes, forms, wasCompared }: VerifyResult & { readonly kind: "good" }) {
  return { blobs, bytes, carried: forms.map(formFacts), wasComparedWithBases: wasCompared };
}

function errorFacts({ code, message, remedy }: CodedError) {
  return { code, message, remedy };
}

function describe(result: VerifyResult): string {
  const title = releaseTitle(result.found.statement);
  if (result.kind === "bad") return `BAD   ${title}\n${explain(result.error)}`;
  const what = `${result.blobs} blobs, ${formatBytes(result.bytes)}`;
  const needs = describeNeeds(result.forms, result.wasCompared).map((need) => `\n      ${need}`);
  return `good  ${title}  ${what}, signed by ${result.signedBy.join(", ")}${needs.join("")}`;
}

function explain({ message, code, remedy }: CodedError): string {
  return `      ${message} [${code}]\n      ${remedy}`;
}

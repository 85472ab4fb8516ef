/** `bootferry release inspect`: one release in full. */
import { type Command, Option } from "commander";
import { openMedium } from "../../bundle/medium.ts";
import { listRoots } from "../../bundle/read-root.ts";
import { EXIT } from "../../error.ts";
import { readFormsIfThere } from "../../release/delta/read-forms.ts";
import { findRelease, readReleases } from "../../release/existing-releases.ts";
import { carriedRootFacts, describeCarriedRoot } from "../carried-roots.ts";
import type { CliContext } from "../context.ts";
import { describeForm, formFacts } from "../delta-facts.ts";
import { addTeaching } from "../help.ts";
import { addMediumOrFileArgument, addOutputOptions, releaseOption } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { isFile } from "../read-input.ts";
import { readReleaseFile } from "../read-release-file.ts";
import { describeStatement } from "../release-facts.ts";

interface Options extends OutputOptions {
  readonly release?: string;
  readonly payload?: boolean;
}

export function registerReleaseInspect(parent: Command, context: CliContext): void {
  const command = parent
    .command("inspect")
    .summary("show one release in full")
    .description(
      "Shows the statement of a release, who is said to have signed it, whether it is there in full or as a delta and what that saves, and the trust roots that the medium carries. Nothing is verified.",
    );
  addMediumOrFileArgument(command);
  command
    .addOption(releaseOption())
    .addOption(new Option("--payload", "print the signed bytes as they are, and nothing else").conflicts("json"))
    .action(async (where: string, options: Options) => {
      const output = context.openOutput(options);
      const { envelope, statement, payloadDigest, manifestDigest, roots, forms } = isFile(context.path(where))
        ? { ...readReleaseFile(context, where), manifestDigest: undefined, roots: [], forms: undefined }
        : await onMedium(context, where, options.release);
      if (options.payload) {
        context.stdout.write(envelope.payload);
        return;
      }
      const signatures = envelope.signatures.map(({ keyId }) => keyId);
      const carried = forms?.map(formFacts) ?? null;
      const carriedRoots = roots.map(carriedRootFacts);
      output.result({ statement, payloadDigest, manifestDigest, signatures, carried, roots: carriedRoots }, () =>
        [
          ...describeStatement(statement),
          `payload   ${payloadDigest}`,
          ...(manifestDigest === undefined ? [] : [`manifest  ${manifestDigest}`]),
          ...(forms ?? []).flatMap(describeForm),
          ...signatures.map((keyId) => `signature by ${keyId} (not verified)`),
          ...roots.map((root) => `beside it ${describeCarriedRoot(root)}`),
        ].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Show the only release on a stick", command: "bootferry release inspect /media/usb" },
      { does: "Show one of several", command: "bootferry release inspect /media/usb --release kiosk-os@42.3.1 --json" },
      { does: "Show what a file asks you to sign", command: "bootferry release inspect kiosk-os-42.json" },
    ],
    exits: [EXIT.medium],
  });
}

async function onMedium(context: CliContext, directory: string, selector: string | undefined) {
  const medium = await openMedium(context.path(directory), context.signal);
  const { releases } = await readReleases(medium, context.signal);
  const { release, statement, payloadDigest } = findRelease(releases, selector);
  const { roots } = await listRoots(medium, context);
  const forms = await readFormsIfThere(medium, statement, context.signal);
  return { envelope: release.envelope, statement, payloadDigest, manifestDigest: release.manifestDigest, roots, forms };
}

/** `bootferry root publish`: trust roots onto a medium, with or without releases. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { publishRoots } from "../../release/publish-roots.ts";
import { formatEnvelope } from "../../trust/dsse.ts";
import { joinRoots } from "../../trust/join-roots.ts";
import { parseRootFile } from "../../trust/root-chain.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { requireDirectory } from "../read-input.ts";
import { readRootEnvelopes } from "../read-root.ts";

export function registerRootPublish(parent: Command, context: CliContext): void {
  const command = parent
    .command("publish")
    .summary("put trust roots onto a medium")
    .description(
      "Puts each root of a verified chain onto a medium, as an artifact of its own. Devices that trust a root of the chain follow it to the newest one, before they look at releases; a medium may carry nothing else. " +
        "Give the chain from the oldest root that a device may still have. `bootferry release create --root CHAIN` carries it along by itself.",
    )
    .argument("<file...>", "the chain, in one file or several")
    .addOption(new Option("--to <directory>", "mount point of the medium, or any directory").makeOptionMandatory())
    .action(async (files: readonly string[], options: OutputOptions & { readonly to: string }) => {
      const output = context.openOutput(options);
      const joined = joinRoots(files.flatMap((file) => readRootEnvelopes(context, file)));
      const roots = parseRootFile(Buffer.concat(joined.map(({ envelope }) => formatEnvelope(envelope))));
      const medium = requireDirectory(context.path(options.to));
      await publishRoots(medium, roots, context);
      output.result({ medium, roots: roots.map(({ version, digest }) => ({ version, digest })) }, () =>
        [...roots.map(({ version, digest }) => `root ${version}    ${digest}`), `medium    ${medium}`].join("\n"),
      );
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Make a stick that carries a revocation", command: "bootferry root publish chain.json --to /media/usb" },
    ],
    exits: [EXIT.notTrusted, EXIT.noSpace, EXIT.medium, EXIT.busy],
  });
}

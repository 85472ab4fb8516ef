/** `bootferry root sign`: the second and further signatures of a root. */
import { type Command, Option } from "commander";
import { EXIT } from "../../error.ts";
import { writeDurably } from "../../host/durable-write.ts";
import { addSignatures, formatEnvelope } from "../../trust/dsse.ts";
import { TrustError } from "../../trust/error.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { verifyRootSigners } from "../next-root.ts";
import { addOutputOptions, addSigningOptions, type SigningOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootEnvelope, readRootFile } from "../read-root.ts";
import { describeRoot, rootFacts } from "../root-facts.ts";
import { openSigners } from "../signers.ts";

export function registerRootSign(parent: Command, context: CliContext): void {
  const command = parent
    .command("sign")
    .summary("add a signature to a trust root")
    .description(
      "Adds the signature of a root key to a root that was made elsewhere. What is signed stays byte for byte the same. " +
        "Holders of keys of the root before it sign as well: they name that root with --previous.",
    )
    .argument("<file>", "the root, as written by `bootferry root create` or `rotate`; it is replaced")
    .addOption(
      new Option("--previous <file>", "the root before it: its root keys may sign too, and its threshold is looked at"),
    )
    .action(async (file: string, options: SigningOptions & OutputOptions & { readonly previous?: string }) => {
      const output = context.openOutput(options);
      const path = context.path(file);
      const unsigned = readRootEnvelope(context, file);
      const previous = options.previous === undefined ? undefined : readRootFile(context, options.previous).document;
      const { document } = rootFacts(unsigned);
      if (previous !== undefined && previous.version + 1 !== document.version) {
        const message = `${file} has version ${document.version}, which does not follow version ${previous.version}`;
        throw new TrustError("TRUST_ROOT_NOT_SUCCESSOR", message);
      }
      output.note(`to be signed:\n${describeRoot(rootFacts(unsigned, previous), previous)}\n`);
      const signers = await openSigners(context, options); // asks for passphrases: after it was shown
      verifyRootSigners(signers, previous === undefined ? [document] : [document, previous]);
      const envelope = await addSignatures(unsigned, signers);
      writeDurably(path, formatEnvelope(envelope));
      const facts = rootFacts(envelope, previous);
      output.result({ file: path, ...facts }, () => describeRoot(facts, previous));
    });
  addSigningOptions(command, "root");
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      { does: "Add the second of two signatures", command: "bootferry root sign root.json --key ben.key" },
      {
        does: "Agree to a new root as the holder of a key of the old one",
        command: "bootferry root sign root-2.json --previous root.json --key ann.key",
      },
    ],
    exits: [EXIT.notTrusted],
  });
}

/** `bootferry root sign`: the second and further signatures of a root. */
import type { Command } from "commander";
import { EXIT } from "../../error.ts";
import { writeDurably } from "../../host/durable-write.ts";
import { addSignature, formatEnvelope } from "../../trust/dsse.ts";
import { TrustError } from "../../trust/error.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, addSigningOptions, type SigningOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { readRootEnvelope } from "../read-root.ts";
import { describeRoot, rootFacts } from "../root-facts.ts";
import { openSigners } from "../signers.ts";

export function registerRootSign(parent: Command, context: CliContext): void {
  const command = parent
    .command("sign")
    .summary("add a signature to a trust root")
    .description(
      "Adds the signature of a root key to a root that was made elsewhere. What is signed stays byte for byte the same.",
    )
    .argument("<file>", "the root, as written by `bootferry root create`; it is replaced")
    .action(async (file: string, options: SigningOptions & OutputOptions) => {
      const output = context.openOutput(options);
      const path = context.path(file);
      let envelope = readRootEnvelope(context, file);
      const { document } = rootFacts(envelope);
      for (const signer of await openSigners(context, options)) {
        const { keyId } = signer.publicKey;
        if (!document.roles.root.keyIds.includes(keyId)) {
          throw new TrustError("TRUST_KEY_UNKNOWN", `key ${keyId} does not hold the role "root" in ${file}`);
        }
        envelope = await addSignature(envelope, signer);
      }
      writeDurably(path, formatEnvelope(envelope));
      const facts = rootFacts(envelope);
      output.result({ file: path, ...facts }, () => describeRoot(facts));
    });
  addSigningOptions(command, "root");
  addOutputOptions(command);
  addTeaching(command, {
    examples: [{ does: "Add the second of two signatures", command: "bootferry root sign root.json --key ben.key" }],
    exits: [EXIT.notTrusted],
  });
}

/** What the verbs on registries have in common: the place, and how to get at it. */
import { type Command, Option } from "commander";
import { parseRegistryReference, type RegistryReference } from "../release/registry/reference.ts";
import { openRegistry, type Registry } from "../release/registry/registry.ts";
import type { CliContext } from "./context.ts";

export interface RegistryOptions {
  readonly authfile?: string;
  readonly certDir?: string;
  readonly tlsVerify: "true" | "false";
}

export const REGISTRY_ARGUMENT = "docker://HOST[:PORT]/REPOSITORY[:TAG]; the tag is `latest` unless given";

export function addRegistryOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--authfile <file>",
        "passwords of registries, as `skopeo login --authfile` writes them; else what `skopeo login` has kept",
      ),
    )
    .addOption(
      new Option(
        "--cert-dir <directory>",
        "certificate of the registry's authority (*.crt), and our own (*.cert, *.key)",
      ),
    )
    .addOption(
      new Option("--tls-verify <true|false>", "whether the registry must have TLS and a certificate that is in order")
        .choices(["true", "false"])
        .default("true"),
    );
}

export interface NamedRegistry {
  readonly reference: RegistryReference;
  readonly registry: Registry;
}

/** @throws ReleaseError RELEASE_REGISTRY_REFERENCE_INVALID */
export function namedRegistry(context: CliContext, text: string, options: RegistryOptions): NamedRegistry {
  const reference = parseRegistryReference(text);
  const access = {
    authFile: options.authfile === undefined ? undefined : context.path(options.authfile),
    certDirectory: options.certDir === undefined ? undefined : context.path(options.certDir),
    verifyTls: options.tlsVerify === "true",
  };
  return { reference, registry: openRegistry(reference.repository, access, context) };
}

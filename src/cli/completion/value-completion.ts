/** What a shell offers where a value stands: read from its placeholder in the help, so that no verb has to say it twice. */
import type { ValueShape } from "../command-shape.ts";

export type ValueCompletion =
  | { readonly kind: "words"; readonly words: readonly string[] }
  /** Files that end in one of these, all files when it is empty; directories come along. */
  | { readonly kind: "files"; readonly suffixes: readonly string[] }
  | { readonly kind: "directories" }
  | { readonly kind: "devices" }
  /** Sources of images: a transport, and a path behind it. */
  | { readonly kind: "images" };

/** As `release create` takes them; a shell adds the path. */
export const IMAGE_TRANSPORTS: readonly string[] = [
  "oci:",
  "oci-archive:",
  "docker://",
  "containers-storage:",
  "docker-daemon:",
  "docker-archive:",
];

/** Devices with other processors than these type the name. */
const ARCHITECTURES: readonly string[] = ["amd64", "arm64", "arm", "riscv64"];
const DEPLOYMENTS: readonly string[] = ["booted", "staged", "rollback"];

/**
 * Nothing for a value that only the person knows.
 * @param name the option (`--key`), or the words of the command whose operand it is (`key show`)
 */
export function completeValue({ placeholder, choices }: ValueShape, name: string): readonly ValueCompletion[] {
  if (choices.length > 0) return [{ kind: "words", words: choices }];
  return placeholder.split("|").flatMap((part) => completePart(part, name));
}

function completePart(part: string, name: string): readonly ValueCompletion[] {
  switch (part) {
    case "file":
    case "old":
      return [{ kind: "files", suffixes: suffixesFor(name) }];
    case "ledger":
      return [{ kind: "files", suffixes: [".jsonl"] }];
    case "source":
    case "sources":
      return [{ kind: "directories" }, { kind: "files", suffixes: [".jsonl"] }];
    case "pub=command":
      return [{ kind: "files", suffixes: [".pub"] }];
    case "directory":
    case "dir":
    case "medium":
    case "target":
      return [{ kind: "directories" }];
    case "device":
      return name === "--accept-new-key" ? [] : [{ kind: "devices" }]; // a device that is updated, by its name
    case "[compatible=]source":
      return [{ kind: "images" }];
    case "registry":
      return [{ kind: "words", words: ["docker://"] }];
    case "next":
      return [{ kind: "words", words: ["next"] }];
    case "architecture":
      return [{ kind: "words", words: ARCHITECTURES }];
    case "deployment":
      return [{ kind: "words", words: DEPLOYMENTS }];
    default:
      return [];
  }
}

function suffixesFor(name: string): readonly string[] {
  if (name === "--key") return [".key"];
  if (/^--.+-key$/.test(name) || name === "key show") return [".key", ".pub"];
  if (/^--(?:trust-)?root$/.test(name) || name === "--previous" || /^(?:root|release) /.test(name)) return [".json"];
  if (name === "--ledger") return [".jsonl"];
  if (name === "support open") return [".age"];
  if (/^--(?:agent-)?config$/.test(name)) return [".toml"];
  return [];
}

/**
 * Kernel arguments that an image brings: `/usr/lib/bootc/kargs.d/*.toml` (bootc: crates/lib/src/bootc_kargs.rs).
 *
 * Files are read in the order of their names and only those that end in `.toml`. `kargs` is required,
 * `match-architectures` (in Rust's names: `x86_64`) limits a file, and any other key is an error: a misspelt one would
 * change how a device boots. Unlike bootc, an image without the directory brings no arguments, instead of keeping those
 * of the image before it. On an update the arguments of the old image go and those of the new one come; what is local
 * to the machine stays.
 */
import { z } from "zod";
import { displayBytes, utf8ToByteString } from "../../path.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { readFileContent } from "../../store/read-content.ts";
import type { DirectoryNode } from "../../tree/node.ts";
import { findNode } from "../../tree/walk.ts";
import { DeployError } from "../error.ts";
import type { Kargs } from "./command-line.ts";
import { parseImageToml } from "./parse-image-toml.ts";

const KARGS_DIRECTORY = ["usr", "lib", "bootc", "kargs.d"].map(utf8ToByteString);

/** GOARCH of OCI images → `std::env::consts::ARCH` of Rust, which bootc compares with. */
const RUST_ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: "x86_64",
  arm64: "aarch64",
  arm: "arm",
  "386": "x86",
  riscv64: "riscv64",
  ppc64le: "powerpc64",
  s390x: "s390x",
  loong64: "loongarch64",
};

/** One argument: no control characters, and blanks only inside double quotes, as the kernel reads its command line. */
const karg = z.string().regex(/^(?:[^\s"\p{Cc}]|"[^"\p{Cc}]*")+$/u, "not one kernel argument");

const kargsFileSchema = z.strictObject({
  kargs: z.array(karg),
  "match-architectures": z.array(z.string()).optional(),
});

/**
 * The arguments of an image, in the order of its files.
 * @param architecture as the OCI image names it: `amd64`, `arm/v7`
 * @throws DeployError DEPLOY_KARGS_INVALID; StoreError
 */
export function readImageKargs(root: DirectoryNode, store: ObjectStore, architecture: string): readonly string[] {
  const directory = findNode(root, KARGS_DIRECTORY);
  if (directory?.kind !== "directory") return [];
  const names = [...directory.entries.keys()].filter((name) => name.endsWith(".toml")).sort();
  return names.flatMap((name) => {
    const node = directory.entries.get(name);
    const path = `/usr/lib/bootc/kargs.d/${displayBytes(name)}`;
    if (node?.kind !== "file") throw new DeployError("DEPLOY_KARGS_INVALID", `${path} is not a regular file`);
    return parseKargsFile(readFileContent(store, node.content), path, architecture);
  });
}

/** @throws DeployError DEPLOY_KARGS_INVALID */
export function parseKargsFile(bytes: Uint8Array, path: string, architecture: string): readonly string[] {
  const parsed = kargsFileSchema.safeParse(parseImageToml(bytes, path, "DEPLOY_KARGS_INVALID"));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const where = issue?.path.length ? `${issue.path.join(".")}: ` : "";
    throw new DeployError("DEPLOY_KARGS_INVALID", `${path}: ${where}${issue?.message}`, { cause: parsed.error });
  }
  const matches = parsed.data["match-architectures"]?.includes(rustArchitecture(architecture)) ?? true;
  return matches ? parsed.data.kargs : [];
}

/** @param architecture as the OCI image names it: `amd64`, `arm/v7` */
export function rustArchitecture(architecture: string): string {
  const [family = architecture] = architecture.split("/");
  return RUST_ARCHITECTURES[family] ?? family;
}

/** @throws DeployError DEPLOY_KARGS_INVALID for what is not one kernel argument */
export function parseKarg(text: string): string {
  const parsed = karg.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new DeployError("DEPLOY_KARGS_INVALID", `not one kernel argument: ${JSON.stringify(text)}`);
}

/** The local arguments after adding some and removing others by exact match; none stands twice. */
export function changeLocalKargs(
  local: readonly string[],
  change: { readonly add?: readonly string[] | undefined; readonly remove?: readonly string[] | undefined },
): readonly string[] {
  const kept = local.filter((argument) => !change.remove?.includes(argument));
  const added = (change.add ?? []).filter((argument) => !kept.includes(argument));
  return [...kept, ...new Set(added)];
}

export function isSameKargs(a: Kargs, b: Kargs): boolean {
  return JSON.stringify([a.image, a.local]) === JSON.stringify([b.image, b.local]);
}

/**
 * What skopeo and podman change and say about images by name: in the storage that bootc owns, and in podman's own. Their
 * other verbs are only noted.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../../src/error.ts";
import { type Digest, digestHex } from "../../../src/oci/digest.ts";
import { parseIndex } from "../../../src/oci/document.ts";
import type { Machine } from "./context.ts";
import { parseOciReference } from "./parse-oci-reference.ts";
import type { StoredImages } from "./state.ts";
import type { ToolAnswer } from "./tool-answer.ts";

type StorageName = "bootc" | "default";

const STORAGE = /^containers-storage:(?:\[(?<where>[^\]]*)\])?(?<name>.+)$/;
const TAG = "org.opencontainers.image.ref.name";
const UNKNOWN: ToolAnswer = { exitCode: 1, stderr: "Error: image not known" };

export function runSkopeo(machine: Machine, args: readonly string[]): ToolAnswer {
  const words = args.filter((word) => !word.startsWith("-"));
  const [verb, source = "", destination = ""] = words;
  if (verb === "inspect") return inspect(machine, source);
  const { where = "", name } = STORAGE.exec(destination)?.groups ?? {};
  if (verb !== "copy" || name === undefined) return { exitCode: 0 };
  const manifest = source.startsWith("oci:") ? readManifest(source.slice("oci:".length)) : undefined;
  if (manifest === undefined)
    return { exitCode: 1, stderr: `level=fatal msg="initializing source ${source}: no such file or directory"` };
  change(machine, storageOf(where), (images) => ({ ...images, [name]: manifest }));
  return { exitCode: 0 };
}

function inspect(machine: Machine, reference: string): ToolAnswer {
  const { where = "", name = "" } = STORAGE.exec(reference)?.groups ?? {};
  const manifest = machine.state().storage[storageOf(where)][name];
  return manifest === undefined ? UNKNOWN : { exitCode: 0, stdout: manifest };
}

function readManifest(reference: string): string | undefined {
  const { path, tag } = parseOciReference(reference);
  try {
    const { manifests } = parseIndex(readFileSync(join(path, "index.json")));
    const found = manifests.find(({ annotations }) => tag === undefined || annotations?.[TAG] === tag);
    return found && readFileSync(join(path, "blobs", "sha256", digestHex(found.digest as Digest)), "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

export function runPodman(machine: Machine, args: readonly string[]): ToolAnswer {
  const storage = storageOf(args.join(" "));
  const images = machine.state().storage[storage];
  const [verb = "", ...rest] = args.slice(firstVerb(args));
  const name = rest.at(-1) ?? "";
  const isKnown = Object.hasOwn(images, name);
  switch (verb === "image" ? `image ${rest[0]}` : verb) {
    case "image exists":
      return { exitCode: isKnown ? 0 : 1 };
    case "rmi":
    case "image rm":
      change(machine, storage, ({ [name]: _removed, ...kept }) => kept);
      return isKnown ? { exitCode: 0 } : UNKNOWN;
    case "images":
    case "image ls":
    case "image list":
      return { exitCode: 0, stdout: formatNames(images, rest) };
    default:
      return { exitCode: 0 };
  }
}

/** Global options have values of their own. */
function firstVerb(args: readonly string[]): number {
  let at = 0;
  while (args[at]?.startsWith("--")) at += args[at]?.includes("=") ? 1 : 2;
  return at;
}

function formatNames(images: StoredImages, args: readonly string[]): string {
  const names = Object.keys(images);
  const isJson = args.some((word) => word.endsWith("json"));
  return isJson ? JSON.stringify(names.map((name) => ({ Names: [name] }))) : names.map((it) => `${it}\n`).join("");
}

function storageOf(text: string): StorageName {
  return text.includes("bootc/storage") ? "bootc" : "default";
}

function change(machine: Machine, where: StorageName, make: (images: StoredImages) => StoredImages): void {
  const { storage } = machine.state();
  machine.update({ storage: { ...storage, [where]: make(storage[where]) } });
}

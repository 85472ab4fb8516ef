/** A repository of a registry in memory, behind the port that skopeo stands behind. What it holds can be looked at and altered. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Digest, digestHex, digestOf } from "../../src/oci/digest.ts";
import { type Descriptor, parseIndex, parseManifest } from "../../src/oci/document.ts";
import { ReleaseError } from "../../src/release/error.ts";
import type { Registry } from "../../src/release/registry/registry.ts";

export interface FakeRegistry extends Registry {
  readonly manifests: Map<Digest, Buffer>;
  readonly blobs: Map<Digest, Buffer>;
  readonly tags: Map<string, Digest>;
  /** Digests and tags, in the order in which they went up. */
  readonly pushed: string[];
  /** Digests of the blobs that were sent out. */
  readonly sent: Digest[];
}

export function fakeRegistry(): FakeRegistry {
  const registry: FakeRegistry = {
    repository: "registry.test/site/kiosk-os",
    manifests: new Map(),
    blobs: new Map(),
    tags: new Map(),
    pushed: [],
    sent: [],
    async readManifest(place) {
      const digest = "tag" in place ? registry.tags.get(place.tag) : place.digest;
      const bytes = digest && registry.manifests.get(digest);
      if (bytes !== undefined) return bytes;
      throw new ReleaseError("RELEASE_REGISTRY_UNKNOWN", `manifest unknown: ${JSON.stringify(place)}`);
    },
    async push(directory, place) {
      const bytes = readFileSync(join(directory, "manifest.json"));
      const digest = digestOf(bytes);
      for (const { digest: child } of childrenOf(bytes)) {
        if (isIndex(bytes)) required(registry.manifests, child);
        else registry.blobs.set(child, checked(readFileSync(join(directory, digestHex(child))), child));
      }
      registry.manifests.set(digest, bytes);
      if ("tag" in place) registry.tags.set(place.tag, digest);
      else checked(bytes, place.digest);
      registry.pushed.push("tag" in place ? place.tag : place.digest);
    },
    async fetch(digest, directory) {
      const manifest = required(registry.manifests, digest);
      const blobs = join(directory, "blobs", "sha256");
      mkdirSync(blobs, { recursive: true });
      for (const { digest: child, size } of childrenOf(manifest)) {
        const file = join(blobs, digestHex(child));
        if (statSync(file, { throwIfNoEntry: false })?.size === size) continue;
        writeFileSync(file, required(registry.blobs, child));
        registry.sent.push(child);
      }
      writeFileSync(join(blobs, digestHex(digest)), manifest);
    },
  };
  return registry;
}

function isIndex(bytes: Buffer): boolean {
  return "manifests" in JSON.parse(bytes.toString("utf8"));
}

function childrenOf(bytes: Buffer): readonly Descriptor[] {
  if (isIndex(bytes)) return parseIndex(bytes).manifests;
  const { config, layers } = parseManifest(bytes);
  return [config, ...layers];
}

function required(held: ReadonlyMap<Digest, Buffer>, digest: Digest): Buffer {
  const bytes = held.get(digest);
  if (bytes === undefined) throw new Error(`the registry does not hold ${digest}`);
  return bytes;
}

function checked(bytes: Buffer, digest: Digest): Buffer {
  if (digestOf(bytes) !== digest) throw new Error(`sent as ${digest}, but it is ${digestOf(bytes)}`);
  return bytes;
}

/** Sticks that must not get in: copies of releases with a bit flipped, or without their signatures. */
import { cpSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeBlob } from "../../support/oci-fixtures.ts";
import { flipBit } from "./disk.ts";

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly mediaType: string;
}

/** Flips one bit in the middle of the topmost layer of the release's image. */
export function tampered(release: string, target: string): string {
  cpSync(release, target, { recursive: true });
  const layout = join(target, "bootferry");
  const envelope = json(layout, envelopeOf(layout).digest);
  const statement = JSON.parse(Buffer.from(envelope.payload, "base64").toString());
  const layers: Descriptor[] = json(layout, statement.targets[0].image.digest).layers;
  const file = blobFile(layout, layers.at(-1)?.digest ?? "");
  flipBit(file, Math.floor(statSync(file).size / 2));
  return target;
}

/** Takes the signatures off. The digests on the way to the envelope are made right again, as an attacker would. */
export function unsigned(release: string, target: string): string {
  cpSync(release, target, { recursive: true });
  const layout = join(target, "bootferry");
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  const entry: Descriptor = index.manifests.find(isRelease);
  const manifest = json(layout, entry.digest);
  const [layer] = manifest.layers;
  const envelope = { ...json(layout, layer.digest), signatures: [] };
  manifest.layers = [{ ...layer, ...writeBlob(layout, layer.mediaType, Buffer.from(JSON.stringify(envelope))) }];
  Object.assign(entry, writeBlob(layout, entry.mediaType, Buffer.from(JSON.stringify(manifest))));
  writeFileSync(join(layout, "index.json"), JSON.stringify(index));
  return target;
}

function envelopeOf(layout: string): Descriptor {
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  return json(layout, index.manifests.find(isRelease).digest).layers[0];
}

function isRelease(entry: { readonly artifactType?: string }): boolean {
  return entry.artifactType === "application/vnd.bootferry.release.v1";
}

function blobFile(layout: string, digest: string): string {
  return join(layout, "blobs/sha256", digest.slice("sha256:".length));
}

// biome-ignore lint/suspicious/noExplicitAny: the shapes are the bundle's own, and the tests of bundle hold them
function json(layout: string, digest: string): any {
  return JSON.parse(readFileSync(blobFile(layout, digest), "utf8"));
}

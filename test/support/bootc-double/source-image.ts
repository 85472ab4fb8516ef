/**
 * An image at its source, as skopeo's proxy hands it to bootc: the manifest is what the index names, whatever its
 * digest; the config is verified.
 */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { digestHex, digestOf } from "../../../src/oci/digest.ts";
import {
  type Descriptor,
  type ImageConfig,
  type ImageManifest,
  MAX_DOCUMENT_BYTES,
  parseConfig,
  parseIndex,
  parseManifest,
} from "../../../src/oci/document.ts";
import { type LayoutReader, openLayout } from "../../../src/oci/layout.ts";
import { isIndexMediaType } from "../../../src/oci/media-type.ts";
import { readVerifiedBlob } from "../../../src/oci/verified-blob.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { BootcFailure, type Machine } from "./context.ts";
import { checkLayoutAccess, checkReadableByNobody, openImageFailure } from "./layout-access.ts";
import { parseOciReference } from "./parse-oci-reference.ts";
import type { Reference } from "./state.ts";

export interface SourceImage {
  readonly reference: Reference;
  /** Of the bytes that were read; the index may say another. */
  readonly manifestDigest: string;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
  readonly layout: LayoutReader;
}

const TAG = "org.opencontainers.image.ref.name";

/** @throws BootcFailure; OciError */
export async function openSourceImage(machine: Machine, reference: Reference): Promise<SourceImage> {
  const { path, tag } = parseOciReference(layoutOf(machine, reference));
  const replacement = machine.traps.swapsLayoutFor;
  if (replacement !== null) cpSync(replacement, path, { recursive: true, force: true });
  checkLayoutAccess(machine, path);
  const layout = openLayout(parseAbsPath(path));
  const descriptor = await chooseDescriptor(machine, layout, tag);
  if (machine.traps.isStartedBySystemd && !machine.has("privilegedSkopeo"))
    checkReadableByNobody(machine, join(path, "blobs", "sha256", digestHex(descriptor.digest)));
  const bytes = await readUnverified(layout, descriptor);
  const manifest = parseManifest(bytes);
  const config = parseConfig(await readVerifiedBlob(layout, manifest.config, MAX_DOCUMENT_BYTES));
  return { reference, manifestDigest: digestOf(bytes), manifest, config, layout };
}

/** The layout behind a reference; of a registry only what a test has put there. @throws BootcFailure */
function layoutOf(machine: Machine, { transport, image }: Reference): string {
  if (transport === "oci") return image;
  const stored = machine.state().registry[image];
  if (transport === "registry" && stored !== undefined) return stored;
  if (transport === "registry")
    throw openImageFailure(`pinging container registry: Get "https://${image.split("/")[0]}/v2/": network unreachable`);
  throw openImageFailure(`initializing source ${transport}:${image}: no such file or directory`);
}

async function chooseDescriptor(machine: Machine, layout: LayoutReader, tag: string | undefined): Promise<Descriptor> {
  const index = parseIndex(await layout.readTopFile("index.json", MAX_DOCUMENT_BYTES));
  const found = index.manifests.filter(({ annotations }) => tag === undefined || annotations?.[TAG] === tag);
  const [descriptor] = found;
  if (tag === undefined && found.length > 1) throw openImageFailure("more than one image in oci, choose an image");
  if (descriptor === undefined) throw openImageFailure(`no descriptor found for reference "${tag ?? ""}"`);
  if (!isIndexMediaType(descriptor.mediaType)) return descriptor;
  const nested = parseIndex(await readUnverified(layout, descriptor)).manifests;
  const ours = nested.find(({ platform }) => platform?.architecture === machine.facts.architecture);
  if (ours === undefined)
    throw new BootcFailure(`no image found in image index for architecture "${machine.facts.architecture}"`);
  return ours;
}

async function readUnverified(layout: LayoutReader, { digest }: Descriptor): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await layout.openBlob(digest)).chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

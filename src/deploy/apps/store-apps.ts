/** From the medium to copies on this device: what is asked before the first layer is read, and then the one reading. */
import type { Target } from "../../bundle/statement.ts";
import type { Descriptor } from "../../oci/document.ts";
import { OciError } from "../../oci/error.ts";
import { parseImageName } from "../../oci/image-name.ts";
import type { LayoutReader } from "../../oci/layout.ts";
import { DeployError } from "../error.ts";
import { copyBlob, copyDocuments, distinctBlobs, hasBlob, prepareLayout } from "../local-layout.ts";
import type { StoreOptions } from "../port.ts";
import { copiesDirectory, publishCopies } from "./app-copies.ts";
import { digestInStorage, requireAppTools } from "./app-tools.ts";
import type { AppPin, AppPorts } from "./port.ts";

export interface AppsPlan {
  /** Those that the storage does not have. */
  readonly absent: Target["apps"];
  /** Layers that are not copied yet. */
  readonly missing: readonly Descriptor[];
  /** On the file system of the device's /var: copies, and images unpacked, as far as that can be told. */
  readonly neededBytes: number;
}

/** What a layer takes in a storage, of what it takes compressed: the largest ratio of usual images. */
const UNPACKED_RATIO = 3;

/**
 * Refuses what cannot be loaded, and reads the manifests of what is to be copied.
 * @param kept what belongs to deployments that stay: names of theirs must go on meaning the same images
 * @throws DeployError DEPLOY_APP_TOOL_MISSING, DEPLOY_APP_NAME_UNFIT, DEPLOY_APP_NAME_TAKEN; OciError, BundleError, HostError
 */
export async function planApps(
  ports: AppPorts,
  source: LayoutReader,
  { apps, architecture }: Pick<Target, "apps" | "architecture">,
  kept: readonly AppPin[],
  { signal }: StoreOptions = {},
): Promise<AppsPlan> {
  if (apps.length === 0) return { absent: [], missing: [], neededBytes: 0 };
  await requireAppTools(ports.exec, apps);
  for (const { name, image } of apps) requireFitName({ name, digest: image.digest }, kept);
  const copies = copiesDirectory(ports.directory);
  prepareLayout(copies);
  const absent: Target["apps"] = [];
  const allLayers: Descriptor[] = [];
  for (const app of apps) {
    if ((await digestInStorage(ports, app.name)) === app.image.digest) continue;
    absent.push(app);
    allLayers.push(...(await copyDocuments(copies, source, app.image, architecture, { signal })).layers);
  }
  const layers = distinctBlobs(allLayers);
  const missing: Descriptor[] = [];
  for (const layer of layers) if (!(await hasBlob(copies, layer, { signal }))) missing.push(layer);
  for (const { digest } of missing) {
    if ((await source.blobSizeBytes(digest)) === undefined)
      throw new OciError("OCI_BLOB_MISSING", `blob ${digest} is not there`);
  }
  return { absent, missing, neededBytes: sizeOf(missing) + UNPACKED_RATIO * sizeOf(layers) };
}

function requireFitName({ name, digest }: AppPin, kept: readonly AppPin[]): void {
  if (parseImageName(name) === undefined) {
    const why = "without its registry it could mean any";
    throw new DeployError("DEPLOY_APP_NAME_UNFIT", `${JSON.stringify(name)} is no full image name: ${why}`);
  }
  const other = kept.find((pin) => pin.name === name && pin.digest !== digest);
  if (other === undefined) return;
  const message = `${name} is ${other.digest} for a system that stays, and ${digest} for the new one`;
  throw new DeployError("DEPLOY_APP_NAME_TAKEN", message);
}

/**
 * Copies what is missing; each byte of the medium is read once. @returns how many bytes it wrote
 * @throws OciError, HostError; the reason of the signal
 */
export async function copyApps(
  { directory }: AppPorts,
  source: LayoutReader,
  { absent, missing }: AppsPlan,
  { signal, onProgress }: StoreOptions = {},
): Promise<number> {
  if (absent.length === 0) return 0;
  const bytesTotal = sizeOf(missing);
  let bytesDone = 0;
  const onBytes = (bytes: number) => {
    bytesDone += bytes;
    onProgress?.({ phase: "reading", bytesDone, bytesTotal });
  };
  for (const layer of missing) await copyBlob(copiesDirectory(directory), source, layer, { signal, onBytes });
  publishCopies(directory, absent);
  return bytesTotal;
}

function sizeOf(blobs: readonly { readonly size: number }[]): number {
  return blobs.reduce((sum, { size }) => sum + size, 0);
}

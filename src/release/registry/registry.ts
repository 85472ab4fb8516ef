/**
 * One repository of a registry, as far as releases need it. The port stands here with its adapter, which is skopeo: it copies
 * images and artifacts alike and, asked to preserve digests, byte for byte (1.9 and later; docs/registry.md says what was seen).
 *
 * Nothing that comes from here is believed but by its digest.
 */
import { rm } from "node:fs/promises";
import type { Exec } from "../../host/exec.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import type { PinnedContent } from "../../oci/verified-blob.ts";
import { type AbsPath, below } from "../../path.ts";
import { ReleaseError } from "../error.ts";
import { COPY_TIMEOUT_MS, INSPECT_TIMEOUT_MS, runSkopeo } from "../run-skopeo.ts";
import { registryError } from "./registry-error.ts";

/** A manifest or index by its tag or by its digest. */
export type Place = { readonly tag: string } | { readonly digest: Digest };

export interface Registry {
  /** `HOST[:PORT]/REPOSITORY`, for messages. */
  readonly repository: string;

  /** The bytes of a manifest or index, whatever they are. */
  readManifest(place: Place): Promise<Buffer>;

  /**
   * Puts up the one manifest or index that `directory` holds, and the blobs beside it that are not there yet.
   *
   *     directory/manifest.json
   *     directory/<64 hex>       config and layers of a manifest; the manifests that an index names are there already
   */
  push(directory: AbsPath, place: Place): Promise<void>;

  /**
   * Fetches a manifest and what it names into `directory`, which stands for a layout. Blobs that are there with their size are
   * not fetched again. What is on its way is below `fetch.tmp` in it; a crash leaves that behind.
   */
  fetch(digest: Digest, directory: AbsPath, signal: AbortSignal): Promise<void>;
}

/** Where {@link Registry.fetch} has what is on its way. */
export const FETCH_DIRECTORY = "fetch.tmp";

/** Options of skopeo(1). */
export interface RegistryAccess {
  /** Passwords, as `skopeo login --authfile` writes them. */
  readonly authFile: AbsPath | undefined;
  /** Certificates of the registry's authority, and of ourselves. */
  readonly certDirectory: AbsPath | undefined;
  readonly verifyTls: boolean;
}

export interface RegistryPorts {
  readonly exec: Exec;
  readonly signal: AbortSignal;
}

/**
 * The repository in a registry of the network. Methods throw ReleaseError RELEASE_SKOPEO_MISSING, RELEASE_REGISTRY_UNREACHABLE,
 * RELEASE_REGISTRY_UNAUTHORIZED, RELEASE_REGISTRY_TLS, RELEASE_REGISTRY_UNKNOWN, RELEASE_REGISTRY_FAILED; HostError HOST_NO_SPACE;
 * the reason of the signal.
 */
export function openRegistry(repository: string, access: RegistryAccess, { exec, signal }: RegistryPorts): Registry {
  const { authFile, certDirectory, verifyTls } = access;
  const authOptions = authFile === undefined ? [] : ["--authfile", authFile];
  const tlsOptions = (prefix: "" | "src-" | "dest-") => [
    ...(certDirectory === undefined ? [] : [`--${prefix}cert-dir`, certDirectory]),
    ...(verifyTls ? [] : [`--${prefix}tls-verify=false`]),
  ];
  const nameOf = (place: Place) =>
    "tag" in place ? `docker://${repository}:${place.tag}` : `docker://${repository}@${place.digest}`;
  const copy = [...["copy", "--quiet", "--preserve-digests", "--retry-times", "3"], ...authOptions];
  return {
    repository,
    async readManifest(place) {
      const args = ["inspect", "--raw", "--retry-times", "3", ...authOptions, ...tlsOptions(""), nameOf(place)];
      try {
        return (await runSkopeo(exec, args, { timeoutMs: INSPECT_TIMEOUT_MS, signal })).stdout;
      } catch (error) {
        throw registryError(error, `reading ${nameOf(place)}`);
      }
    },
    async push(directory, place) {
      // index-only: what an index names went up before it. When it goes along, newer skopeo annotates the index where a layer
      // is zstd, and then refuses, since it must preserve the digest (podman-container-tools/skopeo#2627).
      const args = [...copy, "--multi-arch", "index-only", ...tlsOptions("dest-"), `dir:${directory}`, nameOf(place)];
      try {
        // --insecure-policy: the policy of this machine is about what it runs; what goes up was verified by its own root
        await runSkopeo(exec, ["--insecure-policy", ...args], { timeoutMs: COPY_TIMEOUT_MS, signal });
      } catch (error) {
        throw registryError(error, `pushing ${nameOf(place)}`);
      }
    },
    async fetch(digest, directory, fetchSignal) {
      // Relative paths: skopeo takes a colon in the name of a layout for the beginning of a tag
      const place = ["--dest-shared-blob-dir", "blobs", nameOf({ digest }), `oci:${FETCH_DIRECTORY}:fetched`];
      const options = { timeoutMs: COPY_TIMEOUT_MS, signal: fetchSignal, cwd: directory };
      try {
        await runSkopeo(exec, [...copy, ...tlsOptions("src-"), ...place], options);
      } catch (error) {
        throw registryError(error, `pulling ${nameOf({ digest })}`);
      } finally {
        await rm(below(directory, FETCH_DIRECTORY), { recursive: true, force: true });
      }
    },
  };
}

/**
 * The bytes of a manifest that somebody has named by digest and size.
 * @throws ReleaseError RELEASE_REGISTRY_DIFFERS, and as {@link Registry.readManifest}
 */
export async function readPinnedManifest(registry: Registry, { digest, size }: PinnedContent): Promise<Buffer> {
  const bytes = await registry.readManifest({ digest });
  const got = digestOf(bytes);
  if (bytes.length === size && got === digest) return bytes;
  const differs = `expected ${size} bytes with the digest ${digest}, got ${bytes.length} with ${got}`;
  throw new ReleaseError("RELEASE_REGISTRY_DIFFERS", `manifest from ${registry.repository}: ${differs}`);
}

/**
 * From a medium into a registry, so that one stick feeds a site: what bootc hosts follow, and the whole release, which
 * `pullRelease` gets back byte for byte. Verified as devices do it first; what does not verify leaves nothing in the registry.
 *
 * Manifests go up before the indexes that name them, and the tags that hosts follow last: a host never finds half a release.
 */
import { openMedium } from "../../bundle/medium.ts";
import { listRoots } from "../../bundle/read-root.ts";
import type { Statement } from "../../bundle/statement.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { type AbsPath, below } from "../../path.ts";
import type { KeyId } from "../../trust/keys.ts";
import type { TargetForm } from "../delta/read-forms.ts";
import { ReleaseError } from "../error.ts";
import { type FoundRelease, findRelease, readReleases } from "../existing-releases.ts";
import { followedRoot, judgeRoots, type RootChain } from "../judge-roots.ts";
import type { ReleasePorts } from "../ports.ts";
import { openScratch } from "../scratch-directory.ts";
import { verifyReleases } from "../verify-releases.ts";
import { collectOutgoing, layOut, type OutgoingManifest } from "./outgoing.ts";
import type { Place, Registry } from "./registry.ts";
import { type FollowedTag, formatReleaseIndex, planFollowedTags, wholeTags } from "./release-index.ts";
import { refuseStepBack } from "./step-back.ts";

export interface PushRequest {
  readonly medium: AbsPath;
  /** As `findRelease` takes it. */
  readonly selector: string | undefined;
  /** Of the devices: what they would not accept is not pushed. */
  readonly chain: RootChain;
  readonly registry: Registry;
  /** What bootc hosts follow. */
  readonly tag: string;
  /** Move the tags even when they hold a newer release, or one of another name. */
  readonly replace: boolean;
}

export interface PushedRelease {
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  readonly signedBy: readonly KeyId[];
  /** Versions of the roots that went along. */
  readonly roots: readonly number[];
  readonly wholeTags: readonly string[];
  /** Digest of the index under these tags. */
  readonly wholeDigest: Digest;
  readonly followed: readonly FollowedTag[];
  readonly warnings: readonly string[];
}

type PushPorts = Pick<ReleasePorts, "signal" | "scratchDirectory" | "openProgress">;

/**
 * Doing it again changes nothing, and sends only what is not there.
 * @throws ReleaseError RELEASE_NOT_FOUND, RELEASE_AMBIGUOUS, RELEASE_DELTA_ONLY, RELEASE_REGISTRY_TAG_TAKEN, and as the registry does; TrustError,
 *   BundleError, OciError as a device would refuse it; HostError
 */
export async function pushRelease(request: PushRequest, ports: PushPorts): Promise<PushedRelease> {
  const { registry, tag, chain } = request;
  const medium = await openMedium(request.medium, ports.signal);
  const found = findRelease((await readReleases(medium, ports.signal)).releases, request.selector);
  const judged = judgeRoots((await listRoots(medium, ports)).roots, chain);
  const [result] = await verifyReleases(medium, [found], followedRoot(judged, chain), ports);
  if (result === undefined || result.kind === "bad") throw result?.error;
  requireFull(found, result.forms);
  if (!request.replace) await refuseStepBack(registry, tag, found, ports);

  const { statement, payloadDigest } = found;
  const roots = judged.filter(({ kind }) => kind !== "unfollowed");
  const outgoing = await collectOutgoing(medium, found, roots);
  const whole = formatReleaseIndex(
    statement,
    outgoing.map(({ entry }) => entry),
  );
  const { followed, warnings } = planFollowedTags(statement, tag);
  const tags = wholeTags(statement, tag);
  await using uplink = await openUplink(request, ports);
  await pushManifests(outgoing, uplink, ports);
  for (const wholeTag of tags) await uplink.put({ bytes: whole, blobs: [] }, { tag: wholeTag });
  for (const each of followed) await uplink.put(documentOf(each, outgoing), { tag: each.tag });
  const left = judged.filter(({ kind }) => kind === "unfollowed").map(({ root }) => root.version);
  return {
    statement,
    payloadDigest,
    signedBy: result.signedBy,
    roots: roots.map(({ root }) => root.version),
    wholeTags: tags,
    wholeDigest: digestOf(whole),
    followed,
    warnings: [
      ...warnings,
      ...left.map((version) => `root version ${version} of the medium stays out: devices would not follow it`),
    ],
  };
}

/** What hosts follow must be whole: a registry has no base to lack. */
function requireFull({ statement: { name, version } }: FoundRelease, forms: readonly TargetForm[]): void {
  const lacking = forms.find(({ absentLayers }) => absentLayers > 0);
  if (lacking === undefined) return;
  const what = `the medium holds ${name}@${version} as a delta only: ${lacking.absentLayers} layers are left out`;
  throw new ReleaseError("RELEASE_DELTA_ONLY", what);
}

type Document = Pick<OutgoingManifest, "bytes" | "blobs">;

interface Uplink extends AsyncDisposable {
  put(document: Document, place: Place): Promise<void>;
}

async function openUplink({ registry, medium }: PushRequest, { scratchDirectory }: PushPorts): Promise<Uplink> {
  const scratch = await openScratch(scratchDirectory);
  let serial = 0;
  return {
    async put({ bytes, blobs }, place) {
      const directory = below(scratch.directory, `${serial++}`);
      await layOut(directory, bytes, blobs, medium);
      await registry.push(directory, place);
    },
    [Symbol.asyncDispose]: () => scratch[Symbol.asyncDispose](),
  };
}

/** Each by its digest: tags come when all of them are there. */
async function pushManifests(
  outgoing: readonly OutgoingManifest[],
  uplink: Uplink,
  { signal, openProgress }: PushPorts,
): Promise<void> {
  const totalBytes = sumOf(new Map(outgoing.flatMap(({ blobs }) => blobs.map(({ digest, size }) => [digest, size]))));
  using meter = openProgress("pushing", totalBytes);
  const sent = new Set<Digest>();
  for (const manifest of outgoing) {
    signal.throwIfAborted();
    const { entry, blobs } = manifest;
    if (sent.has(entry.digest)) continue; // targets may share an image
    sent.add(entry.digest);
    await uplink.put(manifest, { digest: entry.digest });
    const fresh = blobs.filter(({ digest }) => !sent.has(digest));
    meter.advance(sumOf(new Map(fresh.map(({ digest, size }) => [digest, size]))));
    for (const { digest } of fresh) sent.add(digest);
  }
}

function sumOf(sizes: ReadonlyMap<Digest, number>): number {
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}

function documentOf({ tag, digest, index }: FollowedTag, outgoing: readonly OutgoingManifest[]): Document {
  if (index !== undefined) return { bytes: index, blobs: [] };
  const image = outgoing.find(({ entry }) => entry.digest === digest);
  if (image === undefined) throw new TypeError(`tag ${tag} names ${digest}, which is not of this release`);
  return image;
}

/**
 * Tags (`org.opencontainers.image.ref.name`) by which other tools name what is on a medium:
 *
 *     kiosk-os-42.3.1.release              the release
 *     kiosk-os-42.3.1-acme-kiosk-v2-amd64  the operating system image of a target
 *     root-3                               a root document
 *
 * and by which a registry names what was pushed to it under the tag `stable`:
 *
 *     stable                               the operating system, which bootc hosts follow
 *     stable-acme-kiosk-v2                 the same, where the release is for several kinds of device
 *     stable.release                       all that belongs to the release
 *
 * For people and other tools only: bootferry itself goes by digests.
 */
export const REF_NAME = "org.opencontainers.image.ref.name";

const WHOLE = ".release";
const MAX_TAG = 128; // distribution-spec 1.1: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}

interface Release {
  readonly name: string;
  readonly version: string;
}

interface Kind {
  readonly compatible: string;
  readonly architecture: string;
}

export function releaseTag({ name, version }: Release): string {
  return sanitizeTag(`${name}-${version}.release`);
}

/** @param suffix tells the images of one target apart: the name of an app */
export function imageTag({ name, version }: Release, { compatible, architecture }: Kind, suffix = ""): string {
  return sanitizeTag([name, version, compatible, architecture, suffix].filter((part) => part !== "").join("-"));
}

/** What bootc hosts of one kind follow in a registry. */
export function kindTag(tag: string, compatible: string): string {
  return sanitizeTag(`${tag}-${compatible}`);
}

/** What a registry holds the whole release under, whose hosts follow `tag`. */
export function wholeTag(tag: string): string {
  return `${sanitizeTag(tag).slice(0, MAX_TAG - WHOLE.length)}${WHOLE}`;
}

export function rootTag(version: number): string {
  return `root-${version}`;
}

function sanitizeTag(text: string): string {
  return text.replace(/[^0-9A-Za-z._-]/g, "_").slice(0, MAX_TAG);
}

/**
 * The release statement: the one document that is signed, and that pins everything below it by digest and size
 * (bundle-format/spec.md, section 4). Shape, bounds, parsing and the one way to write it. Pure.
 */
import { z } from "zod";
import { DIGEST_PATTERN, type Digest } from "../oci/digest.ts";
import { isManifestMediaType, MANIFEST_TYPES } from "../oci/media-type.ts";
import { parseStrictJson } from "../oci/strict-json.ts";
import { MAX_PAYLOAD_BYTES } from "../trust/dsse.ts";
import { PLAIN_TEXT } from "../trust/plain-text.ts";
import { RELEASE_NAME_PATTERN } from "../trust/release-name.ts";
import { utcTimeSchema } from "../trust/utc-time.ts";
import { BundleError } from "./error.ts";
import { TREE_IMAGE_MEDIA_TYPES } from "./media-type.ts";

export const STATEMENT_SPEC_VERSION = "1";

const MAX_DEPTH = 8; // the statement has seven levels
const MAX_TARGETS = 64;
const MAX_DEVICES = 20_000; // what one payload of 1 MiB can name
const MAX_APPS = 256;
const MAX_NOTES = 16_384;

const VERSION_PATTERN = /^[0-9A-Za-z][0-9A-Za-z.+_~-]{0,63}$/;
const COMPATIBLE_PATTERN = /^[0-9A-Za-z][0-9A-Za-z.,:+_-]{0,127}$/; // device tree strings such as "acme,kiosk-v2" too
const ARCHITECTURE_PATTERN = /^[a-z0-9]{1,16}(\/[a-z0-9]{1,8})?$/; // GOARCH, and its variant: "arm/v7"
const DEVICE_PATTERN = /^[0-9A-Za-z][0-9A-Za-z.:+_-]{0,127}$/;
const APP_NAME_PATTERN = /^[0-9A-Za-z][0-9A-Za-z.:/@+_-]{0,254}$/;
const AGENT_VERSION_PATTERN = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/;
const COMPOSEFS_PATTERN = /^v1-sha256-12:[0-9a-f]{64}$/;

const digest = z.string().regex(DIGEST_PATTERN, "not a sha256 digest") as unknown as z.ZodType<Digest, string>;
const size = z.int().min(1).describe("in bytes");

const imageSchema = z.strictObject({
  mediaType: z
    .string()
    .refine(isManifestMediaType, "not the media type of an image manifest")
    .meta({ enum: [...MANIFEST_TYPES] }),
  digest,
  size,
});

const appSchema = z.strictObject({
  name: z.string().regex(APP_NAME_PATTERN).describe("reference under which the device's container storage names it"),
  image: imageSchema,
});

const treeSchema = z.strictObject({
  composefs: z.string().regex(COMPOSEFS_PATTERN).describe("fs-verity digest of the composefs image"),
  image: z
    .strictObject({ mediaType: z.enum(TREE_IMAGE_MEDIA_TYPES), digest, size })
    .describe("the composefs metadata image, compressed as the media type says"),
  objectsSize: z.int().min(0).describe("bytes of all objects that the image names, each once"),
});

const targetSchema = z.strictObject({
  compatible: z.string().regex(COMPATIBLE_PATTERN).describe("the kind of device"),
  architecture: z.string().regex(ARCHITECTURE_PATTERN).describe("GOARCH, with its variant after a slash"),
  devices: z
    .array(z.string().regex(DEVICE_PATTERN))
    .min(1)
    .max(MAX_DEVICES)
    .nullable()
    .describe("only these devices; null for all of the kind"),
  image: imageSchema.describe("manifest of the operating system image"),
  apps: z.array(appSchema).max(MAX_APPS).describe("container images that belong to it"),
  tree: treeSchema.nullable().describe("null when the target is for bootc hosts only"),
});

export const statementSchema = z
  .strictObject({
    specVersion: z.literal(STATEMENT_SPEC_VERSION),
    name: z.string().regex(RELEASE_NAME_PATTERN).describe("what a device follows"),
    version: z.string().regex(VERSION_PATTERN).describe("for people; never compared"),
    sequence: z.int().min(1).describe("rises with each release of the name"),
    createdAt: utcTimeSchema,
    expiresAt: utcTimeSchema.nullable().describe("not installed after this time; null never expires"),
    notes: z.string().max(MAX_NOTES).regex(PLAIN_TEXT, "control characters").describe("shown to the operator"),
    targets: z.array(targetSchema).min(1).max(MAX_TARGETS),
    requires: z
      .strictObject({
        minSequence: z.int().min(1).optional().describe("the device must have confirmed this sequence or a higher one"),
        minAgent: z.string().regex(AGENT_VERSION_PATTERN).optional().describe("lowest bootferry that can install it"),
      })
      .describe("conditions that a device must understand and meet"),
  })
  .describe("The signed statement of a bootferry release");

export type Statement = Readonly<z.infer<typeof statementSchema>>;
export type Target = Readonly<z.infer<typeof targetSchema>>;
export type Tree = Readonly<z.infer<typeof treeSchema>>;

/**
 * Reads a statement whose signatures have been checked.
 * @throws BundleError BUNDLE_STATEMENT_INVALID, BUNDLE_SPEC_VERSION_UNSUPPORTED, BUNDLE_MEMBER_UNKNOWN,
 * BUNDLE_REQUIREMENT_UNKNOWN; OciError OCI_JSON_…
 */
export function parseStatement(payload: Uint8Array): Statement {
  const json = parseStrictJson(payload, "release statement", { maxBytes: MAX_PAYLOAD_BYTES, maxDepth: MAX_DEPTH });
  refuseOtherVersions(json);
  const parsed = statementSchema.safeParse(json);
  if (!parsed.success) throw schemaError(parsed.error);
  refuseAmbiguousTargets(parsed.data);
  refuseAmbiguousApps(parsed.data);
  return parsed.data;
}

/**
 * The statement as JSON: members in the order of the spec, two spaces, a newline at the end; the same statement always
 * gives the same bytes.
 * @throws BundleError BUNDLE_STATEMENT_INVALID when devices would refuse it
 */
export function formatStatement(statement: Statement): Buffer {
  const parsed = statementSchema.safeParse(statement); // also puts the members into the order of the schema
  if (!parsed.success) throw schemaError(parsed.error);
  const bytes = Buffer.from(`${JSON.stringify(parsed.data, null, 2)}\n`);
  parseStatement(bytes);
  return bytes;
}

/** BF-4.3: another version may mean something else by any member, so nothing else is looked at. */
function refuseOtherVersions(json: unknown): void {
  const isObject = json !== null && typeof json === "object";
  const version = isObject && "specVersion" in json ? json.specVersion : undefined;
  if (typeof version !== "string" || version === STATEMENT_SPEC_VERSION) return;
  const got = JSON.stringify(version);
  throw new BundleError("BUNDLE_SPEC_VERSION_UNSUPPORTED", `release statement: expected specVersion "1", got ${got}`);
}

function schemaError(error: z.ZodError): BundleError {
  const malformed = error.issues.find((issue) => issue.code !== "unrecognized_keys");
  const issue = malformed ?? error.issues[0];
  const message = `release statement: ${issue?.path.join(".") || "document"}: ${issue?.message}`;
  if (malformed !== undefined) return new BundleError("BUNDLE_STATEMENT_INVALID", message, { cause: error });
  // BF-4.4: every member is critical; one that we do not know may say "not on this kind of device"
  const isRequirement = issue?.path[0] === "requires";
  const code = isRequirement ? "BUNDLE_REQUIREMENT_UNKNOWN" : "BUNDLE_MEMBER_UNKNOWN";
  return new BundleError(code, message, { cause: error });
}

/** BF-4.9: a container storage has one image of a name, and none of a name with another image's digest. */
function refuseAmbiguousApps({ targets }: Statement): void {
  for (const { compatible, apps } of targets) {
    const names = new Set<string>();
    for (const { name, image } of apps) {
      const at = name.indexOf("@");
      if (at >= 0 && name.slice(at + 1) !== image.digest)
        throw new BundleError("BUNDLE_STATEMENT_INVALID", `app ${name} of ${compatible} is image ${image.digest}`);
      if (names.has(name)) throw new BundleError("BUNDLE_STATEMENT_INVALID", `two apps of ${compatible} are ${name}`);
      names.add(name);
    }
  }
}

/** BF-4.8: at most one target may fit a device, so that nobody has to guess which one was meant. */
function refuseAmbiguousTargets({ targets }: Statement): void {
  const everyDevice = "*"; // no device can be called so
  const claimed = new Map<string, Set<string>>();
  for (const { compatible, architecture, devices } of targets) {
    const kind = `${compatible} ${architecture}`;
    const earlier = claimed.get(kind) ?? new Set();
    for (const device of devices ?? [everyDevice]) {
      const isTaken = earlier.has(device) || earlier.has(everyDevice) || (devices === null && earlier.size > 0);
      if (isTaken) throw new BundleError("BUNDLE_STATEMENT_INVALID", `several targets fit device ${device} of ${kind}`);
      earlier.add(device);
    }
    claimed.set(kind, earlier);
  }
}

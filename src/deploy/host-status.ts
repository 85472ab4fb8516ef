/**
 * The status of a host in bootc's words: kind `BootcHost` of `org.containers.bootc/v1` (bootc: crates/lib/src/spec.rs,
 * docs/src/host-v1.schema.json).
 *
 * Read tolerantly: fields are added within v1, so unknown ones are ignored and missing ones get bootc's null. Made
 * exactly: {@link formatHostJson} prints what bootc prints, canonical JSON with sorted keys on one line.
 */
import { z } from "zod";
import { DeployError } from "./error.ts";

const nullable = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);
const flag = z.boolean().default(false);

const imageReferenceSchema = z.object({
  image: z.string(),
  /** `registry`, `oci`, `oci-archive`, `containers-storage` …; open-ended. */
  transport: z.string(),
  /** `containerPolicy`, `insecure`, or `{ostreeRemote}`; omitted when there is none. */
  signature: z.union([z.string(), z.object({ ostreeRemote: z.string() })]).optional(),
});

const imageStatusSchema = z.object({
  image: imageReferenceSchema,
  version: nullable(z.string()),
  timestamp: nullable(z.string()),
  /** `sha256:<hex>` of the manifest; some old composefs hosts leave out the prefix. */
  imageDigest: z.string(),
  /** As OCI and Go write it: `amd64`, `arm64`. */
  architecture: z.string().default(""),
});

const bootEntrySchema = z.object({
  image: nullable(imageStatusSchema),
  cachedUpdate: nullable(imageStatusSchema),
  incompatible: flag,
  pinned: flag,
  softRebootCapable: flag,
  /** Staged, but locked: it is not booted until it is finalised. */
  downloadOnly: flag,
  store: nullable(z.string()),
  ostree: nullable(z.object({ stateroot: z.string(), checksum: z.string(), deploySerial: z.int() })),
  composefs: nullable(
    z.object({
      verity: z.string(),
      bootType: z.string(),
      bootloader: z.string(),
      bootDigest: nullable(z.string()),
      missingVerityAllowed: flag,
    }),
  ),
});

const hostSchema = z.object({
  apiVersion: z.string().regex(/^org\.containers\.bootc\/v1/, "not of bootc's API v1"),
  kind: z.literal("BootcHost"),
  metadata: z
    .object({
      name: z.string().default("host"),
      namespace: z.string().optional(),
      annotations: z.record(z.string(), z.string()).optional(),
      labels: z.record(z.string(), z.string()).optional(),
    })
    .default({ name: "host" }),
  spec: z
    .object({ image: nullable(imageReferenceSchema), bootOrder: z.string().default("default") })
    .default({ image: null, bootOrder: "default" }),
  status: z
    .object({
      staged: nullable(bootEntrySchema),
      booted: nullable(bootEntrySchema),
      rollback: nullable(bootEntrySchema),
      /** Omitted when empty. */
      otherDeployments: z.array(bootEntrySchema).optional(),
      rollbackQueued: flag,
      type: nullable(z.string()),
      usrOverlay: nullable(z.object({ accessMode: z.string(), persistence: z.string() })),
      readOnly: flag,
    })
    .prefault({}),
});

export type ImageReference = Readonly<z.infer<typeof imageReferenceSchema>>;
export type HostBootEntry = Readonly<z.infer<typeof bootEntrySchema>>;
export type Host = Readonly<z.infer<typeof hostSchema>>;

/** @throws DeployError DEPLOY_HOST_INVALID */
export function parseHost(value: unknown): Host {
  const result = hostSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new DeployError(
    "DEPLOY_HOST_INVALID",
    `bootc's status is malformed at ${issue?.path.join(".") || "the top"}: ${issue?.message}`,
    { cause: result.error },
  );
}

export interface HostSlots {
  readonly staged: HostBootEntry | null;
  readonly booted: HostBootEntry | null;
  readonly rollback: HostBootEntry | null;
  readonly otherDeployments: readonly HostBootEntry[];
  readonly rollbackQueued: boolean;
  readonly readOnly: boolean;
  readonly usrOverlay?: Host["status"]["usrOverlay"];
}

/** A Host as bootc makes it: `spec` mirrors the staged image, else the booted one, and the queued boot order. */
export function makeHost(slots: HostSlots): Host {
  const { staged, booted, rollback, otherDeployments, rollbackQueued, readOnly } = slots;
  return {
    apiVersion: "org.containers.bootc/v1",
    kind: "BootcHost",
    metadata: { name: "host" },
    spec: {
      image: (staged?.image ?? booted?.image)?.image ?? null,
      bootOrder: rollbackQueued ? "rollback" : "default",
    },
    status: {
      staged,
      booted,
      rollback,
      ...(otherDeployments.length > 0 ? { otherDeployments: [...otherDeployments] } : {}),
      rollbackQueued,
      type: booted === null ? null : "bootcHost",
      usrOverlay: slots.usrOverlay ?? null,
      readOnly,
    },
  };
}

/** Canonical JSON as bootc prints it: keys sorted, one line, no newline at its end. */
export function formatHostJson(host: Host): string {
  return JSON.stringify(sortKeys(host));
}

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}

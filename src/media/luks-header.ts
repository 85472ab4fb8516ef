/**
 * Whether the header of a LUKS2 container is one that we want to open: real encryption, memory that the device has, and
 * nothing but plain dm-crypt. Pure; the header is what `cryptsetup luksDump --dump-json-metadata` prints (LUKS2 on-disk
 * format specification, section 3).
 *
 * None of this is a matter of trust: all that is read is verified after unlocking. It keeps a stick from eating the
 * device's memory, and a container without encryption from passing for one with it.
 */
import { z } from "zod";
import { MediaError } from "./error.ts";

const kdfSchema = z.discriminatedUnion("type", [
  z.looseObject({ type: z.literal("pbkdf2") }),
  z.looseObject({ type: z.enum(["argon2i", "argon2id"]), memory: z.int().nonnegative() }), // KiB
]);

const headerSchema = z.looseObject({
  keyslots: z.record(z.string(), z.looseObject({ kdf: kdfSchema, area: z.looseObject({ encryption: z.string() }) })),
  segments: z.record(
    z.string(),
    z.looseObject({ type: z.string(), encryption: z.string(), integrity: z.unknown().optional() }),
  ),
  config: z.looseObject({ requirements: z.looseObject({ mandatory: z.array(z.string()).optional() }).optional() }),
});

/** Ciphers of the kernel that are in use for disks, with their modes; everything else, cipher_null first of all, is refused. */
const REAL_CIPHER =
  /^(aes|serpent|twofish|camellia|sm4)-(xts-plain64|cbc-essiv:sha256|cbc-plain64)$|^xchacha(12|20),aes-adiantum-plain64$/;

const KIB_PER_MIB = 1024;

export function isRealCipher(encryption: string): boolean {
  return REAL_CIPHER.test(encryption);
}

/**
 * @param json as cryptsetup printed it
 * @param device for messages
 * @throws MediaError MEDIA_LUKS_UNSUPPORTED, MEDIA_LUKS_KDF_TOO_LARGE
 */
export function checkLuksHeader(json: string, device: string, maxKdfMemoryMib: number): void {
  const unsupported = (why: string) => new MediaError("MEDIA_LUKS_UNSUPPORTED", `${device}: ${why}`);
  const parsed = headerSchema.safeParse(parseJson(json));
  if (!parsed.success) throw unsupported("its LUKS2 header is not as the format says");
  const { keyslots, segments, config } = parsed.data;
  const weak = [
    ...Object.values(segments).map(({ encryption }) => encryption),
    ...Object.values(keyslots).map(({ area }) => area.encryption),
  ].find((encryption) => !isRealCipher(encryption));
  if (weak !== undefined) throw unsupported(`its cipher ${weak} is not one that is used for disks`);
  const segment = Object.values(segments);
  if (segment.length !== 1 || segment[0]?.type !== "crypt")
    throw unsupported("it has not exactly one encrypted segment");
  if (segment[0].integrity !== undefined) throw unsupported("it wants dm-integrity");
  const [requirement] = config.requirements?.mandatory ?? [];
  if (requirement !== undefined) throw unsupported(`it wants ${requirement}, such as one that is being re-encrypted`);
  const memoryKib = Math.max(
    0,
    ...Object.values(keyslots).map(({ kdf }) => ("memory" in kdf ? Number(kdf.memory) : 0)),
  );
  if (memoryKib <= maxKdfMemoryMib * KIB_PER_MIB) return;
  const needed = Math.ceil(memoryKib / KIB_PER_MIB);
  throw new MediaError(
    "MEDIA_LUKS_KDF_TOO_LARGE",
    `${device}: opening it takes ${needed} MiB of memory, at most ${maxKdfMemoryMib} MiB are allowed`,
  );
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

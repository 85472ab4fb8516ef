/**
 * Encryption of support archives in the age format (age-encryption.org/v1): `age` itself opens what we seal, and we open
 * what it has sealed.
 *
 * A support key is an age identity. Its file is what age-keygen writes, or that in an age file of its own with a passphrase
 * (scrypt, armored), which `age --decrypt --identity` takes as well.
 */
import { SupportError } from "./error.ts";

const loadAge = () => import("age-encryption"); // late: only these verbs need it

export interface SupportKey {
  /** `AGE-SECRET-KEY-1…` */
  readonly identity: string;
  /** `age1…`, for agent.toml of the devices. */
  readonly recipient: string;
}

export async function generateSupportKey(): Promise<SupportKey> {
  const { generateX25519Identity, identityToRecipient } = await loadAge();
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The file of a key, as age-keygen writes it, encrypted when there is a passphrase. */
export async function formatSupportKey(key: SupportKey, createdAtUtc: Date, passphrase?: string): Promise<string> {
  const time = createdAtUtc.toISOString().replace(/\.\d+Z$/, "Z");
  const text = `# created: ${time}\n# public key: ${key.recipient}\n${key.identity}\n`;
  if (passphrase === undefined) return text;
  const { Encrypter, armor } = await loadAge();
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  return armor.encode(await encrypter.encrypt(text));
}

const ARMOR = "-----BEGIN AGE ENCRYPTED FILE-----";
const IDENTITY = /^AGE-SECRET-KEY-(?:PQ-)?1[0-9A-Z]+$/;

/**
 * The identities of a key file.
 * @throws SupportError SUPPORT_KEY_INVALID, SUPPORT_PASSPHRASE_NEEDED, SUPPORT_PASSPHRASE_WRONG
 */
export async function parseSupportKey(text: string, passphrase?: string): Promise<readonly string[]> {
  if (!text.trimStart().startsWith(ARMOR)) return identitiesOf(text);
  if (passphrase === undefined) throw new SupportError("SUPPORT_PASSPHRASE_NEEDED", "the support key is encrypted");
  const { Decrypter, armor } = await loadAge();
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let opened: string;
  try {
    opened = await decrypter.decrypt(armor.decode(text), "text");
  } catch (error) {
    throw new SupportError("SUPPORT_PASSPHRASE_WRONG", "the passphrase does not open the support key", {
      cause: error,
    });
  }
  return identitiesOf(opened);
}

function identitiesOf(text: string): readonly string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  if (lines.length > 0 && lines.every((line) => IDENTITY.test(line))) return lines;
  throw new SupportError("SUPPORT_KEY_INVALID", "not a support key: expected a line AGE-SECRET-KEY-1…");
}

/** Seals `bytes` so that each of `recipients` can open them alone. @throws SupportError SUPPORT_RECIPIENT_INVALID */
export async function encryptTo(recipients: readonly string[], bytes: Buffer): Promise<Buffer> {
  const { Encrypter } = await loadAge();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (error) {
      const message = `${JSON.stringify(recipient)} is no recipient that age knows, expected age1…`;
      throw new SupportError("SUPPORT_RECIPIENT_INVALID", message, { cause: error });
    }
  }
  return Buffer.from(await encrypter.encrypt(bytes));
}

const AGE_MAGIC = Buffer.from("age-encryption.org/v1\n");

/** @throws SupportError SUPPORT_KEY_INVALID, SUPPORT_KEY_WRONG, SUPPORT_ARCHIVE_INVALID when it was changed or cut */
export async function decryptWith(identities: readonly string[], sealed: Buffer): Promise<Buffer> {
  if (!sealed.subarray(0, AGE_MAGIC.length).equals(AGE_MAGIC)) {
    throw new SupportError("SUPPORT_ARCHIVE_INVALID", "not a support archive: it is no age file");
  }
  const { Decrypter } = await loadAge();
  const decrypter = new Decrypter();
  let isForOthers = false;
  try {
    for (const identity of identities) decrypter.addIdentity(identity);
  } catch (error) {
    throw new SupportError("SUPPORT_KEY_INVALID", "the support key is damaged", { cause: error });
  }
  // Asked last: whoever comes here has been opened by none before.
  decrypter.addIdentity({
    unwrapFileKey() {
      isForOthers = true;
      return null;
    },
  });
  try {
    return Buffer.from(await decrypter.decrypt(sealed));
  } catch (error) {
    if (isForOthers) {
      throw new SupportError("SUPPORT_KEY_WRONG", "the archive is encrypted to other keys", { cause: error });
    }
    throw new SupportError("SUPPORT_ARCHIVE_INVALID", "the archive was changed or cut short", { cause: error });
  }
}

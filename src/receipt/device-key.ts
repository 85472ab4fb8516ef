/**
 * The key with which a device signs its receipts. It is no key of any root: it says who speaks, and never what is installed.
 *
 *     <state directory>/device.key     PKCS#8 in PEM, mode 0600
 *
 * Not encrypted, as there is nobody to type a passphrase: whoever can read the disk of the device can speak for it.
 */
import { renameSync } from "node:fs";
import { CodedError } from "../error.ts";
import { writeDurably } from "../host/durable-write.ts";
import { hostError } from "../host/error.ts";
import { type AbsPath, below } from "../path.ts";
import { formatPrivateKeyPem, type PrivateKey, parsePrivateKeyPem } from "../trust/keys.ts";
import { readPlainFile } from "./plain-file.ts";

const MAX_KEY_BYTES = 4096; // one has 119

export function deviceKeyFile(stateDirectory: AbsPath): AbsPath {
  return below(stateDirectory, "device.key");
}

/**
 * The device's key, or undefined when there is none that can be read; a damaged one is set aside as `device.key.damaged`.
 * @param onDamaged told why
 * @throws HostError
 */
export function readDeviceKey(stateDirectory: AbsPath, onDamaged: (why: string) => void): PrivateKey | undefined {
  const file = deviceKeyFile(stateDirectory);
  try {
    const bytes = readPlainFile(file, MAX_KEY_BYTES);
    return bytes && parsePrivateKeyPem(bytes.toString("utf8"));
  } catch (error) {
    if (!(error instanceof CodedError) || error.code === "HOST_PERMISSION") throw error;
    setAside(file);
    onDamaged(`${error.message}; it was set aside as ${file}.damaged`);
    return undefined;
  }
}

/** Makes it the device's key, durably; the one before is gone. @throws HostError */
export function writeDeviceKey(stateDirectory: AbsPath, key: PrivateKey): void {
  writeDurably(deviceKeyFile(stateDirectory), formatPrivateKeyPem(key), 0o600);
}

/** What cannot be read is kept for whoever looks into it. @throws HostError */
export function setAside(file: AbsPath): void {
  try {
    renameSync(file, `${file}.damaged`);
  } catch (error) {
    throw hostError(error, `setting aside ${file}`);
  }
}

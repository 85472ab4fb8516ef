/** Who signs: a key in memory, or a command that holds the key elsewhere (HSM, smart card, another machine). */
import type { Exec } from "../host/exec.ts";
import { isSignatureOf, signWithSeed } from "./ed25519.ts";
import { TrustError } from "./error.ts";
import type { PrivateKey, PublicKey } from "./keys.ts";

export interface Signer {
  readonly publicKey: PublicKey;
  /** The 64 bytes of an ed25519 signature (RFC 8032) over `bytes`. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
}

const COMMAND_TIMEOUT_MS = 5 * 60_000; // a person may have to find a card and type a PIN

export function keySigner(key: PrivateKey): Signer {
  return { publicKey: key.publicKey, sign: async (bytes) => signWithSeed(bytes, key.seed()) };
}

/**
 * A signer that runs `argv` with the bytes to sign on standard input and takes 64 raw bytes from its standard output.
 * What it returns is checked against `publicKey`, so a card with another key in it is noticed here and not on a device.
 */
export function commandSigner(publicKey: PublicKey, argv: readonly [string, ...string[]], exec: Exec): Signer {
  return {
    publicKey,
    /** @throws TrustError TRUST_SIGNER_FAILED; HostError HOST_TOOL_MISSING, HOST_TOOL_FAILED, HOST_TOOL_TIMEOUT */
    async sign(bytes) {
      const { stdout } = await exec(argv, { stdin: bytes, timeoutMs: COMMAND_TIMEOUT_MS });
      if (isSignatureOf(stdout, bytes, publicKey.raw)) return stdout;
      const got = `${stdout.length} bytes that are no signature of key ${publicKey.keyId}`;
      throw new TrustError("TRUST_SIGNER_FAILED", `signer command ${argv[0]} returned ${got}`);
    },
  };
}

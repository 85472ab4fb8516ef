import { describe, expect, it } from "vitest";
import type { Exec } from "../../../src/host/exec.ts";
import { execOnHost } from "../../../src/host/exec.ts";
import { isSignatureOf } from "../../../src/trust/ed25519.ts";
import { formatPrivateKeyPem, privateKeyOfSeed } from "../../../src/trust/keys.ts";
import { commandSigner, keySigner } from "../../../src/trust/signer.ts";

const key = privateKeyOfSeed(Buffer.alloc(32, 9));
const bytes = Buffer.from("bytes to sign\n");

describe("a signer", () => {
  it("signs with a key in memory", async () => {
    const signature = await keySigner(key).sign(bytes);
    expect(isSignatureOf(signature, bytes, key.publicKey.raw)).toBe(true);
  });

  it("signs with a command, which gets the bytes on standard input", async () => {
    // openssl wants files where a card would not: the shell stands for whatever drives the card
    const script =
      'd=$(mktemp -d) && cat > $d/in && printf %s "$1" > $d/key && openssl pkeyutl -sign -rawin -inkey $d/key -in $d/in; rm -r $d';
    const argv = ["sh", "-c", script, "sh", formatPrivateKeyPem(key)] as const;
    const signature = await commandSigner(key.publicKey, argv, execOnHost).sign(bytes);
    expect(Buffer.from(signature)).toEqual(Buffer.from(await keySigner(key).sign(bytes)));
  });

  it.each([
    ["nothing", Buffer.alloc(0)],
    ["hexadecimal digits", Buffer.from("ab".repeat(64))],
    ["a signature of another key", Buffer.alloc(64, 1)],
  ])("refuses a command that returns %s", async (_, stdout) => {
    const exec: Exec = async () => ({ exitCode: 0, stdout, stderrTail: "" });
    await expect(commandSigner(key.publicKey, ["card"], exec).sign(bytes)).rejects.toMatchObject({
      code: "TRUST_SIGNER_FAILED",
    });
  });

  it("passes on what is wrong with the command itself", async () => {
    const signer = commandSigner(key.publicKey, ["bootferry-no-such-command"], execOnHost);
    await expect(signer.sign(bytes)).rejects.toMatchObject({ code: "HOST_TOOL_MISSING" });
  });
});

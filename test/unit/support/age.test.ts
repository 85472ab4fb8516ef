/** Support keys and what is encrypted to them. That `age` itself agrees is shown in test/images/support-archive.test.ts. */
import { describe, expect, it } from "vitest";
import {
  decryptWith,
  encryptTo,
  formatSupportKey,
  generateSupportKey,
  parseSupportKey,
} from "../../../src/support/age.ts";

const AT = new Date("2026-11-20T10:15:00.123Z");
const TEXT = Buffer.from("what happened");

describe("a support key", () => {
  it("is a file as age-keygen writes it", async () => {
    const key = await generateSupportKey();
    const text = await formatSupportKey(key, AT);
    expect(text).toBe(`# created: 2026-11-20T10:15:00Z\n# public key: ${key.recipient}\n${key.identity}\n`);
    expect(await parseSupportKey(text)).toEqual([key.identity]);
  });

  it("opens with its passphrase alone when it has one", async () => {
    const key = await generateSupportKey();
    const text = await formatSupportKey(key, AT, "correct horse");
    expect(text).not.toContain("SECRET");
    await expect(parseSupportKey(text)).rejects.toMatchObject({ code: "SUPPORT_PASSPHRASE_NEEDED" });
    await expect(parseSupportKey(text, "wrong")).rejects.toMatchObject({ code: "SUPPORT_PASSPHRASE_WRONG" });
    expect(await parseSupportKey(text, "correct horse")).toEqual([key.identity]);
  });

  it.each(["", "# a comment\n", "age1xyz", "-----BEGIN PRIVATE KEY-----\nMC4C\n", "AGE-SECRET-KEY-1ABC\nnot one\n"])(
    "is not %j",
    async (text) => {
      await expect(parseSupportKey(text)).rejects.toMatchObject({ code: "SUPPORT_KEY_INVALID" });
    },
  );
});

describe("what is encrypted to support keys", () => {
  it("is opened by each of them alone", async () => {
    const keys = [await generateSupportKey(), await generateSupportKey()];
    const sealed = await encryptTo(
      keys.map(({ recipient }) => recipient),
      TEXT,
    );
    for (const { identity } of keys) expect(await decryptWith([identity], sealed)).toEqual(TEXT);
  });

  it("is not opened by another key, which is told from damage", async () => {
    const [key, other] = [await generateSupportKey(), await generateSupportKey()];
    const sealed = await encryptTo([key.recipient], TEXT);
    await expect(decryptWith([other.identity], sealed)).rejects.toMatchObject({ code: "SUPPORT_KEY_WRONG" });
    const flipped = Buffer.from(sealed);
    flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
    for (const damaged of [flipped, sealed.subarray(0, -1), sealed.subarray(0, 100), Buffer.from("tar")]) {
      await expect(decryptWith([key.identity], damaged)).rejects.toMatchObject({ code: "SUPPORT_ARCHIVE_INVALID" });
    }
  });

  it("says of a damaged key that the key is damaged", async () => {
    const { recipient, identity } = await generateSupportKey();
    const sealed = await encryptTo([recipient], TEXT);
    const damaged = identity.replace(/.$/, identity.endsWith("Q") ? "P" : "Q");
    await expect(decryptWith([damaged], sealed)).rejects.toMatchObject({ code: "SUPPORT_KEY_INVALID" });
  });

  it.each([
    "",
    "age1",
    "age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t",
    "ssh-ed25519 AAAA",
    "support.pub",
  ])("is not for %j", async (recipient) => {
    await expect(encryptTo([recipient], TEXT)).rejects.toMatchObject({ code: "SUPPORT_RECIPIENT_INVALID" });
  });
});

/** What is taken out of the texts of a support archive, and what stays readable. */
import { describe, expect, it } from "vitest";
import { redactSecrets } from "../../../src/support/redact.ts";

const SECRET = "hunter2-and-more";

describe("secrets in texts", () => {
  it.each([
    ["TOML", `passphrase = "${SECRET}"`],
    ["TOML, by single quotes", `wifi-password = '${SECRET}'`],
    ["TOML over several lines", `api-key = """\n${SECRET}\n"""`],
    ["a list of TOML", `tokens = ["a", "${SECRET}"]`],
    ["TOML with an escaped quote", `secret = "a\\"${SECRET}"`],
    ["JSON", `{"password":"${SECRET}","x":1}`],
    ["JSON with an escaped quote", `{ "access_token" : "a\\"${SECRET}" }`],
    ["a kernel command line", `root=UUID=1 wifi.psk=${SECRET} quiet`],
    ["a message within JSON", `{"MESSAGE":"login with token=\\"${SECRET}\\" failed"}`],
    ["an address", `https://user:${SECRET}@site.example/v2/`],
    ["a query", `https://site.example/?a=b&token=${SECRET}&c=d`],
    ["an environment", `BOOTFERRY_PASSPHRASE=${SECRET}`],
    ["a private key", `-----BEGIN PRIVATE KEY-----\n${SECRET}\n-----END PRIVATE KEY-----\n`],
    ["a private key that was cut", `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${SECRET}\n`],
    ["an encrypted age key", `-----BEGIN AGE ENCRYPTED FILE-----\n${SECRET}\n-----END AGE ENCRYPTED FILE-----`],
  ])("go out of %s", (_, text) => {
    const redacted = redactSecrets(text);
    expect(redacted).not.toContain(SECRET);
    expect(redacted).toContain("<redacted>");
  });

  it("go out whatever an age identity stands in", () => {
    const identity = "AGE-SECRET-KEY-1L27NYJDYRNDSCCELNZE8C6JTSH22TLQJVPGD7289KDLMZA5HWN6SZPEHGF";
    expect(redactSecrets(`key: ${identity}!`)).toBe("key: <redacted>!");
  });

  it.each([
    'key-file = "/etc/bootferry/media.key"',
    'recipients = ["age1trdreara7jq5xthpudf5vkeexf39p7dsxve9q0uteayeflkyhuxsyajk2s"]',
    '{"state":"refused","code":"TRUST_KEY_REVOKED","message":"the key ab12 is revoked"}',
    "composefs.digest=v1-sha256-12:0123 spinning=1 https://site.example:5000/v2/",
    "-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----",
  ])("are not seen in %s", (text) => {
    expect(redactSecrets(text)).toBe(text);
  });

  it("leave JSON that can be read", () => {
    const line = JSON.stringify({ MESSAGE: `token=${SECRET} and "password": "${SECRET}"`, PRIORITY: "6", pin: SECRET });
    const redacted = redactSecrets(line);
    expect(redacted).not.toContain(SECRET);
    expect(JSON.parse(redacted)).toMatchObject({ PRIORITY: "6", pin: "<redacted>" });
  });
});

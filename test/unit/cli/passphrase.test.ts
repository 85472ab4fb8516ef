import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { readNewPassphrase, readPassphrase } from "../../../src/cli/passphrase.ts";
import { terminal } from "../../support/terminal.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("a passphrase that is typed", () => {
  it("is not echoed, and the terminal is as before when it is done", async () => {
    const { context, raw, shown } = terminal(["secret\r"]);
    expect(await readPassphrase(context, "a.key", undefined)).toBe("secret");
    expect(raw).toEqual([true, false]);
    expect(shown()).toBe("Passphrase for a.key: \n");
  });

  it.each([
    { what: "backspace", keys: "secx\u007fret\n", expected: "secret" },
    { what: "backspace at the start", keys: "\b\bsecret\r", expected: "secret" },
    { what: "letters beyond ASCII", keys: "schlüssel\r", expected: "schlüssel" },
  ])("may hold $what", async ({ keys, expected }) => {
    expect(await readPassphrase(terminal([keys]).context, "a.key", undefined)).toBe(expected);
  });

  it.each(["\u0003", "ab\u0004"])("is given up with %j, and the terminal is as before", async (keys) => {
    const { context, raw } = terminal([keys]);
    await expect(readPassphrase(context, "a.key", undefined)).rejects.toThrow(refusal("CLI_PASSPHRASE_NEEDED"));
    expect(raw).toEqual([true, false]);
  });

  it("must be the same twice for a new key", async () => {
    expect(await readNewPassphrase(terminal(["one\r", "one\r"]).context, undefined)).toBe("one");
    const differing = readNewPassphrase(terminal(["one\r", "two\r"]).context, undefined);
    await expect(differing).rejects.toThrow(refusal("CLI_PASSPHRASE_MISMATCH"));
  });
});

describe("a passphrase that is given", () => {
  it("comes from the environment without a terminal", async () => {
    const context = { ...terminal([]).context, env: { BOOTFERRY_PASSPHRASE: "secret" }, stdin: new PassThrough() };
    expect(await readPassphrase(context, "a.key", undefined)).toBe("secret");
  });

  it("is missed with a code where there is no terminal", async () => {
    const context = { ...terminal([]).context, stdin: new PassThrough() };
    await expect(readPassphrase(context, "a.key", undefined)).rejects.toThrow(refusal("CLI_PASSPHRASE_NEEDED"));
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { processContext } from "../../../src/cli/context.ts";
import { readLuksKey, readNewLuksKey } from "../../../src/cli/luks-key.ts";
import { terminal } from "../../support/terminal.ts";

const base = processContext(process, new AbortController().signal);
const withEnv = (env: Readonly<Record<string, string>>) => ({ ...base, env });

describe("the key of an encrypted medium", () => {
  it("is asked for twice when it is made, and has no end of line", async () => {
    const { context } = terminal(["secret\r", "secret\r"]);
    expect(Buffer.from(await readNewLuksKey(context, undefined)).toString()).toBe("secret");
  });

  it("is not taken when it was mistyped, or is empty", async () => {
    const mistyped = terminal(["secret\r", "sekret\r"]);
    const mismatch = expect.objectContaining({ code: "CLI_PASSPHRASE_MISMATCH" });
    await expect(readNewLuksKey(mistyped.context, undefined)).rejects.toEqual(mismatch);
    const empty = terminal(["\r", "\r"]);
    await expect(readNewLuksKey(empty.context, undefined)).rejects.toMatchObject({ code: "CLI_USAGE" });
  });

  it("is asked for once to open it, by the name of the device", async () => {
    const { context, shown } = terminal(["secret\r"]);
    expect(Buffer.from(await readLuksKey(context, "/dev/sdb1", undefined)).toString()).toBe("secret");
    expect(shown()).toBe("Passphrase of /dev/sdb1: \n");
  });

  it("is every byte of a key file, and the file goes before the environment", async () => {
    const directory = mkdtempSync(join(tmpdir(), "luks-key-"));
    try {
      const file = join(directory, "key");
      writeFileSync(file, Buffer.from([0, 10, 255, 10]));
      const context = withEnv({ BOOTFERRY_LUKS_PASSPHRASE: "other" });
      expect([...(await readNewLuksKey(context, file))]).toEqual([0, 10, 255, 10]);
      expect(Buffer.from(await readNewLuksKey(context, undefined)).toString()).toBe("other");
      writeFileSync(file, "");
      await expect(readLuksKey(context, "/dev/sdb1", file)).rejects.toMatchObject({ code: "CLI_USAGE" });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

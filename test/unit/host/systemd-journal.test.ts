/** Entries for the systemd journal: what `logger --journald` is given, and what becomes of those that nobody takes. */
import { describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { formatJournalEntry, journalOnHost } from "../../../src/host/systemd-journal.ts";

describe("an entry of the journal", () => {
  it("is one line a field, without empty ones", () => {
    expect(formatJournalEntry({ MESSAGE: "copied", BOOTFERRY_CODE: "", PRIORITY: "6" })).toBe(
      "MESSAGE=copied\nPRIORITY=6\n",
    );
  });

  it.each([
    ["a second line", "it said\n    MESSAGE_ID=0", "it said MESSAGE_ID=0"],
    ["a carriage return and a bell", "a\r\nb\u0007c", "a b c"],
    ["more than anybody reads", "x".repeat(10_000), "x".repeat(8192)],
  ])("makes no other field of %s", (_, value, expected) => {
    expect(formatJournalEntry({ MESSAGE: value })).toBe(`MESSAGE=${expected}\n`);
  });

  it.each(["message", "_UID", "1ST", "A B", ""])("refuses the name %j", (name) => {
    expect(() => formatJournalEntry({ [name]: "x" })).toThrow(TypeError);
  });
});

describe("sending to the journal", () => {
  it("names the process that it is about, since logger is gone before journald has looked", async () => {
    const given: string[] = [];
    const exec: Exec = async (argv, { stdin }) => {
      given.push(argv.join(" "), String(stdin));
      return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    };
    expect(await journalOnHost(exec, 42)({ MESSAGE: "stored" })).toBe(true);
    expect(given).toEqual(["logger --journald", "MESSAGE=stored\nOBJECT_PID=42\n"]);
  });

  it.each(["HOST_TOOL_MISSING", "HOST_TOOL_FAILED", "HOST_TOOL_TIMEOUT"] as const)(
    "answers that nobody took it after %s",
    async (code) => {
      const exec: Exec = async () => {
        throw new HostError(code, "logger");
      };
      expect(await journalOnHost(exec, 42)({ MESSAGE: "stored" })).toBe(false);
    },
  );
});

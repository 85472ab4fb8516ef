import { describe, expect, it } from "vitest";
import { CodedError, EXIT, errnoText } from "../../src/error.ts";

class TestError extends CodedError<"TEST"> {
  constructor(message: string) {
    super("TEST", message, { TEST: { exit: EXIT.failed, remedy: "Do something." } });
  }
}

describe("the message of a coded error", () => {
  it.each([
    ["plain text, also of other languages, as it is", 'käse "日本"\t/x', 'käse "日本"\t/x'],
    ["no commands to a terminal", "type: \u001b[2J\u009b1m\r\u0007", "type: \\u{1b}[2J\\u{9b}1m\\u{d}\\u{7}"],
    ["no marks that turn the direction of writing", "a\u202eb\u2066c\u2028", "a\\u{202e}b\\u{2066}c\\u{2028}"],
    ["no line that looks like one of ours", "x\nhelp: All is well.", "x\n    help: All is well."],
  ])("shows %s", (_what, given, shown) => {
    expect(new TestError(given).message).toBe(shown);
  });

  it("is bounded", () => {
    expect(new TestError("x".repeat(1 << 20)).message.length).toBeLessThan(10_000);
  });
});

describe("a failed system call in words", () => {
  it.each([
    { code: "ENOENT", text: "no such file or directory (ENOENT)" },
    { code: "ENOSPC", text: "no space left on device (ENOSPC)" },
    { code: "EODD", text: "EODD" },
  ])("has those of the system for $code", ({ code, text }) => {
    expect(errnoText(Object.assign(new Error("x"), { code, errno: -1 }))).toBe(text);
  });

  it("has none when it is no system call", () => {
    expect(errnoText(new Error("x"))).toBeUndefined();
  });
});

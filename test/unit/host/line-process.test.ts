import { describe, expect, it } from "vitest";
import { followLinesOnHost } from "../../../src/host/line-process.ts";

const never = new AbortController().signal;

async function collect(argv: readonly [string, ...string[]], signal = never): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of followLinesOnHost(argv, signal)) lines.push(line);
  return lines;
}

describe("a process that is listened to", () => {
  it("yields its lines, and ends with it", async () => {
    expect(await collect(["printf", "a\\nb c\\n"])).toEqual(["a", "b c"]);
  });

  it("is ended when it is no longer wanted, without an error", async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    for await (const line of followLinesOnHost(["sh", "-c", "echo started; exec sleep 1000"], stop.signal)) {
      lines.push(line);
      stop.abort();
    }
    expect(lines).toEqual(["started"]);
  });

  it("is ended when the listener goes away", async () => {
    for await (const line of followLinesOnHost(["sh", "-c", "echo $$; exec sleep 1000"], never)) {
      const pid = Number(line);
      expect(pid).toBeGreaterThan(1);
      break;
    }
  });

  it("is not started when it is not wanted any more", async () => {
    expect(await collect(["printf", "a\\n"], AbortSignal.abort())).toEqual([]);
  });

  it.each([
    ["is not installed", ["bootferry-no-such-tool"], "HOST_TOOL_MISSING"],
    ["fails", ["sh", "-c", "exit 3"], "HOST_TOOL_FAILED"],
  ] as const)("says that it %s", async (_, argv, code) => {
    await expect(collect(argv)).rejects.toMatchObject({ code });
  });
});

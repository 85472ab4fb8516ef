import { describe, expect, it } from "vitest";
import { byteProgress } from "../../../src/cli/byte-progress.ts";

/** Writes down what bars are opened, advanced and closed. */
function recorder() {
  const said: string[] = [];
  const openProgress = (label: string, totalBytes: number) => {
    said.push(`open ${label} ${totalBytes}`);
    return {
      advance: (bytes: number) => void said.push(`advance ${bytes}`),
      [Symbol.dispose]: () => void said.push("close"),
    };
  };
  return { said, openProgress };
}

describe("byteProgress", () => {
  it("opens a bar with the first word and advances it by what is new", () => {
    const { said, ...output } = recorder();
    {
      using progress = byteProgress(output, "checking");
      progress.onProgress(3, 10);
      progress.onProgress(10, 10);
    }
    expect(said).toEqual(["open checking 10", "advance 3", "advance 7", "close"]);
  });

  it("begins a new bar with another part of the work, and closes the last one once", () => {
    const { said, ...output } = recorder();
    const progress = byteProgress(output, "repairing");
    progress.onProgress(10, 10);
    progress.onProgress(2, 20);
    progress.onProgress(1, 20);
    progress[Symbol.dispose]();
    progress[Symbol.dispose]();
    expect(said.filter((line) => !line.startsWith("advance"))).toEqual([
      ...["open repairing 10", "close", "open repairing 20", "close", "open repairing 20", "close"],
    ]);
  });

  it("opens none for work that never says anything", () => {
    const { said, ...output } = recorder();
    byteProgress(output, "checking")[Symbol.dispose]();
    expect(said).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import { sleepOnHost } from "../../../src/host/sleep.ts";

describe("waiting", () => {
  it("ends by itself", async () => {
    await expect(sleepOnHost(1, new AbortController().signal)).resolves.toBeUndefined();
  });

  it("ends early, without an error, when it is not wanted any more", async () => {
    const stop = new AbortController();
    const waiting = sleepOnHost(1_000_000, stop.signal);
    stop.abort();
    await expect(waiting).resolves.toBeUndefined();
    await expect(sleepOnHost(1_000_000, stop.signal)).resolves.toBeUndefined();
  });
});

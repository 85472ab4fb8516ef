import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digestHex, digestOf } from "../../../../src/oci/digest.ts";
import { parseAbsPath } from "../../../../src/path.ts";
import { FETCH_DIRECTORY } from "../../../../src/release/registry/registry.ts";
import { watchGrowth } from "../../../../src/release/registry/watch-growth.ts";

describe("watching what is fetched", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "growth-"));
    mkdirSync(join(directory, FETCH_DIRECTORY));
    mkdirSync(join(directory, "blobs", "sha256"), { recursive: true });
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const { signal } = new AbortController();
  const blob = { digest: digestOf("content"), size: 7 };

  it("tells all bytes in the end, however fast they came", async () => {
    let bytes = 0;
    const fetch = async () => writeFileSync(join(directory, "blobs", "sha256", digestHex(blob.digest)), "content");
    await watchGrowth(parseAbsPath(directory), [blob], fetch, { signal, onBytes: (more) => (bytes += more) });
    expect(bytes).toBe(7);
  });

  it("stops a registry that sends without end", async () => {
    const endless = (stop: AbortSignal) =>
      new Promise<void>((_, reject) => {
        const write = () => {
          if (stop.aborted) reject(stop.reason);
          else {
            appendFileSync(join(directory, FETCH_DIRECTORY, "oci-put-blob1"), Buffer.alloc(4 << 20));
            setTimeout(write, 50);
          }
        };
        write();
      });
    await expect(
      watchGrowth(parseAbsPath(directory), [blob], endless, { signal, onBytes: () => undefined }),
    ).rejects.toMatchObject({ code: "RELEASE_REGISTRY_DIFFERS" });
  });

  it("passes on why a fetch has failed", async () => {
    const fail = () => Promise.reject(new Error("no"));
    await expect(
      watchGrowth(parseAbsPath(directory), [blob], fail, { signal, onBytes: () => undefined }),
    ).rejects.toThrow("no");
  });
});

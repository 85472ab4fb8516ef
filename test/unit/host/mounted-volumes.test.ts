import { describe, expect, it } from "vitest";
import { listMountedVolumes } from "../../../src/host/mounted-volumes.ts";

describe("the mounted volumes of this machine", () => {
  it("have the root among them, with its size in bytes", async () => {
    const volumes = await listMountedVolumes();
    expect(volumes).toContainEqual({
      source: expect.any(String),
      mountPoint: "/",
      sizeBytes: expect.any(Number),
    });
    expect(volumes.find(({ mountPoint }) => mountPoint === "/")?.sizeBytes).toBeGreaterThan(1 << 20);
  });
});

import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { type Exec, execOnHost } from "../../../src/host/exec.ts";
import { syncFilesystem } from "../../../src/host/sync-filesystem.ts";
import { below, toAbsPath } from "../../../src/path.ts";

describe("syncing a file system", () => {
  it("asks for the one that holds the path", async () => {
    const asked: (readonly string[])[] = [];
    const exec: Exec = async (argv) => {
      asked.push(argv);
      return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    };
    await syncFilesystem(exec, toAbsPath("/media/stick"));
    expect(asked).toEqual([["sync", "-f", "/media/stick"]]);
  });

  it("works with the tool of this machine, and fails for a path that is not there", async () => {
    await syncFilesystem(execOnHost, toAbsPath(tmpdir()));
    const nowhere = below(toAbsPath(tmpdir()), "bootferry-no-such-place");
    await expect(syncFilesystem(execOnHost, nowhere)).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
  });
});

import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openInhibitorOnHost } from "../../../src/host/inhibitor.ts";

describe("keeping the machine up", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(`${tmpdir()}/inhibit-`);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(directory, { recursive: true });
  });

  const install = (script: string) => {
    writeFileSync(`${directory}/systemd-inhibit`, `#!/bin/sh\n${script}\n`);
    chmodSync(`${directory}/systemd-inhibit`, 0o755);
    vi.stubEnv("PATH", `${directory}:${process.env["PATH"]}`);
  };
  const log = () => readFileSync(`${directory}/log`, "utf8");

  it("holds logind's lock for shutdown and sleep until it is disposed", async () => {
    install(`echo "$1 $2 $3 $4" >>${directory}/log; shift 4; "$@"; echo released >>${directory}/log`);
    {
      await using _awake = await openInhibitorOnHost("a test");
      expect(log()).toBe("--what=shutdown:sleep --mode=block --who=bootferry --why=a test\n");
    }
    expect(log()).toMatch(/\nreleased\n$/);
  });

  it("goes on without logind", async () => {
    install("echo Failed to connect to bus >&2; exit 1");
    const nothing = await openInhibitorOnHost("a test");
    await expect(nothing[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });

  it("goes on without systemd-inhibit", async () => {
    vi.stubEnv("PATH", directory);
    const nothing = await openInhibitorOnHost("a test");
    await expect(nothing[Symbol.asyncDispose]()).resolves.toBeUndefined();
  });
});

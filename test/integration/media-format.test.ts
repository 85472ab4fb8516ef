/**
 * A medium made by the real tools, of a file in place of a disk: what needs no root and is on every Debian machine
 * (e2fsprogs, util-linux). The other file systems and LUKS are made in the virtual machines.
 */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { execOnHost } from "../../src/host/exec.ts";
import { hasToolOnPath } from "../../src/host/find-tool.ts";
import { sleepOnHost } from "../../src/host/sleep.ts";
import { parseBlkid } from "../../src/media/blkid.ts";
import { type FormatPorts, isBlockDevice, labelMedium, makeFilesystem } from "../../src/media/format-medium.ts";
import { planFormat } from "../../src/media/plan-format.ts";
import { type AbsPath, parseAbsPath } from "../../src/path.ts";
import { blankDisk } from "../support/machines.ts";

const SBIN = "/usr/sbin:/sbin"; // where the tools are, and where the PATH of a plain user does not look
const SIZE_BYTES = 32 << 20;
const NOTHING_FOUND = 2;

describe("a medium in a file", () => {
  let directory: string;
  let file: AbsPath;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "media-format-"));
    file = parseAbsPath(join(directory, "stick"));
    writeFileSync(file, "");
    truncateSync(file, SIZE_BYTES);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const path = `${process.env["PATH"]}:${SBIN}`;
  const exec: FormatPorts["exec"] = (argv, options) =>
    execOnHost(argv, { ...options, env: { ...options.env, PATH: path } });
  const ports: FormatPorts = {
    exec,
    hasTool: (tool) => tool !== "udevadm" && hasToolOnPath(path)(tool),
    sleep: sleepOnHost,
    exists: isBlockDevice,
    signal: new AbortController().signal,
    note: () => undefined,
  };
  const probe = async () => {
    const options = { timeoutMs: 10_000, accept: [NOTHING_FOUND] };
    return parseBlkid((await exec(["blkid", "-p", "-o", "udev", file], options)).stdout.toString("utf8"));
  };
  const plan = () =>
    planFormat(blankDisk({ path: file, sizeBytes: SIZE_BYTES }), {
      filesystem: "ext4",
      partitionTable: "none",
      label: "BOOTFERRY",
      isEncrypted: false,
    });

  it("has its file system before its label", async () => {
    await makeFilesystem(plan(), undefined, ports);
    expect(await probe()).toMatchObject({ filesystem: "ext4", label: undefined });
    await labelMedium(plan(), ports);
    expect(await probe()).toMatchObject({ filesystem: "ext4", label: "BOOTFERRY" });
  });

  it("loses its label at once when it is made anew, so that a run that stops leaves no medium", async () => {
    await makeFilesystem(plan(), undefined, ports);
    await labelMedium(plan(), ports);
    const [erase] = plan().steps;
    if (erase !== undefined) await exec(erase.argv, { timeoutMs: 10_000 });
    expect(await probe()).toMatchObject({ filesystem: undefined, label: undefined });
  });
});

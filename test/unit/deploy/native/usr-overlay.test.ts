import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, it } from "vitest";
import { HOST_DEVICE_PATHS } from "../../../../src/config/device-paths.ts";
import { mountUsrOverlay, parseUsrOverlay } from "../../../../src/deploy/native/usr-overlay.ts";
import { HostError } from "../../../../src/host/error.ts";
import type { Exec } from "../../../../src/host/exec.ts";
import { below, parseAbsPath } from "../../../../src/path.ts";

const overlay = (at: string, mode: string, upper: string) =>
  `64 27 0:45 / ${at} ${mode},relatime shared:29 - overlay bootferry-usr-overlay ${mode},lowerdir=/usr,upperdir=${upper},workdir=/w`;
const ours = "/run/bootferry/usr-overlay/upper";
const others = [
  "22 27 0:21 / /proc rw,relatime - proc proc rw",
  "27 1 254:0 / / ro,relatime - overlay root ro,lowerdir=/a",
];

describe("the overlay over /usr", () => {
  it.each([
    ["is not there on a plain machine", others, null],
    ["is not one that someone else laid there", [...others, overlay("/usr", "rw", "/run/other/upper")], null],
    ["is not one of ours elsewhere", [...others, overlay("/opt", "rw", ours)], null],
    ["is told when it is writable", [...others, overlay("/usr", "rw", ours)], "readWrite"],
    ["is told when it is read-only", [...others, overlay("/usr", "ro", ours)], "readOnly"],
  ])("%s", (_what, lines, accessMode) => {
    const expected = accessMode === null ? null : { accessMode, persistence: "transient" };
    expect(parseUsrOverlay(`${lines.join("\n")}\n`, HOST_DEVICE_PATHS)).toEqual(expected);
  });
});

describe("laying it", () => {
  const runtimeDirectory = parseAbsPath(mkdtempSync(`${tmpdir()}/usr-overlay-`));
  const paths = { ...HOST_DEVICE_PATHS, runtimeDirectory };
  afterAll(() => rmSync(runtimeDirectory, { recursive: true }));

  it("mounts with what is changed in the runtime directory, readable for all as /usr is", async () => {
    const runs: (readonly string[])[] = [];
    const exec: Exec = async (argv) => {
      runs.push(argv);
      return { exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" };
    };
    await mountUsrOverlay(exec, paths, { isReadOnly: false });
    const directory = below(runtimeDirectory, "usr-overlay");
    const options = `rw,lowerdir=/usr,upperdir=${directory}/upper,workdir=${directory}/work`;
    expect(runs).toEqual([["mount", "-t", "overlay", "-o", options, "bootferry-usr-overlay", "/usr"]]);
    expect(statSync(below(directory, "upper")).mode & 0o777).toBe(0o755);
  });

  it("says so when the kernel refuses", async () => {
    const exec: Exec = async () => {
      throw new HostError("HOST_TOOL_FAILED", "mount: maximum fs stacking depth exceeded");
    };
    await expect(mountUsrOverlay(exec, paths, { isReadOnly: true })).rejects.toMatchObject({
      code: "DEPLOY_OVERLAY_UNAVAILABLE",
      message: expect.stringContaining("stacking depth"),
    });
  });
});

import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { collectPrograms, listPrograms, type ProgramFiles, runProgram } from "../../../src/agent/programs.ts";
import { execOnHost } from "../../../src/host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { scratchDirectory } from "./scratch.ts";

function script(path: string, text: string, mode = 0o755): AbsPath {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, mode);
  return parseAbsPath(path);
}

/** A device whose root is `directory`. */
const programsBelow = (directory: AbsPath): ProgramFiles => ({
  listPrograms: async (path) => listPrograms(below(directory, path)),
  env: {},
});

describe("the programs of a directory", () => {
  it("are its executable files, in the order of their names", () => {
    const directory = scratchDirectory();
    script(join(directory, "20-b"), "");
    script(join(directory, "10-a"), "");
    script(join(directory, "README"), "", 0o644);
    mkdirSync(join(directory, "sub"));
    symlinkSync("/dev/null", join(directory, "30-masked"));
    symlinkSync("nowhere", join(directory, "40-dangling"));
    symlinkSync("50-circle", join(directory, "50-circle"));
    expect(listPrograms(directory).map(({ kind, name }) => [name, kind])).toEqual([
      ["10-a", "runnable"],
      ["20-b", "runnable"],
      ["30-masked", "masked"],
      ["40-dangling", "not-executable"],
      ["50-circle", "not-executable"],
      ["README", "not-executable"],
    ]);
  });

  it("are none where there is no directory", () => {
    expect(listPrograms(below(scratchDirectory(), "absent"))).toEqual([]);
  });
});

describe("the programs of several directories", () => {
  const DIRECTORIES = ["/etc/bootferry/d", "/usr/lib/bootferry/d", "/etc/other/d"].map(parseAbsPath);

  it("hide only their namesakes in the twin below /usr/lib", async () => {
    const root = scratchDirectory();
    script(join(root, "etc/bootferry/d/10-mine"), "");
    script(join(root, "usr/lib/bootferry/d/10-mine"), "");
    script(join(root, "usr/lib/bootferry/d/20-vendor"), "");
    script(join(root, "etc/other/d/10-mine"), "");
    const programs = await collectPrograms(programsBelow(root), DIRECTORIES);
    expect(programs.map(({ directory, name }) => `${directory}/${name}`)).toEqual([
      "/etc/bootferry/d/10-mine",
      "/etc/other/d/10-mine",
      "/usr/lib/bootferry/d/20-vendor",
    ]);
  });

  it("are switched off by a link to /dev/null", async () => {
    const root = scratchDirectory();
    script(join(root, "usr/lib/bootferry/d/20-vendor"), "");
    mkdirSync(join(root, "etc/bootferry/d"), { recursive: true });
    symlinkSync("/dev/null", join(root, "etc/bootferry/d/20-vendor"));
    expect(await collectPrograms(programsBelow(root), DIRECTORIES)).toEqual([]);
  });
});

describe("a program that is run", () => {
  const run = (text: string, timeoutSeconds = 30) =>
    runProgram(execOnHost, [script(join(scratchDirectory(), "program"), text)], {
      timeoutSeconds,
      env: { NAME: "value" },
    });

  it.each([
    ["succeeds", "exit 0", { kind: "exited", exitCode: 0, outputTail: "" }],
    [
      "fails with what it said",
      "echo out; echo err >&2; exit 3",
      { kind: "exited", exitCode: 3, outputTail: "out\nerr" },
    ],
    ["has its environment", 'echo "$NAME"', { kind: "exited", exitCode: 0, outputTail: "value" }],
    ["works in /", "pwd", { kind: "exited", exitCode: 0, outputTail: "/" }],
  ])("%s", async (_, text, expected) => {
    expect(await run(text)).toEqual(expected);
  });

  it("keeps the end of a long output", async () => {
    const result = await run("seq 1 10000; exit 1");
    expect(result).toMatchObject({ kind: "exited", outputTail: expect.stringMatching(/\n9999\n10000$/) });
    expect(result.kind === "exited" && result.outputTail.length).toBeLessThanOrEqual(1000);
  });

  it("is ended at its deadline together with what it started", async () => {
    expect(await run("echo waiting; sleep 600 & sleep 600", 1)).toEqual({ kind: "timed-out", outputTail: "waiting" });
  });

  it("is ended at its deadline though it ignores SIGTERM", async () => {
    expect(await run("trap '' TERM; echo stubborn; while :; do sleep 1; done", 1)).toMatchObject({ kind: "timed-out" });
  });

  it("is broken when it has no interpreter", async () => {
    const file = join(scratchDirectory(), "program");
    writeFileSync(file, "#!/no/such/interpreter\n", { mode: 0o755 });
    const result = await runProgram(execOnHost, [file], { timeoutSeconds: 5, env: {} });
    expect(result).toMatchObject({ kind: "exited", exitCode: 127 });
  });

  it("ends with the signal that the caller aborts with", async () => {
    const abort = new AbortController();
    const file = script(join(scratchDirectory(), "program"), "sleep 600");
    const running = runProgram(execOnHost, [file], { timeoutSeconds: 600, env: {}, signal: abort.signal });
    abort.abort(new Error("stopped"));
    await expect(running).rejects.toThrow("stopped");
  });
});

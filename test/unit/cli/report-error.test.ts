import { PassThrough } from "node:stream";
import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { reportError } from "../../../src/cli/report-error.ts";
import { StoppedBySignal } from "../../../src/cli/stop-signal.ts";
import { HostError } from "../../../src/host/error.ts";
import { MediaError } from "../../../src/media/error.ts";
import { OciError } from "../../../src/oci/error.ts";

function report(error: unknown, signal = new AbortController().signal) {
  const stderr = new PassThrough();
  const exitStatus = reportError(error, stderr, signal);
  return { exitStatus, said: (stderr.read() ?? "").toString() };
}

function commanderError(...args: readonly string[]): unknown {
  const program = new Command("tool")
    .exitOverride()
    .configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
  program.requiredOption("--name <name>");
  try {
    program.parse(["node", "tool", ...args]);
  } catch (error) {
    return error;
  }
  return undefined;
}

describe("reportError", () => {
  it("prints message, code and remedy, and takes the exit status from the code", () => {
    const { exitStatus, said } = report(new OciError("OCI_BLOB_MISSING", "blob x is not there"));
    expect(exitStatus).toBe(6);
    expect(said).toMatch(/^error: blob x is not there \[OCI_BLOB_MISSING\]\nhelp: .+\n$/);
  });

  it.each([
    { args: [], said: /required option '--name <name>' not specified/ },
    { args: ["--name", "x", "--nmae"], said: /unknown option '--nmae'/ },
  ])("takes what commander refuses ($args) for wrong usage", ({ args, said }) => {
    const reported = report(commanderError(...args));
    expect(reported.exitStatus).toBe(2);
    expect(reported.said).toMatch(said);
    expect(reported.said).toMatch(/^error: (?!error).* \[CLI_USAGE\]\nhelp: .+\n$/);
  });

  it("takes --help for done", () => {
    expect(report(commanderError("--help"))).toEqual({ exitStatus: 0, said: "" });
  });

  it("takes what it does not know for a bug of ours, with the stack to report", () => {
    const { exitStatus, said } = report(new RangeError("boom"));
    expect(exitStatus).toBe(70);
    expect(said).toMatch(/^error: RangeError: boom\n {4}at [\s\S]+help: This is a bug in bootferry\./);
  });

  it.each([
    { name: "SIGINT", exitStatus: 130 },
    { name: "SIGTERM", exitStatus: 143 },
  ] as const)("reports $name and not what fell over because of it", ({ name, exitStatus }) => {
    const signal = AbortSignal.abort(new StoppedBySignal(name));
    const reported = report(new HostError("HOST_TOOL_FAILED", "skopeo: exit status 1"), signal);
    expect(reported).toEqual({ exitStatus, said: expect.stringMatching(`^interrupted by ${name}: `) });
  });

  it("tells of the medium that was pulled out, and not of the signal by which systemd then stops us", () => {
    const signal = AbortSignal.abort(new StoppedBySignal("SIGTERM"));
    const error = new MediaError("MEDIA_REMOVED", "the medium /dev/sdb1 was removed while it was being read");
    const { exitStatus, said } = report(error, signal);
    expect(exitStatus).toBe(6);
    expect(said).toMatch(/^error: the medium \/dev\/sdb1 was removed .* \[MEDIA_REMOVED\]\nhelp: Insert it again/);
  });
});

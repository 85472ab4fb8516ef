import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { type HealthPorts, runHealth } from "../../../src/agent/health.ts";
import { describeHealth, healthReportSchema } from "../../../src/agent/health-report.ts";
import { listPrograms } from "../../../src/agent/programs.ts";
import { parseAgentConfig } from "../../../src/config/load-agent-config.ts";
import { HostError } from "../../../src/host/error.ts";
import { type Exec, execOnHost } from "../../../src/host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { scratchDirectory } from "./scratch.ts";

const config = (health = "") =>
  parseAgentConfig(
    Buffer.from(`[device]\ncompatible = "a"\n[follow]\nname = "os"\n[health]\n${health}`),
    parseAbsPath("/agent.toml"),
  ).health;

function deviceWith(checks: Readonly<Record<string, string>>): AbsPath {
  const root = scratchDirectory();
  for (const [path, text] of Object.entries(checks)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `#!/bin/sh\n${text}\n`);
    chmodSync(file, 0o755);
  }
  return root;
}

const portsOf = (root: AbsPath, changes: Partial<HealthPorts> = {}): HealthPorts => ({
  exec: execOnHost,
  programs: { listPrograms: async (path) => listPrograms(below(root, path)), env: { BOOTFERRY_SYSROOT: root } },
  monotonicMs: () => 0,
  hasUnits: false,
  ...changes,
});

const REQUIRED = "usr/lib/bootferry/health.d/required";
const WANTED = "usr/lib/bootferry/health.d/wanted";

describe("the health of the running system", () => {
  it("is good when there are no checks", async () => {
    const report = await runHealth(portsOf(deviceWith({})), config(), undefined);
    expect(report).toEqual({ healthy: true, checks: [] });
    expect(describeHealth(report)).toBe("healthy: there are no checks");
  });

  it("is bad when one required check fails; the others run all the same", async () => {
    const root = deviceWith({
      [`${REQUIRED}/10-dark`]: "echo no display; exit 4",
      [`${REQUIRED}/20-light`]: "exit 0",
      "etc/greenboot/check/required.d/30-green.sh": "exit 1",
    });
    const report = await runHealth(portsOf(root), config(), undefined);
    expect(report.healthy).toBe(false);
    expect(report.checks).toEqual([
      { level: "required", check: `/${REQUIRED}/10-dark`, result: "failed", exitCode: 4, output: "no display" },
      { level: "required", check: `/${REQUIRED}/20-light`, result: "passed", exitCode: 0, output: "" },
      {
        level: "required",
        check: "/etc/greenboot/check/required.d/30-green.sh",
        result: "failed",
        exitCode: 1,
        output: "",
      },
    ]);
    expect(describeHealth(report)).toBe(
      "2 of 3 required checks failed: 10-dark (exit status 4: no display), 30-green.sh (exit status 1)",
    );
    expect(healthReportSchema.parse(JSON.parse(JSON.stringify(report)))).toEqual(report);
  });

  it("is good when only wanted checks fail, and they are told", async () => {
    const root = deviceWith({ [`${WANTED}/10-report`]: "exit 1", [`${REQUIRED}/10-light`]: "" });
    const report = await runHealth(portsOf(root), config(), undefined);
    expect(report.healthy).toBe(true);
    expect(describeHealth(report)).toBe(
      "healthy: 1 required check passed; wanted checks that failed: 10-report (exit status 1)",
    );
  });

  it("is not asked of the network: greenboot's check for DNS is left out", async () => {
    const root = deviceWith({ "usr/lib/greenboot/check/required.d/01_repository_dns_check.sh": "exit 1" });
    expect(await runHealth(portsOf(root), config(), undefined)).toEqual({ healthy: true, checks: [] });
  });

  it("is bad when a required check lost its execute permission", async () => {
    const root = deviceWith({ [`${REQUIRED}/10-light`]: "" });
    chmodSync(join(root, REQUIRED, "10-light"), 0o644);
    const report = await runHealth(portsOf(root), config(), undefined);
    expect(report).toMatchObject({ healthy: false, checks: [{ result: "not-run" }] });
  });

  it("is bad when a required check does not end in its time", async () => {
    const root = deviceWith({ [`${REQUIRED}/10-slow`]: "sleep 600" });
    const report = await runHealth(portsOf(root), config("check-timeout-seconds = 1"), undefined);
    expect(report).toMatchObject({ healthy: false, checks: [{ result: "timed-out", exitCode: null }] });
  });

  it("is bad when the time for all checks is used up, and what did not run is told", async () => {
    const root = deviceWith({ [`${REQUIRED}/10-a`]: "", [`${REQUIRED}/20-b`]: "", [`${REQUIRED}/30-c`]: "" });
    let now = -20_000;
    const monotonicMs = () => (now += 20_000); // each look at the clock is 20 seconds later
    const report = await runHealth(portsOf(root, { monotonicMs }), config("total-timeout-seconds = 50"), undefined);
    expect(report.healthy).toBe(false);
    expect(report.checks.map(({ result }) => result)).toEqual(["passed", "passed", "not-run"]);
  });

  it("tells checks which deployment they look at", async () => {
    const root = deviceWith({ [`${REQUIRED}/10-env`]: 'echo "$BOOTFERRY_SYSROOT $BOOTFERRY_DEPLOYMENT"; exit 1' });
    const report = await runHealth(portsOf(root), config(), "aaaaaaaaaaaa.1");
    expect(report.checks[0]?.output).toBe(`${root} aaaaaaaaaaaa.1`);
  });
});

describe("failed units", () => {
  const systemctl =
    (stdout: string): Exec =>
    async (argv) => {
      expect(argv[0]).toBe("systemctl");
      return { exitCode: 0, stdout: Buffer.from(stdout), stderrTail: "" };
    };
  const FAILED = "a.service loaded failed failed Service A\nb.mount loaded failed failed Mount B\n";

  it.each([
    [
      "required",
      FAILED,
      { healthy: false, checks: [{ level: "required", result: "failed", output: "a.service b.mount" }] },
    ],
    ["wanted", FAILED, { healthy: true, checks: [{ level: "wanted", result: "failed" }] }],
    ["required", "", { healthy: true, checks: [{ result: "passed" }] }],
    ["ignore", FAILED, { healthy: true, checks: [] }],
  ])("when they are %s and systemctl prints %j", async (level, stdout, expected) => {
    const ports = portsOf(deviceWith({}), { exec: systemctl(stdout), hasUnits: true });
    expect(await runHealth(ports, config(`failed-units = "${level}"`), undefined)).toMatchObject(expected);
  });

  it("count as failed when systemd does not answer", async () => {
    const exec: Exec = async () => {
      throw new HostError("HOST_TOOL_FAILED", "no bus");
    };
    const ports = portsOf(deviceWith({}), { exec, hasUnits: true });
    expect(await runHealth(ports, config('failed-units = "required"'), undefined)).toMatchObject({ healthy: false });
  });
});

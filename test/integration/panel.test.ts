/** `bootferry panel` as a command: what it prints, what it refuses, and that it shows what a real agent says. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noJournal } from "../../src/agent/journal.ts";
import { describeJournal, writeStatus } from "../../src/agent/status-file.ts";
import { simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { parseAbsPath } from "../../src/path.ts";
import { PanelProcess } from "../panel/panel-process.ts";
import { runCli } from "../support/cli.ts";

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "bootferry-panel-cli-"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe("bootferry panel", () => {
  it("says where it is, shows what the agent of its device says, and ends in order", async () => {
    const { runtimeDirectory } = simulatedDevicePaths(parseAbsPath(directory));
    mkdirSync(runtimeDirectory, { recursive: true });
    await using panel = await PanelProcess.start(directory, "--port", "0", "--language", "zh");
    expect(panel.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    expect(await (await fetch(panel.url)).text()).toContain(">就绪</h1>");
    const status = { ...describeJournal(noJournal()), running: { name: "kiosk-os", version: "1.0" } };
    writeStatus(runtimeDirectory, status);
    expect(await (await fetch(`${panel.url}status.json`)).json()).toEqual(status);
    expect(await panel.stop("SIGTERM")).toBe(0);
  });

  it("listens on the other loopback address, too", async () => {
    await using panel = await PanelProcess.start(directory, "--port", "0", "--listen", "::1");
    expect(panel.url).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    expect((await fetch(panel.url)).status).toBe(200);
  });

  it("refuses every address that others could reach, a port that is taken, and what is none", async () => {
    const refused = async (...args: string[]) => {
      const { exitStatus, stderr } = await runCli(["panel", "--sysroot", directory, ...args]);
      return [exitStatus, /\[([A-Z_]+)\]$/m.exec(stderr)?.[1], /^help: \S/m.test(stderr)];
    };
    expect(await refused("--listen", "0.0.0.0")).toEqual([2, "PANEL_ADDRESS_NOT_LOOPBACK", true]);
    expect(await refused("--port", "65536")).toEqual([2, "CLI_USAGE", true]);
    await using panel = await PanelProcess.start(directory, "--port", "0");
    expect(await refused("--port", panel.port)).toEqual([1, "PANEL_PORT_TAKEN", true]);
  });
});

/** `agent status --follow`: over a device that has done nothing yet, agents that come and go, and ^C. */
import { mkdirSync, rmSync } from "node:fs";
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { noJournal } from "../../src/agent/journal.ts";
import { type AgentStatus, describeJournal, writeStatus } from "../../src/agent/status-file.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { simulatedDevicePaths } from "../../src/config/device-paths.ts";
import { below } from "../../src/path.ts";
import { startCli } from "../support/cli.ts";
import { inProcessContext } from "../support/cli-in-process.ts";
import { makeRelease, openWorld, writeMedium } from "../unit/agent/agent-fixture.ts";
import { scratchDirectory } from "../unit/agent/scratch.ts";

const COPYING: AgentStatus = {
  ...describeJournal(noJournal()),
  state: "storing",
  medium: "do-not-remove",
  release: { name: "os", version: "2.0", sequence: 2 },
};
const STORED: AgentStatus = { ...COPYING, state: "stored", medium: "may-be-removed" };

function openDevice() {
  const directory = scratchDirectory();
  const { sysroot, runtimeDirectory } = simulatedDevicePaths(below(directory, "device"));
  mkdirSync(sysroot);
  return { directory, runtimeDirectory, show: (status: AgentStatus) => writeStatus(runtimeDirectory, status) };
}

/** Follows in this process; `says` waits for a text on stdout, `stop` is ^C. */
function follow(directory: string, args: readonly string[], terminal?: { columns: number; rows: number }) {
  const stdout = Object.assign(new PassThrough(), terminal === undefined ? {} : { isTTY: true as const, ...terminal });
  let shown = "";
  let look: () => void = () => undefined;
  stdout.setEncoding("utf8").on("data", (chunk: string) => {
    shown += chunk;
    look();
  });
  const stop = new AbortController();
  const { context } = inProcessContext(directory, { stdout, signal: stop.signal });
  const ended = buildProgram(context, "1.0.0", "agent").then((program) =>
    program.parseAsync(["node", "bootferry", "agent", "status", "--follow", "--sysroot", "device", ...args]),
  );
  return {
    shown: () => shown,
    says: (text: string) =>
      new Promise<void>((resolve) => {
        look = () => void (shown.includes(text) && resolve());
        look();
      }),
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

describe("following a device", () => {
  it("says in lines what changes for a person, also while the agent's directory comes and goes", async () => {
    const { directory, runtimeDirectory, show } = openDevice();
    const console = follow(directory, ["--language", "en"]);
    await console.says("\n"); // nothing has run yet
    show(COPYING);
    await console.says("Do not remove the stick");
    rmSync(runtimeDirectory, { recursive: true });
    mkdirSync(runtimeDirectory);
    show(STORED);
    await console.says("You can remove the stick");
    show({ ...STORED, updatedAtUtc: "2026-11-20T10:00:00Z" }); // the same to a person
    show(COPYING);
    await console.stop();
    const lines = console.shown().trimEnd().split("\n");
    expect(lines.filter((line) => line.includes("You can remove"))).toHaveLength(1);
  });

  it("tells an update by a real agent as a person sees it, from the stick to the confirmed system", async () => {
    const world = await openWorld(await makeRelease(1));
    const { sysroot } = world.paths;
    const console = follow(sysroot, ["--sysroot", sysroot, "--language", "en"]);
    await world.run(writeMedium([await makeRelease(2)]));
    await console.says("You can remove the stick");
    world.device.boot();
    await world.run();
    await console.says("Updated to 2.0");
    await console.stop();
    expect(console.shown()).not.toContain("Not installed");
  });

  it("gives programs every change as a line of JSON", async () => {
    const { directory, show } = openDevice();
    show(COPYING);
    const program = follow(directory, ["--json"]);
    await program.says('"storing"');
    show({ ...COPYING, updatedAtUtc: "2026-11-20T10:00:00Z" });
    await program.says("2026-11-20T10:00:00Z");
    show(STORED);
    await program.says('"stored"');
    await program.stop();
    const states = program.shown().trimEnd().split("\n");
    expect(states.map((line) => JSON.parse(line).state)).toEqual(["storing", "storing", "stored"]);
  });

  it("draws a picture on a terminal, in the language that is asked for", async () => {
    const { directory, show } = openDevice();
    show({
      ...COPYING,
      progress: { phase: "reading", label: "", doneBytes: 1, totalBytes: 2, remainingSeconds: null },
    });
    const terminal = follow(directory, ["--language", "zh"], { columns: 60, rows: 20 });
    await terminal.says("[##########");
    await terminal.stop();
    expect(terminal.shown().startsWith("\u001b[2J\u001b[H")).toBe(true);
    expect(terminal.shown()).toContain("50 %");
    expect(terminal.shown()).toMatch(/请/);
  });

  it.each(["SIGINT", "SIGTERM"] as const)("ends in order at %s", async (signal) => {
    const { directory, show } = openDevice();
    show(COPYING);
    const child = startCli(["agent", "status", "--follow", "--sysroot", "device", "--json"], { cwd: directory });
    await child.prints("storing");
    child.stop(signal);
    expect(await child.ended).toMatchObject({ exitStatus: 0, stderr: "" });
  });

  it("ends when nobody reads any more", async () => {
    const { directory, show } = openDevice();
    show(COPYING);
    const child = startCli(["agent", "status", "--follow", "--sysroot", "device", "--json"], { cwd: directory });
    await child.prints("storing");
    child.closeOutput();
    show(STORED);
    expect(await child.ended).toMatchObject({ exitStatus: 0, stderr: "" });
  });
});

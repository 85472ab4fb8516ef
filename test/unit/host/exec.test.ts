import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { execOnHost } from "../../../src/host/exec.ts";

const TIMEOUT = { timeoutMs: 30_000 };

describe("running a tool", () => {
  it("gives its output byte for byte", async () => {
    const { stdout, exitCode } = await execOnHost(["printf", "\\000\\377\\n\\n"], TIMEOUT);
    expect(stdout).toEqual(Buffer.from([0, 255, 10, 10]));
    expect(exitCode).toBe(0);
  });

  it("passes arguments through no shell", async () => {
    const { stdout } = await execOnHost(["printf", "%s|", "$HOME", "a b", "*", "; false", "$(id)"], TIMEOUT);
    expect(stdout.toString()).toBe("$HOME|a b|*|; false|$(id)|");
  });

  it("gives bytes on standard input, and an empty one when there are none", async () => {
    const stdin = Buffer.from([1, 0, 255]);
    expect((await execOnHost(["cat"], { ...TIMEOUT, stdin })).stdout).toEqual(stdin);
    expect((await execOnHost(["cat"], TIMEOUT)).stdout).toHaveLength(0);
  });

  it("sets LC_ALL=C whatever is asked for, and passes the rest of the environment on", async () => {
    const env = { LC_ALL: "de_DE.UTF-8", BOOTFERRY_TEST: "yes" };
    const { stdout } = await execOnHost(["sh", "-c", 'printf %s "$LC_ALL $BOOTFERRY_TEST $HOME"'], {
      ...TIMEOUT,
      env,
    });
    expect(stdout.toString()).toBe(`C yes ${process.env["HOME"] ?? ""}`);
  });

  it("runs in the directory that is asked for", async () => {
    expect((await execOnHost(["pwd"], { ...TIMEOUT, cwd: "/" })).stdout.toString()).toBe("/\n");
  });

  it("fails with what the tool said, and takes an exit status for an answer where that is one", async () => {
    const argv = ["sh", "-c", "echo no such device >&2; exit 3"] as const;
    await expect(execOnHost(argv, TIMEOUT)).rejects.toMatchObject({
      code: "HOST_TOOL_FAILED",
      message: expect.stringMatching(/exit status 3: no such device$/),
    });
    const answer = await execOnHost(argv, { ...TIMEOUT, accept: [3] });
    expect(answer).toMatchObject({ exitCode: 3, stderrTail: "no such device" });
  });

  it("takes every exit status for an answer when asked to, but not that a tool is killed", async () => {
    const answer = await execOnHost(["sh", "-c", "exit 101"], { ...TIMEOUT, acceptsAll: true });
    expect(answer.exitCode).toBe(101);
    const killed = execOnHost(["sh", "-c", "kill -9 $$"], { ...TIMEOUT, acceptsAll: true });
    await expect(killed).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
  });

  it("hands on open files from the descriptor 3 on, and leaves them open", async () => {
    const directory = mkdtempSync(`${tmpdir()}/exec-`);
    const fds = ["a", "b"].map((name) => openSync(`${directory}/${name}`, "w+"));
    try {
      await execOnHost(["sh", "-c", "cat >&3; echo to b >&4"], { ...TIMEOUT, stdin: "to a", extraFds: fds });
      const texts = fds.map((fd) => readFileSync(`/proc/self/fd/${fd}`, "utf8"));
      expect(texts).toEqual(["to a", "to b\n"]);
    } finally {
      for (const fd of fds) closeSync(fd);
      rmSync(directory, { recursive: true });
    }
  });

  it("keeps the end of a long complaint", async () => {
    const argv = ["sh", "-c", "yes complaint | head -n 5000 >&2; echo the cause >&2"] as const;
    const { stderrTail } = await execOnHost(argv, TIMEOUT);
    expect(stderrTail.length).toBeLessThanOrEqual(4096);
    expect(stderrTail).toMatch(/the cause$/);
  });

  it("says which tool is missing", async () => {
    await expect(execOnHost(["bootferry-no-such-tool"], TIMEOUT)).rejects.toMatchObject({
      code: "HOST_TOOL_MISSING",
      message: expect.stringContaining("bootferry-no-such-tool"),
    });
  });

  it("ends a tool that takes too long", async () => {
    await expect(execOnHost(["sleep", "600"], { timeoutMs: 50 })).rejects.toMatchObject({ code: "HOST_TOOL_TIMEOUT" });
  });

  it("ends a tool when it is told to", async () => {
    const controller = new AbortController();
    const running = execOnHost(["sleep", "600"], { ...TIMEOUT, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
  });

  it("says that a tool was killed", async () => {
    await expect(execOnHost(["sh", "-c", "kill -KILL $$"], TIMEOUT)).rejects.toMatchObject({
      code: "HOST_TOOL_FAILED",
      message: expect.stringContaining("SIGKILL"),
    });
  });

  it("does not run what is no program", async () => {
    await expect(execOnHost([import.meta.filename], TIMEOUT)).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
    expect(readFileSync(import.meta.filename)).not.toHaveLength(0);
  });
});

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { execOnHost } from "../../../src/host/exec.ts";
import { openLineFifo } from "../../../src/host/line-fifo.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";

describe("a FIFO for a child", () => {
  let directory: AbsPath;
  let lines: string[];
  beforeEach(() => {
    directory = parseAbsPath(mkdtempSync(`${tmpdir()}/fifo-`));
    lines = [];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const write = async (script: string) => {
    await using fifo = await openLineFifo(execOnHost, below(directory, "sub", "it"), (line) => lines.push(line));
    const options = { timeoutMs: 30_000, extraFds: [fifo.writeFd] };
    return (await execOnHost(["sh", "-c", script], options)).stdout.toString();
  };

  it("is a pipe, not the pair of sockets that Node would make", async () => {
    expect(await write("test -p /dev/fd/3 && echo yes")).toBe("yes\n");
  });

  it("gives what the child writes line by line, and goes away", async () => {
    await write("echo one >&3; printf 'two\\nthr' >&3; echo ee >&3");
    expect(lines).toEqual(["one", "two", "three"]);
    expect(existsSync(below(directory, "sub", "it"))).toBe(false);
  });

  it("never blocks a child that writes more than a pipe holds", async () => {
    await write("i=0; while [ $i -lt 20000 ]; do echo 0123456789 >&3; i=$((i + 1)); done");
    expect(lines).toHaveLength(20_000);
  });

  it("passes over a line without an end, and goes on after it", async () => {
    await write("head -c 300000 /dev/zero | tr '\\0' x >&3; echo >&3; echo last >&3");
    expect(lines.at(-1)).toBe("last");
    expect(lines.join("").length).toBeLessThan(200_000);
  });

  it("takes the place of what an earlier run has left, and waits for nobody who writes nothing", async () => {
    await write("true");
    await write("true");
    expect(lines).toEqual([]);
  });

  it("does not wait for ever for a grandchild that keeps it open", async () => {
    const script = "sleep 30 >/dev/null 2>&1 & echo $! && echo here >&3";
    const pid = Number(await write(script));
    process.kill(pid);
    expect(lines).toEqual(["here"]);
  });
});

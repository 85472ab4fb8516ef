/** The script that says things, with stand-ins for the programs that it calls. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";

const SCRIPT = join(import.meta.dirname, "..", "..", "..", "units", "scripts", "announce");

/** Programs by their names; `$SAID` is where they write. */
function openMachine(programs: Readonly<Record<string, string>>, files: Readonly<Record<string, string>>) {
  const root = mkdtempSync(join(tmpdir(), "bootferry-announce-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const place = (name: string) => join(root, "run/bootferry/announce", name);
  mkdirSync(place(""), { recursive: true });
  mkdirSync(join(root, "bin"));
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(join(root, "bin", name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(root, "bin", name), 0o755);
  }
  for (const name of ["sh", "mv", "head", "timeout", "cat", "sleep"]) {
    const found = spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout.trim();
    writeFileSync(join(root, "bin", name), `#!/bin/sh\nexec ${found} "$@"\n`, { mode: 0o755 });
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(place(name), text);
  const said = join(root, "said");
  const run = (...args: string[]) => {
    const env = { PATH: join(root, "bin"), BOOTFERRY_TEST_ROOT: root, SAID: said };
    const { status } = spawnSync("/bin/sh", [SCRIPT, ...args], { env, encoding: "utf8" });
    return { status, said: existsSync(said) ? readFileSync(said, "utf8") : "" };
  };
  return { run, has: (name: string) => existsSync(place(name)) };
}

const PLYMOUTH = '[ "$1" = --ping ] || echo "plymouth $*" >>"$SAID"';
const WALL = 'echo "wall $(cat)" >>"$SAID"';

describe("the script that says things", () => {
  it("says each of them once, to whom it was left", () => {
    const files = { "plymouth.next": "Copying · Do not remove the stick\n", "wall.next": "Copying\n" };
    const { run, has } = openMachine({ plymouth: PLYMOUTH, wall: WALL }, files);
    const said = "plymouth display-message --text=Copying · Do not remove the stick\nwall Copying\n";
    expect(run()).toEqual({ status: 0, said });
    expect([has("plymouth.next"), has("wall.next")]).toEqual([false, false]);
    expect(run()).toEqual({ status: 0, said });
  });

  it("takes up what it cannot say: nothing is said late, and the unit is not started for ever", () => {
    for (const programs of [{}, { plymouth: "exit 1", wall: "exit 1" }]) {
      const { run, has } = openMachine(programs, { "plymouth.next": "x\n", "wall.next": "x\n" });
      expect(run()).toEqual({ status: 0, said: "" });
      expect([has("plymouth.next"), has("wall.next")]).toEqual([false, false]);
    }
  });

  it("does not wait for a program that hangs", () => {
    const { run } = openMachine({ plymouth: "exec sleep 60" }, { "plymouth.next": "x\n" });
    const begun = performance.now();
    expect(run().status).toBe(0);
    expect(performance.now() - begun).toBeLessThan(30_000);
  });

  it("tells the splash screen of a shutdown the last words once more, and nobody when there are none", () => {
    const { run } = openMachine({ plymouth: PLYMOUTH, wall: WALL }, { "plymouth.next": "Restarting\n" });
    expect(run("--again")).toEqual({ status: 0, said: "" });
    run();
    const line = "plymouth display-message --text=Restarting\n";
    expect(run("--again")).toEqual({ status: 0, said: `${line}${line}` });
  });
});

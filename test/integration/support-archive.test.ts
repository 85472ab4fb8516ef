/** A support archive from a device to the workstation, by the commands that people type. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { scratchDirectory } from "../unit/agent/scratch.ts";

const PASSPHRASE = { BOOTFERRY_PASSPHRASE: "correct horse" };
const SECRET = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";

/**
 * A workstation with a support key, and beside it a simulated device that has a history and a key.
 * @param options of `key generate`; a passphrase takes a second each time it is used, which is what it is for
 */
async function openScene(...options: string[]) {
  const directory = scratchDirectory();
  const state = join(directory, "device/bootferry/var/lib/bootferry");
  const put = (file: string, text: string) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  put(join(state, "history.jsonl"), `${JSON.stringify({ version: 1, kind: "note", message: 'token="hunter2"' })}\n`);
  put(join(state, "device.key"), SECRET);
  mkdirSync(join(directory, "stick"));
  const run = (...args: string[]) => runInProcess(directory, args, PASSPHRASE);
  const made = await run("key", "generate", "support", "--for", "support", "--json", ...options);
  return { directory, run, made, recipient: readFileSync(join(directory, "support.pub"), "utf8").trim() };
}

describe("a support archive", () => {
  it("goes from the device to the holder of the key, without the device's secrets", async () => {
    const { directory, run, made, recipient } = await openScene("--no-passphrase");
    expect(JSON.parse(made.stdout)).toMatchObject({ recipient, encrypted: false });
    expect(statSync(join(directory, "support.key")).mode & 0o777).toBe(0o600);

    const exported = await run(
      ...["agent", "export-logs", "--sysroot", "device", "--to", "stick", "--recipient", recipient, "--json"],
    );
    expect(exported).toMatchObject({ exitStatus: 0, stderr: "Collecting logs and records.\n" });
    const { file } = JSON.parse(exported.stdout);
    expect(dirname(file)).toBe(join(directory, "stick/bootferry-support"));
    expect(readFileSync(file).includes("history")).toBe(false);

    const opened = await run("support", "open", file, "--key", "support.key", "--to", "got");
    expect(opened).toMatchObject({ exitStatus: 0, stderr: "" });
    expect(opened.stdout).toContain("state-history.jsonl");
    const texts = readdirSync(join(directory, "got")).map((name) => readFileSync(join(directory, "got", name), "utf8"));
    expect(texts.join()).not.toContain("hunter2");
    expect(texts.join()).toContain('"kind":"note"');
    expect(existsSync(join(directory, "got/state-device.key"))).toBe(false);
  });

  it("is not written when nobody could open it, and says how to make a key", async () => {
    const { directory, run } = await openScene("--no-passphrase");
    const config = '[device]\ncompatible = "acme"\n[follow]\nname = "os"\n';
    writeFileSync(join(directory, "agent.toml"), config);
    const { exitStatus, stderr } = await run("agent", "export-logs", "--to", "stick", "--recipient", "age1nobody");
    expect([exitStatus, stderr]).toEqual([1, expect.stringContaining("[SUPPORT_RECIPIENT_INVALID]")]);
    expect(readdirSync(join(directory, "stick"))).toEqual([]);
  });

  it("needs a place", async () => {
    const { run, recipient } = await openScene("--no-passphrase");
    const { exitStatus, stderr } = await run("agent", "export-logs", "--sysroot", "device", "--recipient", recipient);
    expect([exitStatus, stderr]).toEqual([2, expect.stringContaining("give --to DIR or --device DEVICE")]);
  });

  it("is not opened by another key, nor with the wrong passphrase", async () => {
    const { directory, run, made, recipient } = await openScene();
    expect(JSON.parse(made.stdout)).toMatchObject({ recipient, encrypted: true });
    const to = ["agent", "export-logs", "--sysroot", "device", "--to", "stick", "--recipient", recipient, "--json"];
    const { file } = JSON.parse((await run(...to)).stdout);
    await run("key", "generate", "other", "--for", "support", "--no-passphrase");
    const other = await run("support", "open", file, "--key", "other.key", "--to", "got");
    expect([other.exitStatus, other.stderr]).toEqual([3, expect.stringContaining("[SUPPORT_KEY_WRONG]")]);
    const open = ["support", "open", file, "--key", "support.key", "--to", "got"];
    const wrong = await runInProcess(directory, open, { BOOTFERRY_PASSPHRASE: "wrong" });
    expect([wrong.exitStatus, wrong.stderr]).toEqual([1, expect.stringContaining("[SUPPORT_PASSPHRASE_WRONG]")]);
    expect(existsSync(join(directory, "got"))).toBe(false);
  });
});

/** The ssh-agent script of docs/signers against OpenSSH's own agent, as `--signer` runs it. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { commandsOf, runCommands } from "../support/page-commands.ts";
import { writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";

const PAGE = fileURLToPath(new URL("../../docs/key-ceremony.md", import.meta.url));
const SCRIPT = fileURLToPath(new URL("../../docs/signers/ssh-agent.mjs", import.meta.url));

describe("a key that ssh-agent holds", () => {
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "ssh-agent-"));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    await Promise.all([writeFixtureKeys(directory), writeFixtureImage(directory)]);
    const agent = spawn("ssh-agent", ["-D", "-a", file("socket")], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void agent.kill());
    await once(agent.stdout, "data"); // it says where it listens once it does
    vi.stubEnv("SSH_AUTH_SOCK", file("socket")); // commands of --signer get our own environment
    onTestFinished(() => void vi.unstubAllEnvs());
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", file("ssh")]);
    writeFileSync(file("agent.pub"), execFileSync(SCRIPT, ["public", file("ssh.pub")]));
  });

  const file = (name: string) => join(directory, name);
  const run = (command: string) => runInProcess(directory, command.split(" "));
  const create = () =>
    runInProcess(directory, [
      ..."release create oci:image --to . --name kiosk-os --compatible kiosk --release-version 1 --sequence 1".split(
        " ",
      ),
      "--signer",
      `agent.pub=${SCRIPT} sign ${file("agent.pub")}`,
    ]);

  it("signs a release that verifies under a root which lists it", async () => {
    execFileSync("ssh-add", ["-q", file("ssh")]);
    expect(await create()).toMatchObject({ exitStatus: 0 });
    expect(await run("root create --out agent.json --root-key root.key --release-key agent.pub")).toMatchObject({
      exitStatus: 0,
    });
    expect(await run("release verify . --root agent.json")).toMatchObject({ exitStatus: 0 });
  });

  it("signs by the commands of docs/key-ceremony.md", async () => {
    mkdirSync(file("builder"));
    mkdirSync(file("stick"));
    const create =
      "release create oci:image --to stick --name kiosk-os --compatible kiosk --release-version 1 --sequence 1";
    expect(await run(`${create} --key release.key`)).toMatchObject({ exitStatus: 0 });
    const said = runCommands(commandsOf(PAGE, "sh ssh-agent"), directory, { SSH_AUTH_SOCK: file("socket") });
    expect(said.match(/^signed /gm)).toHaveLength(2);
  });

  it("signs nothing when the agent does not hold it, and the refusal says so", async () => {
    expect(await create()).toMatchObject({
      exitStatus: 1,
      stderr: expect.stringMatching(/ssh-agent refuses.*\[HOST_TOOL_FAILED\]/s),
    });
  });
});

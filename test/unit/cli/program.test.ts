/** How the program answers to help and to command lines that are wrong. */
import { describe, expect, it } from "vitest";
import { findCalled } from "../../../src/cli/called-command.ts";
import { commandShape, walkCommands } from "../../../src/cli/command-shape.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { parseSourceReference } from "../../../src/release/source-reference.ts";
import { inProcessContext, runInProcess } from "../../support/cli-in-process.ts";

const run = (...args: readonly string[]) => runInProcess("/", args);

describe("help", () => {
  it("shows a verb, asked for in front of it or behind it", async () => {
    const before = await run("help", "release", "create");
    expect(before.exitStatus).toBe(0);
    expect(before.stdout).toMatch(/^Usage: bootferry release create \[options\]/);
    expect(before.stdout).toBe((await run("release", "create", "--help")).stdout);
  });

  it("shows a verb below a verb, and everything", async () => {
    expect((await run("help", "os", "install", "to-disk")).stdout).toMatch(/^Usage: bootferry os install to-disk /);
    expect((await run("help")).stdout).toMatch(/^Usage: bootferry \[options\] \[command\]/);
  });

  it("names the verbs that there are when there is none of that name", async () => {
    const { exitStatus, stderr } = await run("help", "release", "creat");
    expect(exitStatus).toBe(2);
    expect(stderr).toMatch(/no command "release creat": release has create, sign, .* \[CLI_USAGE\]/);
  });

  it.each(["key", "root", "release", "media", "os", "agent", "receipt", "support"])(
    "of %s says how to begin",
    async (group) => {
      const { stdout } = await run(group, "--help");
      expect(stdout).toMatch(/\nStart here:\n {2}\S.*\n {4}\$ (?:sudo )?bootferry /);
    },
  );

  it("of the program says how to begin on a workstation and on a device", async () => {
    const { stdout } = await run("--help");
    expect(stdout).toMatch(/\nStart here:\n {2}What [\s\S]+On a workstation[\s\S]+On a device/);
  });
});

describe("every verb", () => {
  it("has a summary, a description, examples of itself, and exit statuses", async () => {
    const program = commandShape(await buildProgram(inProcessContext("/").context, "0"));
    const verbs = [...walkCommands(program)].filter(
      ({ verbs: below, words }) => below.length === 0 && words[1] !== "help",
    );
    const wanting = verbs.filter(({ words, summary, description, teaching }) => {
      const isShown = teaching?.examples.some(({ command }) => command.includes(words.join(" "))) ?? false;
      return summary === "" || summary.length > 80 || description === "" || !isShown || teaching?.exits.length === 0;
    });
    expect(wanting.map(({ words }) => words.join(" "))).toEqual([]);
  });
});

describe("a wrong command line", () => {
  it.each([
    { args: ["relase", "create"], said: /unknown command 'relase' \(Did you mean release\?\)/, hint: "bootferry" },
    {
      args: ["release", "list", "x", "--jsn"],
      said: /unknown option '--jsn' \(Did you mean --json\?\)/,
      hint: "bootferry release list",
    },
    { args: ["release", "list"], said: /missing required argument 'medium'/, hint: "bootferry release list" },
    {
      args: ["release", "create", "oci:x", "--too", "y"],
      said: /required option '--to <directory>' not specified; unknown option '--too'/,
      hint: "bootferry release create",
    },
    { args: ["media", "list", "x"], said: /too many arguments for 'list'/, hint: "bootferry media list" },
    {
      args: ["media", "format", "/dev/x", "--filesystem", "ntfs"],
      said: /Allowed choices are vfat, exfat, ext4/,
      hint: "bootferry media format",
    },
    { args: ["agent", "run", "--store-only"], said: /--store-only needs a medium/, hint: "bootferry agent run" },
  ])("$args is refused with its reason and the help to read", async ({ args, said, hint }) => {
    const { exitStatus, stdout, stderr } = await run(...args);
    expect({ exitStatus, stdout }).toEqual({ exitStatus: 2, stdout: "" });
    expect(stderr).toMatch(said);
    expect(stderr).toContain(`[CLI_USAGE]\nhelp: Run \`${hint} --help\` to see`);
  });

  it("is known by its words up to the first that is no command", async () => {
    const program = await buildProgram(inProcessContext("/").context, "0");
    expect(findCalled(program, ["os", "update", "--medum=x", "--", "--no"])).toEqual({
      name: "bootferry os upgrade",
      unknownOptions: ["--medum"],
    });
    expect(findCalled(program, ["--verson"])).toEqual({ name: "bootferry", unknownOptions: ["--verson"] });
  });
});

describe("what is not there, or is something else,", () => {
  const IMAGE = "--name a --sequence 1 --compatible k --key release.key --dry-run".split(" ");
  it.each([
    { args: ["agent", "status", "--sysroot", "/nowhere"], said: /^error: \/nowhere is not there \[HOST_NOT_FOUND\]/ },
    { args: ["release", "list", "/nowhere"], said: /^error: \/nowhere is not there \[BUNDLE_MEDIUM_FOREIGN\]/ },
    {
      args: ["release", "list", "/etc/passwd"],
      said: /\/etc\/passwd is a file and no medium \[BUNDLE_MEDIUM_FOREIGN\]/,
    },
    { args: ["release", "list", "/usr"], said: /\/usr holds no directory "bootferry" \[BUNDLE_MEDIUM_FOREIGN\]/ },
    {
      args: ["release", "pull", "docker://registry.example/y:z", "--to", "/nowhere"],
      said: /^error: \/nowhere is not there \[HOST_NOT_FOUND\]/,
    },
    {
      args: ["release", "create", "oci:x", "--to", "/etc/passwd", ...IMAGE],
      said: /\/etc\/passwd is no directory \[HOST_NOT_FOUND\]/,
    },
    { args: ["key", "show", "/"], said: /reading \/: illegal operation on a directory \(EISDIR\) \[HOST_NOT_A_FILE\]/ },
    {
      args: ["key", "show", "/nowhere.pub"],
      said: /reading \/nowhere\.pub: no such file or directory \(ENOENT\) \[HOST_NOT_FOUND\]/,
    },
  ])("is told as such: $args", async ({ args, said }) => {
    const { exitStatus, stdout, stderr } = await run(...args);
    expect(stderr).toMatch(said);
    expect(stdout).toBe("");
    expect(exitStatus).not.toBe(0);
  });

  it.each([
    { source: "./img", meant: "oci:./img" },
    { source: "image.tar.gz", meant: "oci-archive:image.tar.gz" },
  ])("is answered with what was meant: $source", ({ source, meant }) => {
    expect(() => parseSourceReference(source, parseAbsPath("/"))).toThrow(`would be ${meant}, an image of a registry`);
  });

  it("leaves /usr alone on a machine that runs no deployment", async () => {
    const asked: string[] = [];
    const exec: Exec = async (argv) => {
      asked.push(argv[0]);
      throw new HostError("HOST_TOOL_MISSING", `${argv[0]} is not installed`);
    };
    const { exitStatus, stderr } = await runInProcess("/", ["os", "usr-overlay"], {}, { exec });
    expect(stderr).toContain("[DEPLOY_NOT_BOOTED]");
    expect(exitStatus).toBe(1);
    expect(asked).not.toContain("mount");
  });
});

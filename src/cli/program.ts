/** The tree of commands. A group is declared here; each verb registers itself from a file of its own in `commands/`. */
import { Command } from "commander";
import { registerKeyGenerate } from "./commands/key-generate.ts";
import { registerKeyShow } from "./commands/key-show.ts";
import { registerReleaseCreate } from "./commands/release-create.ts";
import { registerReleaseInspect } from "./commands/release-inspect.ts";
import { registerReleaseList } from "./commands/release-list.ts";
import { registerReleaseRemove } from "./commands/release-remove.ts";
import { registerReleaseSign } from "./commands/release-sign.ts";
import { registerReleaseVerify } from "./commands/release-verify.ts";
import { registerRootCreate } from "./commands/root-create.ts";
import { registerRootShow } from "./commands/root-show.ts";
import { registerRootSign } from "./commands/root-sign.ts";
import type { CliContext } from "./context.ts";

const EPILOGUE = `
Run "bootferry COMMAND --help" for what a command does, with examples and exit statuses.
Results go to stdout (--json for programs), everything else to stderr.`;

/** @param version of the package */
export function buildProgram(context: CliContext, version: string): Command {
  const program = new Command("bootferry")
    .description("Carries operating systems across the air gap: signed releases on media, confirmed A/B deployments.")
    .version(version)
    .addHelpText("after", EPILOGUE)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: () => undefined, // printed by report-error.ts, with a code and a remedy
    });
  const key = group(program, "key", "Signing keys: make them, look at them.");
  registerKeyGenerate(key, context);
  registerKeyShow(key, context);
  const root = group(program, "root", "Trust roots: which keys may sign what.");
  registerRootCreate(root, context);
  registerRootSign(root, context);
  registerRootShow(root, context);
  const release = group(
    program,
    "release",
    "Releases on a medium or in a directory: make, sign, check and remove them.",
  );
  registerReleaseCreate(release, context);
  registerReleaseSign(release, context);
  registerReleaseVerify(release, context);
  registerReleaseInspect(release, context);
  registerReleaseList(release, context);
  registerReleaseRemove(release, context);
  return program;
}

/** A command that only holds verbs; alone it prints its help and fails as wrong usage. */
function group(program: Command, name: string, description: string): Command {
  return program.command(name).description(description).helpCommand(false);
}

/** `bootferry completion`: what a shell needs to complete command lines of bootferry. */
import { Argument, type Command } from "commander";
import { type CommandShape, commandShape } from "../command-shape.ts";
import { bashScript } from "../completion/bash-script.ts";
import { fishScript } from "../completion/fish-script.ts";
import { zshScript } from "../completion/zsh-script.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const satisfies Record<
  string,
  (program: CommandShape) => string
>;

const DESCRIPTION = `Prints a script with which a shell completes commands, options, key files, media and devices. It is made of the same definitions as the help, holds all it needs, and starts nothing at a TAB; print it again after an update. The Debian package brings all three.

For all users: /usr/share/bash-completion/completions/bootferry, /usr/share/zsh/vendor-completions/_bootferry (or any directory of zsh's fpath), /usr/share/fish/vendor_completions.d/bootferry.fish. Shells load them by these names.`;

/** A command without verbs: it takes the place of a group. */
export function registerVerbs(completion: Command, context: CliContext): void {
  completion
    .description(DESCRIPTION)
    .summary("print a completion script for a shell")
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => {
      let program = completion;
      while (program.parent !== null) program = program.parent;
      context.stdout.write(SCRIPTS[shell](commandShape(program)));
    });
  addTeaching(completion, {
    examples: [
      {
        does: "In bash, for yourself",
        command: "bootferry completion bash > ~/.local/share/bash-completion/completions/bootferry",
      },
      { does: "In bash, without the package bash-completion", command: 'eval "$(bootferry completion bash)"' },
      {
        does: "In zsh, in a directory of your fpath",
        command: "bootferry completion zsh > ~/.zfunc/_bootferry",
      },
      {
        does: "In fish",
        command: "bootferry completion fish > ~/.config/fish/completions/bootferry.fish",
      },
    ],
  });
}

/** `bootferry root revoke`: the next version of a trust root, one that forbids something. */
import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { CliError } from "../error.ts";
import { addTeaching } from "../help.ts";
import { addNextRootOptions, makeNextRoot, NEXT_ROOT_EXITS, type NextRootOptions } from "../next-root.ts";
import { hasRevocations } from "../root-change-options.ts";

export function registerRootRevoke(parent: Command, context: CliContext): void {
  const command = parent
    .command("revoke")
    .summary("revoke keys and releases by the next version of a trust root")
    .description(
      "Makes version N+1 of a trust root, as `bootferry root rotate` does and with the same options, that revokes keys (--revoke-key), withdraws releases (--revoke-release) or sets the lowest sequence of a name (--min-sequence). " +
        "Revocations are kept by every later root. A role must keep as many keys as its threshold asks: add a new one at the same time.",
    );
  addNextRootOptions(command);
  command.action(async (old: string, options: NextRootOptions) => {
    if (!hasRevocations(options)) {
      throw new CliError("CLI_USAGE", "nothing to revoke: give --revoke-key, --revoke-release or --min-sequence");
    }
    await makeNextRoot(context, old, options);
  });
  addTeaching(command, {
    examples: [
      {
        does: "Replace a release key that was stolen",
        command:
          "bootferry root revoke root.json --out root-2.json --revoke-key stolen.pub --add-release-key new.pub --min-sequence kiosk-os=42 --key root.key",
      },
      {
        does: "Withdraw a release",
        command: "bootferry root revoke root.json --out root-2.json --revoke-release sha256:… --key root.key",
      },
    ],
    exits: NEXT_ROOT_EXITS,
  });
}

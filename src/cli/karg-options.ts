/** `--karg` and `--karg-delete` of the verbs that make a deployment: the arguments of this machine, kept through updates. */
import { type Command, Option } from "commander";
import { parseKarg } from "../deploy/native/kargs.ts";
import type { StageOptions } from "../deploy/port.ts";
import { collect } from "./options.ts";
import type { Output } from "./output.ts";

export interface KargOptions {
  readonly karg?: readonly string[];
  readonly kargDelete?: readonly string[];
}

export function addKargOptions(command: Command): Command {
  return command
    .addOption(new Option("--karg <argument>", "add a kernel argument of this machine; repeatable").argParser(collect))
    .addOption(
      new Option("--karg-delete <argument>", "drop one of this machine, spelt as it stands; repeatable").argParser(
        collect,
      ),
    );
}

/** @throws DeployError DEPLOY_KARGS_INVALID */
export function kargChanges({
  karg = [],
  kargDelete = [],
}: KargOptions): Pick<StageOptions, "addKargs" | "removeKargs"> {
  return { addKargs: karg.map(parseKarg), removeKargs: kargDelete };
}

/** Arguments change with a deployment only: says so when none was made. */
export function warnOfUnusedKargs({ karg = [], kargDelete = [] }: KargOptions, output: Pick<Output, "warn">): void {
  if (karg.length + kargDelete.length === 0) return;
  output.warn("kernel arguments were not changed: they change with the next release that is installed");
}

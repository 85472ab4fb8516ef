/** The version of this bootferry, as the program's top command knows it: releases may want a newer one. */
import type { Command } from "commander";

export function agentVersion(command: Command): string {
  let top = command;
  while (top.parent !== null) top = top.parent;
  return top.version() ?? "0.0.0";
}

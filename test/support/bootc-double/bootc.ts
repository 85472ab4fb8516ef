#!/usr/bin/env node
/** The stand-in for `bootc` as an executable: `bin/bootc` is a link to it, for whoever looks into PATH. */
import { parseAbsPath } from "../../../src/path.ts";
import { runBootc } from "./run-bootc.ts";

process.exitCode = await runBootc(process.argv.slice(2), {
  stateDirectory: parseAbsPath(process.env["BOOTC_DOUBLE_STATE"] ?? ""),
  isInhibited: process.env["BOOTC_DOUBLE_INHIBITED"] !== undefined,
  output: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
  isTerminal: process.stdout.isTTY === true,
});

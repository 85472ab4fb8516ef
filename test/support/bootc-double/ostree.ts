#!/usr/bin/env node
/** The stand-in for `ostree` as an executable: `bin/ostree` is a link to it, for whoever looks into PATH. */
import { parseAbsPath } from "../../../src/path.ts";
import { runOstree } from "./run-ostree.ts";

process.exitCode = runOstree(process.argv.slice(2), {
  stateDirectory: parseAbsPath(process.env["BOOTC_DOUBLE_STATE"] ?? ""),
  isInhibited: process.env["BOOTC_DOUBLE_INHIBITED"] !== undefined,
  output: {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  },
});

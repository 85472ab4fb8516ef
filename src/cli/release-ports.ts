/** What the release room needs, made of the command's context. */
import { tmpdir } from "node:os";
import type { ReleasePorts } from "../release/ports.ts";
import type { CliContext } from "./context.ts";
import type { Output } from "./output.ts";

export function releasePorts(context: CliContext, output: Output): ReleasePorts {
  return {
    exec: context.exec,
    signal: context.signal,
    workingDirectory: context.path("."),
    scratchDirectory: context.path(tmpdir()),
    openProgress: output.openProgress,
    note: output.note,
  };
}

/** A machine with media for the commands of `media`, in which nothing is real but the directories that are mounted. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import type { CliContext, TextSource } from "../../src/cli/context.ts";
import type { MediaHost } from "../../src/cli/media-host.ts";
import type { Exec } from "../../src/host/exec.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { parseAbsPath } from "../../src/path.ts";
import { type Answer, scriptedExec } from "./machines.ts";

const REAL_TOOLS = ["sync", "flock", "stat", "df"]; // what writing a release into a directory needs

interface MachineOptions {
  /** What the tools answer; undefined is silence and success. */
  readonly answer: (argv: readonly string[]) => Answer | undefined;
  /** Typed on a terminal, line by line; without it there is no terminal. */
  readonly typed?: readonly string[];
  readonly media?: Partial<MediaHost>;
}

/** Mounting makes nothing and unmounting removes nothing, so what is written stays to be read back. */
export function fakeMachine({ answer, typed, media = {} }: MachineOptions) {
  const { exec: scripted, calls, ran } = scriptedExec((argv) => answer(argv) ?? defaultAnswer(argv));
  const exec: Exec = (argv, options) =>
    REAL_TOOLS.includes(argv[0]) ? execOnHost(argv, options) : scripted(argv, options);
  const mountDirectory = parseAbsPath(mkdtempSync(join(tmpdir(), "media-")));
  const ports: Partial<CliContext> = {
    exec,
    ...(typed === undefined ? {} : { stdin: terminal(typed) }),
    media: {
      listMountedVolumes: async () => [],
      isUdevRunning: () => true,
      hasTool: () => true,
      sleep: async () => undefined,
      exists: () => true,
      resolveLinks: (path) => path,
      verifyWritable: () => undefined,
      isRoot: true,
      deleteDisk: () => false,
      mountDirectory,
      hintSources: [],
      ...media,
    },
  };
  return { ports, calls, ran, mountDirectory };
}

function defaultAnswer([tool]: readonly string[]): Answer | undefined {
  return tool === "mountpoint" ? { exitCode: 32 } : undefined;
}

function terminal(lines: readonly string[]): TextSource {
  const stdin = new PassThrough();
  for (const line of lines) stdin.write(`${line}\n`);
  return Object.assign(stdin, { isTTY: true, setRawMode: () => undefined });
}

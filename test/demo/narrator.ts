/** Runs commands as a person would and tells in one line a step what happened; an unexpected end stops the demo. */
import { styleText } from "node:util";
import { type CliRun, runCli } from "../support/cli.ts";

export interface Narrator {
  heading(text: string): void;
  /** Something done without a bootferry command. */
  did(text: string): void;
  /** Runs a command that must succeed. */
  run(tells: string, args: readonly string[]): Promise<CliRun>;
  /** Runs a command that must be refused with this code; shows the refusal's own words. */
  refused(tells: string, code: string, args: readonly string[]): Promise<void>;
}

export function openNarrator(directory: string): Narrator {
  let step = 0;
  const number = () => `${++step}`.padStart(2);
  const say = (text: string) => console.log(text);
  const short = (args: readonly string[]) =>
    styleText("dim", `bootferry ${args.join(" ").replaceAll(`${directory}/`, "")}`, { stream: process.stdout });
  const fail = (args: readonly string[], run: CliRun, expected: string): never => {
    throw new Error(
      `bootferry ${args.join(" ")}\nended with ${run.exitStatus}, expected ${expected}\n${run.stdout}${run.stderr}`,
    );
  };
  return {
    heading: (text) => say(`\n${styleText("bold", text, { stream: process.stdout })}`),
    did: (text) => say(`${number()}  ${text}`),
    async run(tells, args) {
      const run = await runCli(args, { cwd: directory });
      if (run.exitStatus !== 0) fail(args, run, "success");
      say(`${number()}  ${tells}  ${short(args)}`);
      return run;
    },
    async refused(tells, code, args) {
      const run = await runCli(args, { cwd: directory });
      const words = run.stderr.split("\n").filter((line) => line.startsWith("error: ") || line.startsWith("help: "));
      if (run.exitStatus === 0 || !words.some((line) => line.endsWith(`[${code}]`)))
        fail(args, run, `a refusal with ${code}`);
      say(`${number()}  ${tells}  ${short(args)}`);
      for (const line of words) say(`      ${line}`);
    },
  };
}

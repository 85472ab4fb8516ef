/** A question on the terminal whose answer may be seen. */
import { createInterface } from "node:readline/promises";
import type { CliContext } from "./context.ts";

/** The line that was typed; undefined when the input ended instead. @throws the reason of the context's signal */
export async function askLine({ stdin, stderr, signal }: CliContext, question: string): Promise<string | undefined> {
  const lines = createInterface({ input: stdin, output: stderr, terminal: stdin.isTTY === true });
  try {
    const ended = new Promise<undefined>((resolve) => lines.once("close", () => resolve(undefined)));
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}

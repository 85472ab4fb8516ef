/** A terminal for what is typed without echo. */
import { PassThrough } from "node:stream";
import { processContext } from "../../src/cli/context.ts";

/** A terminal at which `keys` are typed; `raw` tells when the echo was off. */
export function terminal(keys: readonly string[]) {
  const stdin = new PassThrough();
  const stderr = new PassThrough();
  const raw: boolean[] = [];
  const typed = keys.values();
  const setRawMode = (mode: boolean) => {
    raw.push(mode);
    const next = mode ? typed.next() : undefined;
    if (next?.value !== undefined) stdin.write(next.value);
  };
  const context = {
    ...processContext(process, new AbortController().signal),
    env: {},
    stdin: Object.assign(stdin, { isTTY: true, setRawMode }),
    stderr,
  };
  return { context, raw, shown: () => (stderr.read() ?? "").toString() };
}

/**
 * `[COMPATIBLE=]SOURCE`: an image and the kind of device that it is for.
 *
 * Without the prefix the image is for every kind named by `--compatible`. A text that starts with a transport is always
 * a source, so a path may hold `=`.
 */
import { CliError } from "./error.ts";

export interface TargetArgument {
  readonly compatible: string;
  readonly source: string;
}

const TRANSPORT = /^(?:oci|oci-archive|docker|containers-storage|docker-daemon|docker-archive):/;

/** @throws CliError CLI_USAGE when a source is for no kind of device, or a named kind gets no source */
export function parseTargetArguments(
  texts: readonly string[],
  compatibles: readonly string[],
): readonly TargetArgument[] {
  const targets = texts.flatMap((text) => {
    const [, compatible, source] = TRANSPORT.test(text) ? [] : (/^([^=]*)=(.+)$/.exec(text) ?? []);
    if (compatible !== undefined && source !== undefined) return [{ compatible, source }];
    if (compatibles.length > 0) return compatibles.map((each) => ({ compatible: each, source: text }));
    const message = `what kind of device is ${JSON.stringify(text)} for? Give --compatible NAME, or write NAME=${text}`;
    throw new CliError("CLI_USAGE", message);
  });
  const unused = compatibles.find((compatible) => !targets.some((target) => target.compatible === compatible));
  if (unused !== undefined) throw new CliError("CLI_USAGE", `no source is for --compatible ${unused}`);
  return targets;
}

/** `--base` and what goes with it: which release the devices hold already, for the verbs that write deltas. */
import { type Command, Option } from "commander";
import { STATEMENT_PAYLOAD_TYPE } from "../bundle/media-type.ts";
import { CodedError } from "../error.ts";
import { digestOf } from "../oci/digest.ts";
import type { AbsPath } from "../path.ts";
import { parseReceipt, RECEIPT_PAYLOAD_TYPE } from "../receipt/receipt.ts";
import { type BaseWish, findBases } from "../release/delta/find-bases.ts";
import type { DeltaRequest } from "../release/delta/write-deltas.ts";
import { parseEnvelopeToSign } from "../trust/dsse.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";
import { collect } from "./options.ts";
import { isFile, readInputFile } from "./read-input.ts";

export interface DeltaOptions {
  readonly base?: readonly string[];
  readonly baseFrom?: readonly string[];
  readonly baseLayers?: boolean;
}

export function addDeltaOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--base <release>",
        "write a delta: only what is new since this release, which the device must hold: a medium or directory with it, NAME@VERSION or a digest, a release file, or a receipt of the device; repeatable, and the delta then suits devices with any of them",
      ).argParser(collect),
    )
    .addOption(
      new Option("--base-from <directory>", "where to look for bases that are named otherwise; repeatable").argParser(
        collect,
      ),
    )
    .addOption(
      new Option("--base-layers", "with --base, carry the layers that the bases lack as well: bootc hosts want them"),
    );
}

/**
 * @param alsoIn more places to look for bases in
 * @throws CliError CLI_USAGE; ReleaseError as `findBases`; HostError
 */
export async function readDelta(
  context: CliContext,
  options: DeltaOptions,
  alsoIn: readonly AbsPath[],
): Promise<DeltaRequest | undefined> {
  const { base: texts, baseFrom = [], baseLayers = false } = options;
  if (texts === undefined) {
    if (baseFrom.length === 0 && !baseLayers) return undefined;
    throw new CliError("CLI_USAGE", "--base-from and --base-layers go with --base");
  }
  const wishes = texts.flatMap((text) => readWishes(context, text));
  const places = [...baseFrom.map((text) => context.path(text)), ...alsoIn];
  const [first, ...others] = await findBases(wishes, places, context.signal);
  if (first === undefined) throw new CliError("CLI_USAGE", "--base names no release");
  return { bases: [first, ...others], withLayers: baseLayers };
}

const NAMED = /^(?:[a-z0-9][a-z0-9._-]{0,63}@\S+|sha256:[0-9a-f]{12,64})$/;

function readWishes(context: CliContext, text: string): readonly BaseWish[] {
  const path = context.path(text);
  if (isFile(path)) return readFileWishes(readInputFile(path), text);
  if (NAMED.test(text)) return [{ kind: "release", selector: text, said: text }];
  return [{ kind: "medium", directory: path }];
}

/** A release file, or receipts, one on each line: of each device the newest one counts. */
function readFileWishes(bytes: Buffer, name: string): readonly BaseWish[] {
  const text = bytes.toString("utf8");
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const documents = lines.every((line) => line.startsWith("{") && line.trimEnd().endsWith("}")) ? lines : [text];
  const wishes = new Map<string, BaseWish>();
  for (const document of documents) {
    const { device, selector } = readWish(Buffer.from(document), name);
    wishes.set(device ?? selector ?? name, { kind: "release", selector: selector ?? "", said: name });
  }
  const known = [...wishes.values()].filter((wish) => wish.kind === "release" && wish.selector !== "");
  if (known.length > 0) return known;
  throw new CliError("CLI_USAGE", `by ${name}, no release ran that was signed: there is nothing to build a delta on`);
}

/** Which release a document names. Its signature is not checked: the base that is found decides what the delta leaves out. */
function readWish(bytes: Buffer, name: string): { readonly device?: string; readonly selector: string | undefined } {
  try {
    const { payload, payloadType } = parseEnvelopeToSign(bytes);
    if (payloadType === STATEMENT_PAYLOAD_TYPE) return { selector: digestOf(payload) };
    if (payloadType === RECEIPT_PAYLOAD_TYPE) {
      const { device, running } = parseReceipt(payload);
      return { device: device.id, selector: running.release?.payloadDigest };
    }
    throw new CliError("CLI_USAGE", `${name} is neither a release nor a receipt, but ${JSON.stringify(payloadType)}`);
  } catch (error) {
    if (!(error instanceof CodedError) || error instanceof CliError) throw error;
    throw new CliError("CLI_USAGE", `${name} is neither a release nor a receipt: ${error.message}`, { cause: error });
  }
}

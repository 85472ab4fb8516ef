/**
 * Opening an encrypted medium of one's own on the workstation, to write to it. On devices media are opened by luks-open.ts,
 * read-only and with every suspicion; here the person has just chosen the stick and given the key.
 */
import type { Exec } from "../host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../path.ts";
import type { BlockDevice } from "./block-device.ts";
import { MediaError } from "./error.ts";
import { closeMapping } from "./format-medium.ts";
import { WRONG_KEY } from "./luks-open.ts";

export interface OpenContainer extends AsyncDisposable {
  readonly path: AbsPath;
}

const OPEN_TIMEOUT_MS = 120_000; // key derivation on a slow machine
const MAPPER = parseAbsPath("/dev/mapper");

/** @throws MediaError MEDIA_WRONG_KEY; HostError HOST_TOOL_FAILED, HOST_TOOL_MISSING */
export async function openContainer(exec: Exec, volume: BlockDevice, key: Uint8Array): Promise<OpenContainer> {
  const mapping = `bootferry-${volume.kernelName}`;
  const argv = ["cryptsetup", "open", "--type", "luks2", "--key-file", "-", volume.path, mapping] as const;
  const { exitCode } = await exec(argv, { timeoutMs: OPEN_TIMEOUT_MS, stdin: key, accept: [WRONG_KEY] });
  if (exitCode === WRONG_KEY) throw new MediaError("MEDIA_WRONG_KEY", `the key does not open ${volume.path}`);
  return { path: below(MAPPER, mapping), [Symbol.asyncDispose]: () => closeMapping(exec, mapping) };
}

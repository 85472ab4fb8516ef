/** skopeo and podman, as far as apps need them: is an image there, copy one in, take one out. */

import { HostError } from "../../host/error.ts";
import type { Exec, ExecResult } from "../../host/exec.ts";
import { type Digest, digestOf } from "../../oci/digest.ts";
import { DeployError } from "../error.ts";
import type { AppPin, AppPorts } from "./port.ts";
import { enterStorage, storageOptions, storageReference } from "./storage.ts";

const ASK_TIMEOUT_MS = 2 * 60_000; // a storage that is being repaired after a power cut takes its time
const COPY_TIMEOUT_MS = 3_600_000; // gigabytes onto slow flash
const TOOLS = ["skopeo", "podman"] as const;

/**
 * Asks for the tools before anything is written. podman is asked for, too, though it only removes: a device without it
 * could not run what it is given.
 * @throws DeployError DEPLOY_APP_TOOL_MISSING; HostError
 */
export async function requireAppTools(exec: Exec, apps: readonly { readonly name: string }[]): Promise<void> {
  const [first] = apps;
  if (first === undefined) return;
  for (const tool of TOOLS) {
    try {
      await exec([tool, "--version"], { timeoutMs: ASK_TIMEOUT_MS });
    } catch (error) {
      if (!(error instanceof HostError) || error.code !== "HOST_TOOL_MISSING") throw error;
      const what = `the release brings ${apps.length} container image(s), such as ${first.name}`;
      throw new DeployError("DEPLOY_APP_TOOL_MISSING", `${what}: loading them needs ${tool}`, { cause: error });
    }
  }
}

/** The manifest digest of what the storage has under a name; undefined when it has nothing, or cannot say. */
export async function digestInStorage({ exec, storage }: AppPorts, name: string): Promise<Digest | undefined> {
  const reference = storageReference(storage, name);
  const { exitCode, stdout } = await exec(enterStorage(storage, ["skopeo", "inspect", "--raw", reference]), {
    timeoutMs: ASK_TIMEOUT_MS,
    accept: [1, 2],
  });
  return exitCode === 0 ? digestOf(stdout) : undefined;
}

/** Whether the storage works and has no such name. @throws HostError */
export async function isAbsent(ports: AppPorts, name: string): Promise<boolean> {
  return (await podman(ports, ["image", "exists", name])).exitCode === 1;
}

/**
 * Copies an image of a layout into the storage.
 * @param source `oci:DIRECTORY:TAG`
 * @throws HostError
 */
export async function copyIntoStorage(
  { exec, storage }: AppPorts,
  source: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  // Whose image it is was decided by the signature on the release: a layout has none that policy.json could ask for.
  const argv = ["skopeo", "--insecure-policy", "copy", "--quiet", source, storageReference(storage, name)] as const;
  await exec(enterStorage(storage, argv), { timeoutMs: COPY_TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) });
}

/**
 * Takes a name off an image, and the image away with its last name. Containers that run, and those that a person made,
 * keep it.
 * @returns whether the name is gone
 * @throws HostError
 */
export async function removeFromStorage(ports: AppPorts, { name }: AppPin): Promise<boolean> {
  if ((await podman(ports, ["rmi", name])).exitCode === 0) return true;
  // A quadlet's container outlives a power cut, and the system that would remove it may be gone.
  const filters = ["--filter", `ancestor=${name}`, "--filter", "label=PODMAN_SYSTEMD_UNIT"];
  const { stdout } = await podman(ports, ["ps", "--all", "--quiet", "--no-trunc", ...filters]);
  const containers = stdout
    .toString("utf8")
    .split(/\s+/)
    .filter((id) => /^[0-9a-f]{64}$/.test(id));
  if (containers.length === 0) return false;
  await podman(ports, ["rm", ...containers]); // without force: what runs stays
  return (await podman(ports, ["rmi", name])).exitCode === 0;
}

function podman({ exec, storage }: AppPorts, args: readonly string[]): Promise<ExecResult> {
  const options = { timeoutMs: ASK_TIMEOUT_MS, accept: [1, 2, 125] };
  return exec(enterStorage(storage, ["podman", ...storageOptions(storage), ...args]), options);
}

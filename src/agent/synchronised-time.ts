/** The time of day, only when there is reason to believe it: devices without an RTC wake up in 1970. */
import type { Clock } from "../host/clock.ts";
import { HostError } from "../host/error.ts";
import type { Exec } from "../host/exec.ts";

const TIMEOUT_MS = 10_000;

/** Now, when systemd says that the clock is synchronised; undefined when it is not or nobody can tell. */
export async function readSynchronisedTime(exec: Exec, clock: Clock): Promise<Date | undefined> {
  try {
    const argv = ["timedatectl", "show", "--property=NTPSynchronized", "--value"] as const;
    const { stdout } = await exec(argv, { timeoutMs: TIMEOUT_MS });
    return stdout.toString("utf8").trim() === "yes" ? clock.nowUtc() : undefined;
  } catch (error) {
    if (error instanceof HostError) return undefined; // no timedatectl, no D-Bus: nobody vouches for the clock
    throw error;
  }
}

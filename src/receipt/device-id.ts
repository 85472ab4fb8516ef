/**
 * What receipts call a device: a name that says nothing of it. machine-id(5) asks that the machine id itself stays on the
 * machine, since other software derives its secrets from it; a salted hash of it is as good to tell devices apart.
 */
import { createHash } from "node:crypto";

export const DEVICE_ID_PATTERN = /^[0-9a-f]{32}$/;

const SALT = "bootferry receipt device id v1\n";
const MACHINE_ID = /^[0-9a-f]{32}$/;
const ID_DIGITS = 32;

/**
 * @param machineId content of /etc/machine-id; one that is missing, empty or not set yet counts as none
 * @param otherwise what stands for the machine where it has no machine id
 */
export function deviceIdOf(machineId: string | undefined, otherwise: string): string {
  const id = machineId?.trim() ?? "";
  const what = MACHINE_ID.test(id) ? id : otherwise;
  return createHash("sha256").update(SALT).update(what).digest("hex").slice(0, ID_DIGITS);
}

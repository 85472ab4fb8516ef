/** Clearing away what no deployment needs; that it fails is noted and keeps nothing from going on. */
import { CodedError } from "../error.ts";
import type { Session } from "./session.ts";

/** Only while the booted deployment is confirmed: until then the other one must be able to come back whole. */
export async function collectGarbage({ ports, note }: Session): Promise<void> {
  try {
    await ports.backend.gc();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    note("garbage-collection", `${error.message} [${error.code}]`);
  }
}

/** One bootc at a time: whoever comes second fails. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { errnoOf } from "../../../src/error.ts";
import { BootcFailure, type Machine } from "./context.ts";

/** Disposing frees it; that of a process which is gone counts for nothing. @throws BootcFailure */
export function takeLock({ files, traps }: Machine): Disposable {
  if (traps.isBusy || isHeld(files.lock)) throw new BootcFailure("Acquiring sysroot lock: already locked");
  writeFileSync(files.lock, String(process.pid));
  return { [Symbol.dispose]: () => rmSync(files.lock) };
}

function isHeld(path: string): boolean {
  try {
    process.kill(Number(readFileSync(path, "utf8")), 0);
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT" || errnoOf(error) === "ESRCH") return false;
    throw error;
  }
}

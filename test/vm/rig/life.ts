/** A machine that is left to itself: whenever it reboots, it is powered on again. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Machine } from "./machine.ts";

const POLL_MS = 200;

/** Lets it live until `isOver` says so or the time is up. @returns whether `isOver` said so */
export async function liveUntil(machine: Machine, seconds: number, isOver: () => boolean): Promise<boolean> {
  const deadline = Date.now() + seconds * 1000;
  while (Date.now() < deadline) {
    if (isOver()) return true;
    if (machine.isOn) await sleep(Math.min(POLL_MS, Math.max(0, deadline - Date.now())));
    else await machine.pressPower();
  }
  return isOver();
}

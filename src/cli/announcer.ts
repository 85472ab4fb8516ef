/**
 * Leaves words for the splash screen and for terminals, in the panel's language: bootferry-announce.service says them.
 *
 *     <runtime directory>/announce/plymouth.next    one line; renamed to plymouth.said when it is taken up
 *     <runtime directory>/announce/wall.next, wall.said
 *
 * Only what concerns a person before the device: leave the stick in, take it out, a restart, how it ended. That it cannot
 * be written changes nothing.
 */
import { readFileSync } from "node:fs";
import type { AgentState } from "../agent/states.ts";
import type { AgentStatus } from "../agent/status-file.ts";
import type { AgentConfig } from "../config/agent-config.ts";
import { errnoOf } from "../error.ts";
import { replaceFile } from "../host/durable-write.ts";
import { HostError, hostError } from "../host/error.ts";
import { wordsIn } from "../panel/language.ts";
import { describeScreen } from "../panel/view.ts";
import { type AbsPath, below } from "../path.ts";
import { consoleLine } from "./console-screen.ts";

/** States that somebody should hear of; between them nothing changes for a person. */
const TOLD: readonly AgentState[] = [
  ...(["detected", "storing", "stored", "staged", "rebooting", "assessing"] as const),
  ...(["confirmed", "rolled-back", "unassessed", "refused", "failed"] as const),
];

export type Announce = (status: AgentStatus) => void;

/** @returns to be told of each status; says what is new to a person once */
export function openAnnouncer(runtimeDirectory: AbsPath, config: AgentConfig["announce"]): Announce {
  const words = wordsIn(config.language);
  const places = [...(config.plymouth ? ["plymouth"] : []), ...(config.wall ? ["wall"] : [])];
  let told = "";
  return (status) => {
    const { state, medium, restart, waits, code } = status;
    if (!TOLD.includes(state)) return;
    const scene = JSON.stringify([state, medium, restart !== null, waits?.for, code]);
    if (scene === told) return;
    told = scene;
    const line = consoleLine(describeScreen(status, words), words);
    for (const place of places) leave(below(runtimeDirectory, "announce"), place, `${line}\n`);
  };
}

/** A run that finds nothing new must not say again what the one before has said. */
function leave(directory: AbsPath, place: string, text: string): void {
  try {
    if (readIfThere(below(directory, `${place}.said`)) === text) return;
    replaceFile(below(directory, `${place}.next`), text);
  } catch (error) {
    if (!(error instanceof HostError)) throw error; // a full or broken /run: then nobody hears it
  }
}

function readIfThere(file: AbsPath): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw hostError(error, `reading ${file}`);
  }
}

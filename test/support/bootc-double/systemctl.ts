/** What `systemctl` says of units, as a test has set them. */
import type { ToolAnswer } from "./tool-answer.ts";

export interface UnitState {
  readonly active: string;
  readonly enabled: string;
}

const UNKNOWN_UNIT: UnitState = { active: "inactive", enabled: "disabled" };
const INACTIVE_STATUS = 3;

export function runSystemctl(units: ReadonlyMap<string, UnitState>, args: readonly string[]): ToolAnswer {
  const asked = args.filter((arg) => /\.\w+$/.test(arg)).map((unit) => units.get(unit) ?? UNKNOWN_UNIT);
  const isQuiet = args.includes("--quiet");
  const answer = (words: readonly string[], wanted: string, otherStatus: number): ToolAnswer => ({
    exitCode: words.includes(wanted) ? 0 : otherStatus,
    stdout: isQuiet ? "" : words.map((word) => `${word}\n`).join(""),
  });
  if (args.includes("is-active")) {
    return answer(
      asked.map(({ active }) => active),
      "active",
      INACTIVE_STATUS,
    );
  }
  if (args.includes("is-enabled")) {
    return answer(
      asked.map(({ enabled }) => enabled),
      "enabled",
      1,
    );
  }
  return { exitCode: 0 };
}

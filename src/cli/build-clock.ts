/** The time that goes into signed documents: SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else now. */
import { type Clock, fixedClock } from "../host/clock.ts";
import type { CliContext } from "./context.ts";
import { CliError } from "./error.ts";

const LAST_EPOCH_SECOND = 253_402_300_799; // the end of the year 9999: RFC 3339 has four digits

/** @throws CliError CLI_USAGE when the variable is set to something else than seconds since 1970 */
export function buildClock(context: Pick<CliContext, "env" | "clock">): Clock {
  const text = context.env["SOURCE_DATE_EPOCH"];
  if (text === undefined || text === "") return context.clock;
  if (!/^\d{1,12}$/.test(text) || Number(text) > LAST_EPOCH_SECOND) {
    throw new CliError("CLI_USAGE", `SOURCE_DATE_EPOCH is not a number of seconds: ${JSON.stringify(text)}`);
  }
  return fixedClock(Number(text));
}

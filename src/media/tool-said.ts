/** What a tool said when it failed, in one line and without its command line: for messages that name the device already. */
import type { HostError } from "../host/error.ts";

/** `exit status 2` when it said nothing. */
export function toolSaid({ message }: HostError): string {
  const [, status = message, said = ""] = /(exit status \d+)(?:: (.*))?$/s.exec(message) ?? [];
  const line = said.replace(/\s+/g, " ").trim();
  return line === "" ? status : line;
}

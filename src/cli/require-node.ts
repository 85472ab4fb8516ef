/** The Node that runs us: `npm link` and `npm install -g` take whichever is first on the PATH, whatever package.json wants. */
import { CliError } from "./error.ts";

/**
 * @param running such as `20.20.2`
 * @param wanted as package.json says it: `>=24`
 * @throws CliError CLI_NODE_TOO_OLD
 */
export function requireNode(running: string, wanted: string): void {
  const least = /\d+/.exec(wanted)?.[0] ?? "0";
  if (Number.parseInt(running, 10) >= Number(least)) return;
  throw new CliError("CLI_NODE_TOO_OLD", `bootferry needs Node ${least} or newer, and this is Node ${running}`);
}

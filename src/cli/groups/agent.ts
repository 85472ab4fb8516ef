/** The verbs of `bootferry agent`. */
import type { Command } from "commander";
import { registerAgentApprove } from "../commands/agent-approve.ts";
import { registerAgentExportLogs } from "../commands/agent-export-logs.ts";
import { registerAgentHistory } from "../commands/agent-history.ts";
import { registerAgentRestoreSource } from "../commands/agent-restore-source.ts";
import { registerAgentRun } from "../commands/agent-run.ts";
import { registerAgentStatus } from "../commands/agent-status.ts";
import { registerAgentWatch } from "../commands/agent-watch.ts";
import { registerAgentWriteReceipts } from "../commands/agent-write-receipts.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(agent: Command, context: CliContext): void {
  registerAgentRun(agent, context);
  registerAgentWatch(agent, context);
  registerAgentStatus(agent, context);
  registerAgentHistory(agent, context);
  registerAgentExportLogs(agent, context);
  registerAgentWriteReceipts(agent, context);
  registerAgentApprove(agent, context);
  registerAgentRestoreSource(agent, context);
}

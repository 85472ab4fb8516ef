/** Tells the journal of a refusal, as the agent does: in a process of its own, for journal.test.ts. */
import { noJournal } from "../../src/agent/journal.ts";
import { describeJournal } from "../../src/agent/status-file.ts";
import { processContext } from "../../src/cli/context.ts";
import { openAgentLog } from "../../src/cli/open-agent-log.ts";

const context = processContext(process, new AbortController().signal);
await using log = openAgentLog(context, context.openOutput({}), {});
log.onStatus({
  ...describeJournal(noJournal()),
  state: "refused",
  message: "The running system is unchanged.",
  code: "TRUST_SEQUENCE_OLD",
  remedy: "Bring a newer release.",
});

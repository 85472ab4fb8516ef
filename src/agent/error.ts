/** Why the agent does not go on with an update, or looks back on one that did not work out. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type AgentErrorCode =
  | "AGENT_TRUST_ROOT_MISSING"
  | "AGENT_RELEASE_FAILED_HERE"
  | "AGENT_SECOND_LOCK"
  | "AGENT_UNHEALTHY"
  | "AGENT_FELL_BACK"
  | "AGENT_NEVER_BOOTED"
  | "AGENT_WITHDRAWN"
  | "AGENT_INTERRUPTED"
  | "AGENT_APPROVE_UNKNOWN"
  | "AGENT_MEDIUM_QUARANTINED";

export const AGENT_ERRORS: ErrorTable<AgentErrorCode> = {
  AGENT_TRUST_ROOT_MISSING: {
    exit: EXIT.notTrusted,
    remedy: "Put the signed root document of your fleet into /etc/bootferry/root.json, or name its file in agent.toml.",
  },
  AGENT_RELEASE_FAILED_HERE: {
    exit: EXIT.notApplicable,
    remedy: "Bring a newer release, or allow this one another try with `bootferry agent approve`.",
  },
  AGENT_SECOND_LOCK: {
    exit: EXIT.notTrusted,
    remedy:
      "Insert the medium again; if it is refused again, check the device's disk and report the two digests above.",
  },
  AGENT_UNHEALTHY: {
    exit: EXIT.failed,
    remedy:
      "Read what the named health check said (`bootferry agent history`), mend it in the image and bring a newer release.",
  },
  AGENT_FELL_BACK: {
    exit: EXIT.failed,
    remedy:
      "Leave the device switched on while it updates. Where a hang or emergency mode is named, mend that in the image. It tries the release again by itself, twice at most.",
  },
  AGENT_NEVER_BOOTED: {
    exit: EXIT.failed,
    remedy: "Look at the boot menu and the boot partition (`bootferry os status`), then insert the medium again.",
  },
  AGENT_WITHDRAWN: {
    exit: EXIT.failed,
    remedy: "Nothing to do if that was meant; else insert the medium again.",
  },
  AGENT_INTERRUPTED: {
    exit: EXIT.failed,
    remedy: "Insert the medium again; what was stored before is not read a second time.",
  },
  AGENT_APPROVE_UNKNOWN: {
    exit: EXIT.failed,
    remedy: "Name the version of a release that `bootferry agent history` lists as failed on this device.",
  },
  AGENT_MEDIUM_QUARANTINED: {
    exit: EXIT.medium,
    remedy:
      "Write the release to another medium; or, if only the power was cut, allow this one another try with `bootferry agent approve --medium`.",
  },
};

export class AgentError extends CodedError<AgentErrorCode> {
  constructor(code: AgentErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, AGENT_ERRORS, options);
  }
}

/** What can be wrong with a device's configuration. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type ConfigErrorCode =
  | "CONFIG_NOT_FOUND"
  | "CONFIG_SYNTAX"
  | "CONFIG_KEY_UNKNOWN"
  | "CONFIG_KEY_MISSING"
  | "CONFIG_VALUE_INVALID"
  | "CONFIG_UNREADABLE";

export const CONFIG_ERRORS: ErrorTable<ConfigErrorCode> = {
  CONFIG_NOT_FOUND: {
    exit: EXIT.failed,
    remedy:
      "Put an agent.toml into /etc/bootferry of the device, or name one with --config; docs/config.md has an example.",
  },
  CONFIG_SYNTAX: { exit: EXIT.failed, remedy: "Mend the named line of the file; it must be TOML 1.0." },
  CONFIG_KEY_UNKNOWN: {
    exit: EXIT.failed,
    remedy: "Check the spelling of the key, or remove it; docs/config.md lists every key.",
  },
  CONFIG_KEY_MISSING: {
    exit: EXIT.failed,
    remedy: "Add the named key to agent.toml or to a drop-in; docs/config.md says what it means.",
  },
  CONFIG_VALUE_INVALID: {
    exit: EXIT.failed,
    remedy: "Give the named key a value of the kind that the message asks for; docs/config.md has an example.",
  },
  CONFIG_UNREADABLE: { exit: EXIT.failed, remedy: "Make the named file a regular file that this user may read." },
};

export class ConfigError extends CodedError<ConfigErrorCode> {
  constructor(code: ConfigErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, CONFIG_ERRORS, options);
  }
}

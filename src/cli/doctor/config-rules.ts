/** Judges agent.toml and the trust root of a device. Pure. */
import type { ConfigError } from "../../config/error.ts";
import type { SurveyedKey } from "../../config/survey-agent-config.ts";
import type { MachineFacts } from "./facts.ts";
import type { Finding } from "./finding.ts";
import { SEE_ALL } from "./system-rules.ts";

/** Settings at their defaults are findings of no interest: told as not needed, so that a table can leave them out. */
export function judgeConfig({ device }: MachineFacts): readonly Finding[] {
  if (device === undefined) return [];
  const { files, keys, problems } = device.config;
  const file: Finding = {
    area: "configuration",
    name: "agent.toml",
    verdict: problems.length > 0 ? "missing" : "found",
    detail: files.join(", "),
    why: "says what this device is and which releases it follows",
    remedy: problems.length > 0 ? "docs/config.md has every key; see the lines below." : null,
  };
  return [file, ...problems.map(judgeProblem), ...keys.map(judgeKey)];
}

function judgeProblem({ code, message, remedy }: ConfigError): Finding {
  return {
    area: "configuration",
    name: code,
    verdict: "missing",
    detail: message,
    why: "the agent does not start with it",
    remedy,
  };
}

function judgeKey({ key, value, from }: SurveyedKey): Finding {
  const shown = value === undefined ? "not set" : JSON.stringify(value);
  return {
    area: "configuration",
    name: key,
    verdict: from === undefined ? "not needed" : "found",
    detail: from === undefined ? `default: ${shown}` : `${shown}, set in ${from}`,
    why: "docs/config.md says what it does",
    remedy: null,
  };
}

/** The agent works with a wrong one; it would be noticed when the logs are wanted. */
export function judgeSupport({ device }: MachineFacts): readonly Finding[] {
  if (device?.badRecipient === undefined) return [];
  const { message, remedy } = device.badRecipient;
  const why = "who can open what `bootferry agent export-logs` writes";
  return [{ area: "configuration", name: "support recipients", verdict: "warning", detail: message, why, remedy }];
}

export function judgeTrust({ device }: MachineFacts): readonly Finding[] {
  if (device?.trust === undefined) return [];
  const base = {
    area: "trust",
    name: "trust root",
    why: "lists the keys whose signatures this device believes",
  } as const;
  const { trust } = device;
  if (trust.kind === "problem") {
    const verdict = trust.isForbidden ? "unknown" : "missing";
    return [
      {
        ...base,
        verdict,
        detail: trust.message,
        remedy: trust.isForbidden ? SEE_ALL : trust.remedy,
      },
    ];
  }
  const expiry =
    trust.expiresAt === null ? "never expires" : `${trust.isExpired ? "expired" : "expires"} ${trust.expiresAt}`;
  const root: Finding = {
    ...base,
    verdict: trust.isExpired ? "missing" : "found",
    detail: `version ${trust.version}, ${expiry}`,
    remedy: trust.isExpired
      ? "Bring the next root on a medium (docs/key-ceremony.md): until then no release installs."
      : null,
  };
  const ignored = trust.ignored.map(
    (message): Finding => ({
      ...base,
      name: "root file",
      verdict: "warning",
      detail: message,
      remedy: "Remove the file, or put the root that this device trusts in its place.",
    }),
  );
  return [root, ...ignored];
}

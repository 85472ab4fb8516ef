/**
 * Takes secrets out of what goes into a support archive. The archive is encrypted, but it is read by people who have no
 * business with a device's keys.
 *
 * A second line of defence: files of keys are never collected. Nothing here knows what a secret of an integrator looks like
 * that has no name.
 */

const REDACTED = "<redacted>";

/** Names of settings whose values are secrets; names of files and limits are none. */
const SECRET_NAME = String.raw`[\w.-]*(?:passw(?:or)?d|passphrase|secret|token|credential|api[_-]?key|private[_-]?key|\bpin\b|\bpsk\b)[\w.-]*`;

const RULES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)/g, REDACTED],
  [/-----BEGIN AGE ENCRYPTED FILE-----[\s\S]*?(?:-----END AGE ENCRYPTED FILE-----|$)/g, REDACTED],
  [/AGE-SECRET-KEY-[0-9A-Z-]+/gi, REDACTED],
  // https://user:secret@host
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@"']*):[^\s/@"']+@/gi, `$1:${REDACTED}@`],
  // "name": "value" of JSON, name = "value" of TOML, name=value of a command line
  [new RegExp(String.raw`(\\"${SECRET_NAME}\\"\s*:\s*)\\"(?:(?!\\")[^\n])*\\"`, "gi"), `$1\\"${REDACTED}\\"`],
  [new RegExp(String.raw`("${SECRET_NAME}"\s*:\s*)("(?:[^"\\]|\\.)*"|\[[^\]]*\])`, "gi"), `$1"${REDACTED}"`],
  [
    new RegExp(
      String.raw`(^|[\s,{"'?&;])(${SECRET_NAME}"?\s*=\s*)(?:"""[\s\S]*?"""|\\"(?:(?!\\")[^\n])*\\"|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|\[[^\]]*\]|[^\s,}"'&;]+)`,
      "gim",
    ),
    `$1$2${REDACTED}`,
  ],
];

/** `text` with the values of what is named like a secret, and everything that is shaped like a private key, replaced. */
export function redactSecrets(text: string): string {
  return RULES.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);
}

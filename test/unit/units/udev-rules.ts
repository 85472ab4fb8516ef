/**
 * Evaluates udev rules as far as ours use the language: matches of one device's properties and attributes, assignments,
 * GOTO and LABEL. udev(7). What it does not know it refuses, so a rule that uses more must teach it more.
 */
export interface UdevEvent {
  readonly action: string;
  readonly kernel: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface UdevResult {
  readonly env: Readonly<Record<string, string>>;
  readonly tags: readonly string[];
}

const TOKEN = /^([A-Z]+)(?:\{([^}]+)\})?(==|!=|\+=|=)"([^"]*)"$/;

/** @param rules the texts of the files in their order */
export function evaluateRules(
  rules: readonly string[],
  { action, kernel, env = {}, attributes = {} }: UdevEvent,
): UdevResult {
  const properties: Record<string, string> = { ...env };
  const tags: string[] = [];
  const facts: Readonly<Record<string, (key: string) => string | undefined>> = {
    ACTION: () => action,
    KERNEL: () => kernel,
    SUBSYSTEM: () => "block",
    ENV: (key) => properties[key] ?? "",
    ATTR: (key) => attributes[key],
  };
  for (const text of rules) {
    let skipTo: string | undefined;
    for (const line of ruleLines(text)) {
      const tokens = line.split(/,\s*/).map(parseToken);
      const label = tokens.find(({ key }) => key === "LABEL")?.value;
      if (skipTo !== undefined && label !== skipTo) continue;
      skipTo = undefined;
      const matches = tokens.every(({ key, argument, operator, value }) => {
        if (operator !== "==" && operator !== "!=") return true;
        const fact = facts[key];
        if (fact === undefined) throw new Error(`${key} is not known here: ${line}`);
        const got = fact(argument);
        return got !== undefined && matchesPattern(got, value) === (operator === "==");
      });
      if (!matches) continue;
      for (const { key, argument, operator, value } of tokens) {
        if (operator === "==" || operator === "!=") continue;
        if (key === "GOTO") skipTo = value;
        else if (key === "TAG" && operator === "+=") tags.push(value);
        else if (key === "ENV") {
          const filled = value.replaceAll("%k", kernel);
          const old = properties[argument];
          properties[argument] = operator === "+=" && old !== undefined ? `${old} ${filled}` : filled;
        } else if (key !== "LABEL") throw new Error(`${key}${operator} is not known here: ${line}`);
      }
    }
    if (skipTo !== undefined) throw new Error(`there is no LABEL="${skipTo}"`);
  }
  return { env: properties, tags };
}

function ruleLines(text: string): readonly string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

function parseToken(text: string) {
  const match = TOKEN.exec(text);
  if (match === null) throw new Error(`not understood: ${text}`);
  const [, key = "", argument = "", operator = "", value = ""] = match;
  return { key, argument, operator, value };
}

/** Alternatives of glob patterns, with `*`, `?` and sets. */
function matchesPattern(text: string, pattern: string): boolean {
  return pattern.split("|").some((glob) => {
    const regex = glob
      .replaceAll(/[.+^${}()\\]/g, "\\$&")
      .replaceAll("*", ".*")
      .replaceAll("?", ".");
    return new RegExp(`^${regex}$`).test(text);
  });
}

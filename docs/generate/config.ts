/** `docs/config.md`: every key of agent.toml with type, default and meaning, from the schema that checks it. */

/** The part of JSON Schema (2020-12) that zod makes of a configuration. */
export interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly items?: KeySchema;
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly KeySchema[];
}

export function configPage(schema: KeySchema): string {
  const tables = Object.entries(schema.properties ?? {}).map(([name, table]) => section(name, table));
  return `${HEAD}\n${tables.join("\n")}`;
}

const HEAD = `# agent.toml

Generated from the sources by \`npm run generate\`. The agent reads the first of these files that exists; the others are not read:

1. \`/etc/bootferry/agent.toml\`
2. \`/run/bootferry/agent.toml\`
3. \`/usr/lib/bootferry/agent.toml\`

\`--config FILE\` names another one. An unknown key is an error: a misspelt one must not be silently without effect.
`;

function section(name: string, table: KeySchema): string {
  const rows = Object.entries(table.properties ?? {}).map(([key, value]) => {
    const fallback = value.default === undefined ? (table.required?.includes(key) ? "required" : "unset") : code(value.default);
    return `| \`${key}\` | ${typeName(value)} | ${fallback} | ${(value.description ?? "").replaceAll("|", "\\|")} |`;
  });
  const intro = table.description === undefined ? "" : `${table.description}\n\n`;
  return `## [${name}]\n\n${intro}| key | type | default | meaning |\n|---|---|---|---|\n${rows.join("\n")}\n`;
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

function typeName(schema: KeySchema): string {
  if (schema.enum !== undefined) return schema.enum.map(code).join(" or ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeName).join(" or ");
  if (schema.type === "array") return `list of ${schema.items === undefined ? "values" : typeName(schema.items)}`;
  return schema.type ?? "value";
}

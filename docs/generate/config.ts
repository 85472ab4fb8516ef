/** `docs/config.md`: every key of agent.toml with type and meaning, from the schema that checks it. */

/** The part of JSON Schema (2020-12) that zod makes of a configuration. */
export interface KeySchema {
  readonly type?: string;
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly items?: KeySchema;
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly anyOf?: readonly KeySchema[];
}

export function configPage(schema: KeySchema): string {
  const tables = Object.entries(schema.properties ?? {}).map(([name, table]) => section(name, table));
  return `${HEAD}\n${tables.join("\n")}`;
}

const HEAD = `# agent.toml

Generated from the sources by \`npm run generate\`. The agent reads the first of these files that exists:

1. \`/etc/bootferry/agent.toml\`
2. \`/run/bootferry/agent.toml\`
3. \`/usr/lib/bootferry/agent.toml\`

Drop-ins (\`agent.toml.d/*.toml\` in the same directories) are laid over it in the order of their names; of two with one name the one in the
directory listed first counts, and an empty one hides the others. \`--config FILE\` names a single file instead. An unknown key is an error: a
misspelt one must not be silently without effect.

A complete file for most devices:

\`\`\`toml
[device]
compatible = "acme-kiosk-v2"

[follow]
name = "kiosk-os"
\`\`\`
`;

function section(name: string, table: KeySchema): string {
  const properties = Object.entries(table.properties ?? {});
  const rows = properties
    .filter(([, value]) => value.properties === undefined)
    .map(([key, value]) => `| \`${key}\` | ${typeName(value)} | ${(value.description ?? "").replaceAll("|", "\\|")} |`);
  const inner = properties
    .filter(([, value]) => value.properties !== undefined)
    .map(([key, value]) => `\n${section(`${name}.${key}`, value)}`);
  const intro = table.description === undefined ? "" : `${table.description}\n\n`;
  return `## [${name}]\n\n${intro}| key | type | meaning |\n|---|---|---|\n${rows.join("\n")}\n${inner.join("")}`;
}

function code(value: unknown): string {
  return `\`${JSON.stringify(value)}\``;
}

/** `string`, `list of string`, `"now"` or `"idle"` */
export function typeName(schema: KeySchema): string {
  if (schema.enum !== undefined) return schema.enum.map(code).join(" or ");
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeName).join(" or ");
  if (schema.type === "array") return `list of ${schema.items === undefined ? "values" : typeName(schema.items)}`;
  return schema.type ?? "value";
}

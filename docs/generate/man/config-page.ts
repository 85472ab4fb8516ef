/** bootferry-agent.toml(5): every key of the configuration, from the schema that checks it. */
import { type KeySchema, typeName } from "../config.ts";
import type { Edition } from "./command-pages.ts";
import { assemble, definitions, heading, literal, pageHead, paragraphs } from "./roff.ts";

const WHERE = `The agent reads the first of these files that exists: \`/etc/bootferry/agent.toml\`, \`/run/bootferry/agent.toml\`, \`/usr/lib/bootferry/agent.toml\`.

Drop-ins (\`agent.toml.d/*.toml\` in the same directories) are laid over it in the order of their names; of two with one name the one in the directory listed first counts, and an empty one hides the others. \`--config FILE\` names a single file instead.

The format is TOML 1.0. An unknown key is an error: a misspelt one must not be silently without effect.`;

const EXAMPLE = `[device]
compatible = "acme-kiosk-v2"

[follow]
name = "kiosk-os"`;

export function configManPage(schema: KeySchema, edition: Edition): string {
  const tables = Object.entries(schema.properties ?? {}).flatMap(([name, table]) => tableParts(name, table));
  return assemble([
    pageHead({
      name: "bootferry-agent.toml",
      section: 5,
      summary: "configuration of the bootferry agent of a device",
      ...edition,
    }),
    heading("Synopsis"),
    ".I /etc/bootferry/agent.toml",
    heading("Description"),
    paragraphs(WHERE),
    heading("Example"),
    paragraphs("A complete file for most devices:"),
    ".PP",
    literal(EXAMPLE),
    ...tables,
    heading("See also"),
    ".BR bootferry (1),\n.BR bootferry\\-agent (1)",
  ]);
}

function tableParts(name: string, table: KeySchema): readonly string[] {
  const properties = Object.entries(table.properties ?? {});
  const keys = properties.filter(([, value]) => value.properties === undefined);
  const inner = properties.filter(([, value]) => value.properties !== undefined);
  return [
    heading(`[${name}]`),
    paragraphs(table.description ?? ""),
    definitions(
      keys.map(([key, value]) => [key, `(${typeName(value).replaceAll("`", "")}) ${value.description ?? ""}`]),
    ),
    ...inner.flatMap(([key, value]) => tableParts(`${name}.${key}`, value)),
  ];
}

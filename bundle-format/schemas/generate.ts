/** The JSON Schemas (draft 2020-12) of the signed documents, made of the zod schemas that the code reads them with. */
import { z } from "zod";
import { statementSchema } from "../../src/bundle/statement.ts";
import { receiptSchema } from "../../src/receipt/receipt.ts";
import { visitSchema } from "../../src/receipt/visit.ts";
import { envelopeSchema } from "../../src/trust/dsse.ts";
import { rootDocumentSchema } from "../../src/trust/root-document.ts";

const SCHEMAS = {
  "envelope.schema.json": envelopeSchema,
  "receipt.schema.json": receiptSchema,
  "root.schema.json": rootDocumentSchema,
  "statement.schema.json": statementSchema,
  "visit.schema.json": visitSchema,
} as const;

/** File names below `bundle-format/schemas/` and their content. A schema says less than the spec: it cannot compare. */
export function generateSchemas(): Map<string, string> {
  const files = new Map<string, string>();
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const { $schema, ...rest } = z.toJSONSchema(schema, { target: "draft-2020-12" });
    files.set(name, `${JSON.stringify({ $schema, $id: `urn:bootferry:schema:${name}`, ...rest }, null, 2)}\n`);
  }
  return files;
}

/** What a schema found wrong with a document, in one line for an error message. */
import type { z } from "zod";

/** The first thing wrong: `targets.0.image.size: expected number`; `document: …` when it is the whole. */
export function describeIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue?.path.join(".") || "document"}: ${issue?.message ?? "malformed"}`;
}

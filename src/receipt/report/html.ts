/**
 * HTML out of values that anybody may have made: a template in which everything is escaped that is not HTML already. Pure.
 */

declare const safeHtml: unique symbol;

/** Made by {@link html} alone. */
export interface SafeHtml {
  readonly [safeHtml]: true;
  readonly text: string;
}

type Part = SafeHtml | string | number | readonly SafeHtml[];

/** ``html`<td>${label}</td>` ``: for contents of elements and for attribute values in double quotes, nowhere else. */
export function html(literals: TemplateStringsArray, ...parts: readonly Part[]): SafeHtml {
  const text = literals.map((literal, index) => literal + (index < parts.length ? textOf(parts[index] ?? "") : ""));
  return { text: text.join("") } as unknown as SafeHtml;
}

export const NOTHING = html``;

function textOf(part: Part): string {
  if (typeof part === "string") return escapeText(part);
  if (typeof part === "number") return String(part);
  return "text" in part ? part.text : part.map(({ text }) => text).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that draw nothing, or that turn the direction of what follows, are shown as what they are. */
function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "")
    .replace(/[^\P{C}\n\t]|[\p{Zl}\p{Zp}]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}

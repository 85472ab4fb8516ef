/**
 * Text as man(7) macros (groff_man(7), mandoc's man(7)): only macros that both formatters know, and no line longer than
 * 80 bytes, which `mandoc -T lint` asks for.
 */

const LINE_BYTES = 76; // with room for the font changes around a word

/** One page. `section` is the manual's: 1 commands, 5 files, 7 everything else. */
export interface PageHead {
  readonly name: string;
  readonly section: 1 | 5 | 7;
  /** `2027-01-31` */
  readonly date: string;
  readonly version: string;
  readonly summary: string;
}

export function pageHead({ name, section, date, version, summary }: PageHead): string {
  return [
    `.TH ${name.toUpperCase()} ${section} ${date} "bootferry ${escapeWords(version)}" "bootferry manual"`,
    ".ad l",
    ".SH NAME",
    `${escapeWords(name)} \\- ${escapeWords(summary)}`,
  ].join("\n");
}

export function heading(text: string): string {
  return `.SH ${escapeWords(text.startsWith("[") ? text : text.toUpperCase())}`; // tables of TOML are written as they are
}

export function subHeading(text: string): string {
  return `.SS ${escapeWords(text)}`;
}

/** Paragraphs between empty lines; `code` in back quotes becomes bold. */
export function paragraphs(text: string): string {
  return text
    .split(/\n{2,}/)
    .map((paragraph) => prose(paragraph.replaceAll("\n", " ")))
    .join("\n.PP\n");
}

/** A list of terms, each with what it means. */
export function definitions(entries: readonly (readonly [term: string, meaning: string])[]): string {
  return entries.map(([term, meaning]) => `.TP\n.B ${escapeWords(term)}\n${prose(meaning)}`).join("\n");
}

/** A command to type, in lines that a shell takes as one. */
export function shellCommand(command: string): string {
  const lines = breakLines(command, LINE_BYTES - 6);
  const typed = lines.map((line, index) => (index === 0 ? `$ ${line}` : `    ${line}`));
  return [".EX", ...typed.map((line, index) => escapeText(index < lines.length - 1 ? `${line} \\` : line)), ".EE"].join(
    "\n",
  );
}

/** Text that stands as it is, line for line. */
export function literal(text: string): string {
  return [".EX", ...text.split("\n").map(escapeText), ".EE"].join("\n");
}

/** A file of the page: its parts, one after the other. */
export function assemble(parts: readonly string[]): string {
  return `${parts.filter((part) => part !== "").join("\n")}\n`;
}

/** Every line of code in bold by itself: mandoc wants fonts closed where the line ends. */
function prose(text: string): string {
  return breakLines(text, LINE_BYTES)
    .map(escapeText)
    .join("\n")
    .replace(/`([^`]+)`/g, (_, code: string) => `\\fB${code.replaceAll("\n", "\\fR\n\\fB")}\\fR`);
}

function breakLines(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let lastLength = 0;
  for (const word of text.split(" ").filter((each) => each !== "")) {
    const length = escapeText(word).length + 2 * (word.split("`").length - 1);
    const last = lines.at(-1);
    if (last !== undefined && lastLength + 1 + length <= width) {
      lines[lines.length - 1] = `${last} ${word}`;
      lastLength += 1 + length;
    } else {
      lines.push(word);
      lastLength = length;
    }
  }
  return lines;
}

/** For an argument of a macro: one line that must not be empty. */
function escapeWords(text: string): string {
  return escapeText(text).replaceAll('"', "\\(dq");
}

/** Minus signs that can be copied; nothing that a formatter takes for a request or an escape. */
export function escapeText(line: string): string {
  const escaped = line
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("~", "\\(ti")
    .replaceAll("^", "\\(ha")
    .replace(
      /[^\x20-\x7e]/gu,
      (character) => `\\[u${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** Lines for a terminal: wrapped by the columns that they take there. Chinese characters take two, and break anywhere. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;
/** What must not stand at the beginning of a line stays with what is before it. */
const PIECE =
  /\s+|[\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef][\u3001\u3002\uff0c\uff01\uff1a\uff1b\uff1f\uff09]*|[^\s\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef]+/gu;

/** The columns that `text` takes on a terminal. */
export function textWidth(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/** `text` in lines of at most `columns`; a word that is longer than a line is cut. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  const end = () => {
    if (line.trim() !== "") lines.push(line.trimEnd());
    line = "";
  };
  for (const [piece] of text.matchAll(PIECE)) {
    if (textWidth(line) + textWidth(piece.trimEnd()) > columns) end();
    if (line === "" && piece.trim() === "") continue;
    line += piece;
    while (textWidth(line) > columns && line.trimEnd() !== "") {
      const head = headOf(line, columns);
      lines.push(head.trimEnd());
      line = line.slice(head.length).trimStart();
    }
  }
  end();
  return lines;
}

function headOf(text: string, columns: number): string {
  let head = "";
  for (const character of text) {
    if (head !== "" && textWidth(head + character) > columns) break;
    head += character;
  }
  return head;
}

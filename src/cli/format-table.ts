/** Columns for people: each as wide as its widest cell, two spaces between. */

/** What media and drives say of themselves must not draw on the terminal: control characters become `?`. */
function printable(cell: string): string {
  return cell.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
}

/** One line for the headings and one for each row; columns that are empty in all rows are left out. */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const clean = rows.map((row) => row.map(printable));
  const used = headings.map((_, column) => clean.some((row) => row[column] !== ""));
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...clean.map((row) => row[column]?.length ?? 0)),
  );
  return [headings, ...clean].map((row) =>
    row
      .flatMap((cell, column) => (used[column] ? [cell.padEnd(widths[column] ?? 0)] : []))
      .join("  ")
      .trimEnd(),
  );
}

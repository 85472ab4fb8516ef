/** Pages of the documentation as GitHub shows them: their links, and the names that links can point to. */

export interface PageLink {
  /** Relative to the page, without the anchor; empty for a link within the page. */
  readonly path: string;
  readonly anchor: string | undefined;
  readonly line: number;
}

const LINK = /\[(?:[^\]\\]|\\.)*\]\((?<target>[^()\s]*(?:\([^()]*\))?[^()\s]*)(?:\s+"[^"]*")?\)/g;
const IMAGE = /<(?:img|source|a)\s[^>]*?(?:src|srcset|href)="(?<target>[^"]+)"/g;
const REFERENCE = /^\[[^\]]+\]:\s+(?<target>\S+)/;

/** All links of a page to other files of the repository, code left out. */
export function linksOf(page: string): readonly PageLink[] {
  return proseLines(page).flatMap(({ text, line }) => {
    const bare = text.replace(/`[^`]*`/g, (code) => "x".repeat(code.length)); // a link's text may be code
    const targets = [
      ...[...bare.matchAll(LINK)].map(({ groups }) => groups?.["target"] ?? ""),
      ...[...bare.matchAll(IMAGE)].map(({ groups }) => groups?.["target"] ?? ""),
      ...[REFERENCE.exec(bare)?.groups?.["target"] ?? ""],
    ];
    return targets
      .filter((target) => target !== "" && !/^[a-z][a-z0-9+.-]*:/i.test(target))
      .map((target) => {
        const [path = "", anchor] = target.split("#");
        return { path: decodeURIComponent(path), anchor, line };
      });
  });
}

/** The anchors of a page: of its headings, and those that stand in it by name. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const headings = proseLines(page).flatMap(
    ({ text }) => /^#{1,6}\s+(?<heading>.*)$/.exec(text)?.groups?.["heading"] ?? [],
  );
  const slugs = headings.map((heading) => {
    const slug = slugOf(heading);
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    return count === 0 ? slug : `${slug}-${count}`;
  });
  const named = [...page.matchAll(/<a (?:id|name)="([^"]+)"/g)].map(([, name]) => name ?? "");
  return new Set([...slugs, ...named]);
}

/** As GitHub names headings: links by their text, no punctuation, small letters, hyphens for spaces. */
function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, "")
    .trim()
    .replaceAll(" ", "-");
}

interface Line {
  readonly text: string;
  /** From 1. */
  readonly line: number;
}

/** Without fenced and indented code. */
function proseLines(page: string): readonly Line[] {
  let fence: string | undefined;
  return page.split("\n").flatMap((text, index) => {
    const mark = /^\s*(```+|~~~+)/.exec(text)?.[1];
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined;
      return [];
    }
    return fence !== undefined || /^ {4}/.test(text) ? [] : [{ text, line: index + 1 }];
  });
}

/** No dead ends in the documentation: every link leads somewhere, and every page can be found from the README. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { describe, expect, it } from "vitest";
import { anchorsOf, linksOf } from "../../support/markdown.ts";

const ROOT = join(import.meta.dirname, "../../..");
const LEFT_OUT = new Set(["node_modules", "dist", ".git", ".cache", ".ci"]);

/** Paths below the root of the repository. */
function pagesBelow(directory: string): readonly string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return LEFT_OUT.has(entry.name) ? [] : pagesBelow(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

const pages = pagesBelow("");
const textOf = new Map(pages.map((page) => [page, readFileSync(join(ROOT, page), "utf8")]));
const links = pages.flatMap((page) =>
  linksOf(textOf.get(page) ?? "").map((link) => ({
    ...link,
    page,
    target: link.path === "" ? page : normalize(join(dirname(page), link.path)).replace(/\/$/, ""),
  })),
);
const where = ({ page, line, path, anchor }: (typeof links)[number]) =>
  `${page}:${line}: ${path}${anchor === undefined ? "" : `#${anchor}`}`;

describe("the links of the documentation", () => {
  it("are found, in every folder with pages", () => {
    expect(pages.length).toBeGreaterThan(20);
    expect(links.length).toBeGreaterThan(100);
  });

  it("lead to files and folders of this repository", () => {
    const isDead = ({ target }: { target: string }) => target.startsWith("..") || !existsSync(join(ROOT, target));
    expect(links.filter(isDead).map(where)).toEqual([]);
  });

  it("lead to headings that are there", () => {
    const dead = links.filter(({ target, anchor }) => {
      const text = textOf.get(target);
      return anchor !== undefined && text !== undefined && !anchorsOf(text).has(anchor);
    });
    expect(dead.map(where)).toEqual([]);
  });

  it("lead from the README to every page", () => {
    const reached = new Set<string>();
    const follow = (page: string): void => {
      if (reached.has(page)) return;
      reached.add(page);
      for (const { target } of links.filter((link) => link.page === page)) {
        if (textOf.has(target)) follow(target);
        else if (isFolder(target)) for (const name of pages.filter((other) => dirname(other) === target)) follow(name);
      }
    };
    follow("README.md");
    expect(pages.filter((page) => !reached.has(page)).map((page) => relative("", page))).toEqual([]);
  });
});

describe("the reader of pages", () => {
  it.each<[string, { path: string; anchor?: string }[]]>([
    [
      "see [a](b.md#c-d) and [e](#f)",
      [
        { path: "b.md", anchor: "c-d" },
        { path: "", anchor: "f" },
      ],
    ],
    ["[`code`](x.md), ![picture](images/p.svg)", [{ path: "x.md" }, { path: "images/p.svg" }]],
    ['<img src="images/a.png" alt="">', [{ path: "images/a.png" }]],
    ["[outside](https://example.org/x.md), `[no](link.md)`", []],
    ["    [code](no.md)\n```\n[nor](this.md)\n```\n[but](this.md)", [{ path: "this.md" }]],
    ["[name]: other.md", [{ path: "other.md" }]],
  ])("finds the links of %j", (text, expected) => {
    expect(linksOf(text).map(({ line, ...link }) => link)).toEqual(
      expected.map((link) => ({ anchor: undefined, ...link })),
    );
  });

  it("names headings as GitHub does", () => {
    const page = "# What it's for\n## [store] & `x`\n## Same\n## Same\n```\n# none\n```\n";
    expect([...anchorsOf(page)]).toEqual(["what-its-for", "store--x", "same", "same-1"]);
  });
});

function isFolder(path: string): boolean {
  return existsSync(join(ROOT, path)) && statSync(join(ROOT, path)).isDirectory();
}

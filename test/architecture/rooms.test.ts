/**
 * Holds the table of docs/architecture.md: which room may import which, no cycles, and where foreign modules live.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type ImportEdge, readImports, roomOf, SOURCE_ROOT, sourceFiles } from "./imports.ts";

/** Everyone may import `error.ts` and `path.ts`; `cli` may import everything. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  host: [],
  oci: [],
  config: [],
  trust: ["host", "oci"],
  tree: ["host", "oci"],
  media: ["host", "oci"],
  boot: ["host", "oci"],
  composefs: ["host", "oci", "tree"],
  bundle: ["host", "oci", "trust"],
  receipt: ["host", "oci", "trust"],
  store: ["host", "oci", "tree", "composefs", "bundle"],
  release: ["host", "oci", "config", "trust", "tree", "composefs", "media", "bundle", "receipt"],
  deploy: ["host", "oci", "config", "media", "tree", "composefs", "boot", "bundle", "store"],
  agent: ["host", "oci", "config", "trust", "media", "bundle", "store", "deploy", "boot", "receipt"],
  panel: ["host", "config", "agent"],
  support: ["host", "oci", "config"],
};
const SHARED = ["error.ts", "path.ts"];

/** Foreign modules that have one home; a trailing slash covers what lies below. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  "node:child_process": ["host"],
  execa: ["host"],
  "node:http": ["panel"],
  commander: ["cli"],
  pino: ["cli"],
  "cli-progress": ["cli"],
  "@noble/ed25519": ["trust"],
  "node-disk-info": ["host"],
  chokidar: ["media"], // agent watch takes its spool watcher from there
  "age-encryption": ["support"],
  "smol-toml": ["config", "deploy"], // agent.toml; kargs.d of an image
};

const files = sourceFiles();
const edges = files.flatMap((file) => readImports(file));

function isAllowed(edge: ImportEdge): boolean {
  const [from, to] = [roomOf(edge.file), roomOf(edge.target)];
  return from === to || from === "cli" || SHARED.includes(to) || (ALLOWED[from]?.includes(to) ?? false);
}

describe("the rooms of src/", () => {
  it("has sources to look at, each in a room of the table", () => {
    expect(files.length).toBeGreaterThan(20);
    const known = [...Object.keys(ALLOWED), ...SHARED, "cli"];
    expect(files.map(roomOf).filter((room) => !known.includes(room))).toEqual([]);
  });

  it("imports only what the table allows", () => {
    const wrong = edges.filter((edge) => !edge.isForeign && !isAllowed(edge));
    expect(wrong.map((edge) => `${edge.file} -> ${edge.target}`)).toEqual([]);
  });

  it("has no import cycle", () => {
    expect(findCycle()).toBeUndefined();
  });

  it("keeps foreign modules at home", () => {
    const wrong = edges.filter((edge) => edge.isForeign && HOMES[edge.target]?.includes(roomOf(edge.file)) === false);
    expect(wrong.map((edge) => `${edge.file} -> ${edge.target}`)).toEqual([]);
  });

  // A bundle and a single executable are elsewhere than their sources, and bring no files with them.
  it("asks nowhere where it stands, but to find a module that may be laid out beside it", () => {
    const asks = (file: string) => /\bimport\.meta\b|\b__dirname\b/.test(readFileSync(join(SOURCE_ROOT, file), "utf8"));
    expect(files.filter(asks)).toEqual(["cli/executable.ts", "media/usb-hints.ts"]);
  });

  it("has no barrel files and no default exports of re-exported rooms", () => {
    expect(files.filter((file) => file.endsWith("/index.ts"))).toEqual([]);
  });
});

describe("docs/architecture.md", () => {
  it("has the same table", () => {
    const page = readFileSync(join(SOURCE_ROOT, "../docs/architecture.md"), "utf8");
    const table = page.split("| room | may import")[1]?.split("\n\n")[0] ?? "";
    const rows = [...table.matchAll(/^\| (?<rooms>[a-z, ]+) \| (?<targets>[^|]+) \|$/gm)].flatMap(({ groups }) => {
      const targets = listed((groups?.["targets"] ?? "").replaceAll(/ \([^)]*\)/g, ""));
      return listed(groups?.["rooms"] ?? "").map((room) => [room, targets] as const);
    });
    const { cli, ...rooms } = Object.fromEntries(rows);
    expect(cli).toEqual(["everything"]);
    expect(rooms).toEqual(ALLOWED);
  });
});

function listed(cell: string): readonly string[] {
  return cell === "–" ? [] : cell.split(", ");
}

describe("the reader of imports", () => {
  it.each([
    ['import { a } from "../oci/digest.ts";', "oci/digest.ts", false, false],
    ['import type { A } from "../oci/digest.ts";', "oci/digest.ts", false, true],
    ['import {\n  a,\n  type B,\n} from "./x.ts";', "host/x.ts", false, false],
    ['export { a } from "node:fs";', "node:fs", true, false],
    ['import "side-effect";', "side-effect", true, false],
    ['const x = await import("execa");', "execa", true, false],
  ])("sees %j", (text, target, isForeign, isTypeOnly) => {
    expect(readImports("host/y.ts", text)).toEqual([{ file: "host/y.ts", target, isForeign, isTypeOnly }]);
  });
});

/** The first cycle that a depth-first walk meets, as a chain of files. */
function findCycle(): string[] | undefined {
  const targets = new Map<string, string[]>();
  for (const edge of edges.filter((edge) => !edge.isForeign)) {
    targets.set(edge.file, [...(targets.get(edge.file) ?? []), edge.target]);
  }
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): string[] | undefined => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const target of targets.get(file) ?? []) {
      const cycle = visit(target, [...trail, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of files) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

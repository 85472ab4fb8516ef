/**
 * The Debian package: what units/install/plan.ts lays out, with manual pages, completion scripts and what Debian's policy
 * asks for, put together by dpkg-deb. Needs no root, and the same sources give the same bytes.
 */
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layOut } from "../install/lay-out.ts";
import { type Item, planInstallation, withParents } from "../install/plan.ts";
import { formatControl, maintainerScripts, REVISION } from "./debian-control.ts";
import { debianDocuments } from "./debian-documents.ts";
import { shellAndManual } from "./shell-and-manual.ts";
import { runTool } from "./tool.ts";

/** xz at its lowest level takes a quarter of the time of its default here, and a tenth more room. */
const COMPRESSION = ["-Zxz", "-z1", "--threads-max=2"];

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

export interface PackageFacts {
  readonly source: string;
  readonly version: string;
  readonly executable: string;
  /** Of what is bundled in the executable. */
  readonly packages: readonly string[];
  readonly time: Date;
}

/** @returns the path of the package below `out` */
export async function makeDebianPackage(facts: PackageFacts, out: string): Promise<string> {
  const { source, executable, time } = facts;
  const version = `${facts.version}-${REVISION}`;
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const items = withParents([
    ...planInstallation(source, {
      program: { kind: "executable", path: executable },
      purpose: "package",
      initramfs: "both",
      enable: false,
      usbDetection: undefined,
      watch: false,
    }),
    ...(await shellAndManual({ executable, version: facts.version, time })),
    ...debianDocuments({ ...facts, version }),
  ]);
  const root = mkdtempSync(join(tmpdir(), "bootferry-deb-"));
  try {
    chmodSync(root, 0o755);
    layOut(root, items, time);
    const installedBytes = items.reduce((sum, item) => sum + sizeOf(item), 0);
    const control = formatControl({ source, version, architecture, executable, installedBytes });
    writeControl(join(root, "DEBIAN"), [
      ["control", control],
      ["md5sums", formatSums(items)],
      ...maintainerScripts(source),
    ]);
    const path = join(out, `bootferry_${version}_${architecture}.deb`);
    runTool(["dpkg-deb", "--root-owner-group", ...COMPRESSION, "--build", root, path]);
    return path;
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

function writeControl(directory: string, files: readonly (readonly [name: string, text: string])[]): void {
  mkdirSync(directory);
  chmodSync(directory, 0o755); // whatever the umask
  for (const [name, text] of files) {
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), text.startsWith("#!") ? 0o755 : 0o644);
  }
}

function sizeOf(item: Item): number {
  return item.kind === "file" ? Math.ceil(item.content.length / 1024) * 1024 : 1024; // as dpkg-gencontrol counts
}

function formatSums(items: readonly Item[]): string {
  const lines = items.flatMap((item) =>
    item.kind === "file" ? [`${createHash("md5").update(item.content).digest("hex")}  ${item.path}\n`] : [],
  );
  return lines.join("");
}

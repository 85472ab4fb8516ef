/** What Debian's policy wants in /usr/share/doc/bootferry: the copyright file and the changelogs (policy 12.5, 12.7). */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gzipSync } from "node:zlib";
import type { Item } from "../install/plan.ts";
import { licencesOf, pinnedNode } from "./bundle.ts";
import { MAINTAINER } from "./debian-control.ts";

const DOCUMENTS = "usr/share/doc/bootferry";

export interface DocumentFacts {
  readonly source: string;
  readonly version: string;
  readonly packages: readonly string[];
  readonly time: Date;
}

export function debianDocuments({ source, version, packages, time }: DocumentFacts): readonly Item[] {
  return [
    plainFile(`${DOCUMENTS}/copyright`, formatCopyright(source, packages)),
    packedFile(`${DOCUMENTS}/changelog.Debian`, formatChangelog(version, time)),
    packedFile(`${DOCUMENTS}/changelog`, readFileSync(join(source, "CHANGELOG.md"), "utf8")),
    plainFile(
      "usr/share/lintian/overrides/bootferry",
      readFileSync(join(source, "units/debian/lintian-overrides"), "utf8"),
    ),
  ];
}

function plainFile(path: string, text: string): Item {
  return { kind: "file", path, mode: 0o644, content: Buffer.from(text) };
}

/** As `gzip -9n`: without name and time, so that the same text gives the same bytes. */
export function packedFile(path: string, text: string): Item {
  const content = gzipSync(text, { level: constants.Z_BEST_COMPRESSION });
  return { kind: "file", path: `${path}.gz`, mode: 0o644, content };
}

/** The machine-readable form (DEP-5); what is inside of the executable stands in it word by word. */
function formatCopyright(source: string, packages: readonly string[]): string {
  const node = readFileSync(pinnedNode(source).licence, "utf8");
  return `Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: bootferry

Files: *
Copyright: the authors of bootferry
License: Apache-2.0

Files: usr/bin/bootferry
Copyright: the authors of bootferry, of Node.js and of the npm packages that are bundled
License: Apache-2.0 and Node.js and npm-packages
Comment: Node.js, with the libraries that its project links in, runs the program in this file; the program is bundled
 with the npm packages that it uses.

License: Apache-2.0
 On Debian systems the text of the Apache License 2.0 is in /usr/share/common-licenses/Apache-2.0.

License: Node.js
${indented(node)}

License: npm-packages
${indented(licencesOf(source, packages))}
`;
}

/** A licence that stands on every Debian system is referred to (policy 12.5). */
const APACHE = /^[\t ]*Apache License\s+Version 2\.0, January 2004[\s\S]*?END OF TERMS AND CONDITIONS$/gm;

/** Text within a field: each line begins with a blank, and an empty one is a dot. */
function indented(text: string): string {
  return text
    .replaceAll("\r", "")
    .replaceAll(APACHE, "The Apache License, version 2.0: see /usr/share/common-licenses/Apache-2.0.")
    .trim()
    .split("\n")
    .map((line) => (line.trim() === "" ? " ." : ` ${line.trimEnd()}`))
    .join("\n");
}

function formatChangelog(version: string, time: Date): string {
  return `bootferry (${version}) unstable; urgency=medium

  * What changed in this version is in changelog.gz.

 -- ${MAINTAINER}  ${formatRfc2822(time)}
`;
}

/** `Thu, 01 Jan 2026 00:00:00 +0000` */
function formatRfc2822(time: Date): string {
  return time.toUTCString().replace("GMT", "+0000");
}

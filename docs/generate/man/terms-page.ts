/** bootferry(7): what the words mean, from the table of docs/terminology.md. */
import type { Edition } from "./command-pages.ts";
import { assemble, definitions, heading, pageHead, paragraphs } from "./roff.ts";

const PATH = `An OCI image becomes a signed release on a workstation; a medium (a USB stick, an SD card) carries it to a device; the device verifies it, stores it, stages it beside the system that runs, and boots it on trial. When its health checks pass it is confirmed, else the device falls back to the system before.

Nothing on a medium is trusted but what the keys of the device's trust root have signed, and what such a statement names by digest. The private keys never have to be on a machine that is connected to anything.`;

const TERM_ROW = /^\| \*\*(.+?)\*\* \| (.+?) \| (.*?) ?\|$/;

export function termsPage(terminology: string, edition: Edition): string {
  const terms = terminology.split("\n").flatMap((line): readonly (readonly [string, string])[] => {
    const [, word, meaning] = TERM_ROW.exec(line) ?? [];
    return word === undefined || meaning === undefined ? [] : [[word, meaning.replaceAll("\\|", "|")]];
  });
  return assemble([
    pageHead({
      name: "bootferry",
      section: 7,
      summary: "how releases get to devices, and what the words mean",
      ...edition,
    }),
    heading("Description"),
    paragraphs(PATH),
    heading("Terms"),
    definitions(terms),
    heading("See also"),
    ".BR bootferry (1),\n.BR bootferry\\-agent.toml (5)",
  ]);
}

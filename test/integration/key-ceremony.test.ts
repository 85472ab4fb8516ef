/** docs/key-ceremony.md keeps its word: its commands run as they stand, in their order, and leave what the page says. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { parseRootFile } from "../../src/trust/root-chain.ts";
import { commandsOf, runCommands } from "../support/page-commands.ts";
import { writeFixtureImage } from "../support/release-fixtures.ts";

const PAGE = fileURLToPath(new URL("../../docs/key-ceremony.md", import.meta.url));
const MINUTES = 60_000;

describe("the commands of docs/key-ceremony.md", () => {
  it(
    "lead from the first keys over loss and theft to a chain of seven roots",
    async () => {
      const directory = mkdtempSync(join(tmpdir(), "ceremony-"));
      onTestFinished(() => rmSync(directory, { recursive: true }));
      await writeFixtureImage(directory);
      const said = runCommands(commandsOf(PAGE, "sh"), directory);
      expect(said).toContain("good  kiosk-os@43.0.0");
      const chain = parseRootFile(readFileSync(join(directory, "builder/chain-7.json")));
      expect(chain.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5, 6, 7]);
      const { document } = chain[6] ?? chain[0];
      expect(document).toMatchObject({
        expiresAt: "2036-01-01T00:00:00Z",
        minSequences: { "kiosk-os": 44 },
        revokedReleases: [expect.any(String)],
        downgrades: [expect.any(String)],
        roles: { root: { threshold: 2 }, release: { threshold: 1 } },
      });
      expect(document.keys.map(({ label }) => label).toSorted()).toEqual([
        "ben",
        "cem",
        "dora",
        "release-4",
        "spare-4",
      ]);
      expect(document.revokedKeys).toHaveLength(3);
    },
    10 * MINUTES,
  );
});

/** docs/tutorial.md keeps its word: its commands run as they stand, in their order, and the device ends as the page says. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { commandsOf, runCommands } from "../support/page-commands.ts";

const PAGE = join(import.meta.dirname, "../../docs/tutorial.md");

it("the tutorial leads from nothing to a kiosk that was updated, went back and refused a tampered stick", () => {
  const directory = mkdtempSync(join(tmpdir(), "tutorial-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const script = commandsOf(PAGE, "sh");
  const said = runCommands(`exec 2>&1\n${script}`, directory);
  const inOrder = [
    "good  kiosk-os@1.0",
    "ready to be a device",
    "kiosk-os 2.0 (sequence 2) runs and is confirmed.",
    "the screen stays dark",
    "rolled-back: kiosk-os 3.0 (sequence 3)",
    "OCI_BLOB_DIGEST_MISMATCH",
    "refused, with exit status",
    "kiosk-os 4.0 (sequence 4) runs and is confirmed.",
    '"state":"confirmed"', // the panel's status.json
    "kiosk-os 4.0 (sequence 4) was installed, checked and kept.", // RESULT.txt
    "5 new receipts added to fleet.jsonl",
    "would do nothing",
  ];
  let from = 0;
  for (const words of inOrder) {
    const at = said.indexOf(words, from);
    expect(at, `after ${from} characters the page says: ${words}\n${said}`).toBeGreaterThanOrEqual(from);
    from = at;
  }
  const status = readFileSync(join(directory, "tutorial/device/bootferry/var/lib/bootferry/history.jsonl"), "utf8");
  expect(status.match(/"state":"(confirmed|rolled-back|refused)"/g)).toEqual([
    '"state":"confirmed"',
    '"state":"rolled-back"',
    '"state":"refused"',
    '"state":"confirmed"',
  ]);
  expect(existsSync(join(directory, "tutorial/root.json"))).toBe(true);
});

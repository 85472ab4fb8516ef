import { expect, it } from "vitest";
import { CONTEXT, goodMedium, NAME, rootEnvelope, SINGLE_ROOT } from "../../../bundle-format/vectors/source/parts.ts";
import { type ChoiceFacts, chooseFromMedium } from "../../../src/agent/choose-from-medium.ts";
import { NO_VERDICTS } from "../../../src/agent/verdicts.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { parseRoot } from "../../../src/trust/root.ts";
import { INITIAL_TRUST_STATE } from "../../../src/trust/state.ts";
import { layOutFiles } from "../bundle/vector-reader.ts";
import { scratchDirectory } from "./scratch.ts";

it("ends between two releases when it is aborted, and chooses otherwise", async () => {
  const stick = scratchDirectory();
  layOutFiles((await goodMedium()).medium.files(), stick);
  const facts: ChoiceFacts = {
    root: parseRoot(await rootEnvelope(SINGLE_ROOT, ["root-a"])),
    device: CONTEXT.device,
    followName: NAME,
    trustState: INITIAL_TRUST_STATE,
    verdicts: NO_VERDICTS,
    synchronisedNowUtc: undefined,
  };
  const medium = await openMedium(stick);
  const abort = new AbortController();
  expect(await chooseFromMedium(medium, facts, abort.signal)).toMatchObject({ kind: "install" });
  const reason = new Error("stopped by SIGTERM");
  abort.abort(reason);
  await expect(chooseFromMedium(medium, facts, abort.signal)).rejects.toBe(reason);
});

import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { confirmErase } from "../../../src/cli/confirm-erase.ts";
import { processContext } from "../../../src/cli/context.ts";
import type { BlockDevice } from "../../../src/media/block-device.ts";
import { blankDisk } from "../../support/machines.ts";

/** @param typed at a terminal; undefined when there is none */
async function confirm(disk: BlockDevice, typed: string | undefined, yes = false) {
  const stdin = Object.assign(new PassThrough().end(typed), { isTTY: typed !== undefined });
  const stderr = new PassThrough();
  const context = { ...processContext(process, new AbortController().signal), stdin, stderr };
  await confirmErase(context, context.openOutput({ quiet: true }), disk, yes);
}

const REFUSED = { code: "MEDIA_NOT_CONFIRMED" };

describe("erasing a disk", () => {
  it.each<[string, BlockDevice, string | undefined, boolean]>([
    ["its serial number", blankDisk(), "S1\n", false],
    ["its serial number with spaces around it", blankDisk(), "  S1 \n", false],
    ["its path when it has no serial number", blankDisk({ serial: undefined }), "/dev/sdx\n", false],
    ["--yes, without a terminal", blankDisk(), undefined, true],
  ])("is confirmed by %s", async (_, disk, typed, yes) => {
    await expect(confirm(disk, typed, yes)).resolves.toBeUndefined();
  });

  it.each<[string, BlockDevice, string | undefined]>([
    ["another serial number", blankDisk(), "S2\n"],
    ["yes", blankDisk(), "yes\n"],
    ["its path when it has a serial number", blankDisk(), "/dev/sdx\n"],
    ["nothing", blankDisk(), "\n"],
    ["the end of the input", blankDisk(), ""],
    ["silence where there is no terminal", blankDisk(), undefined],
  ])("is not confirmed by %s", async (_, disk, typed) => {
    await expect(confirm(disk, typed)).rejects.toMatchObject(REFUSED);
  });
});

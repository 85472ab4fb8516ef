import { describe, expect, it } from "vitest";
import { makeRelease, openWorld, writeMedium } from "./agent-fixture.ts";

describe("activating", () => {
  it("notes what of /etc could not be merged, and in one line what could not be carried over", async () => {
    const world = await openWorld(await makeRelease(1));
    const { backend } = world.device;
    const activate: typeof backend.activate = async (staged) => ({
      ...(await backend.activate(staged)),
      conflicts: [{ path: "/etc/motd", kind: "both-changed" }],
      notApplied: [
        { path: "/etc/pipe", what: "special-file" },
        { path: "/etc/shadow", what: "xattrs" },
      ],
    });
    await world.run(writeMedium([await makeRelease(2)]), { backend: { ...backend, activate } });
    const notes = world.history().flatMap((record) => (record.kind === "note" ? [[record.about, record.message]] : []));
    expect(notes).toEqual([
      ["etc-merge", "/etc/motd: both-changed; the version of this device was kept"],
      ["etc-merge", "not carried over as in the image: /etc/pipe (special-file), /etc/shadow (xattrs)"],
    ]);
  });
});

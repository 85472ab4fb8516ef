import { describe, expect, it } from "vitest";
import { describeNotApplied } from "../../../src/deploy/describe-not-applied.ts";

const owners = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ path: `/etc/${n}`, what: "owner" as const }));

describe("what of /etc could not be set on disk", () => {
  it.each([
    [0, undefined],
    [1, "not carried over as in the image: /etc/0 (owner)"],
    [5, expect.stringMatching(/: (\/etc\/\d \(owner\)(, )?){5}$/)],
    [3000, expect.stringMatching(/, \/etc\/4 \(owner\) and 2995 more$/)],
  ])("is one sentence for %d paths", (count, sentence) => {
    expect(describeNotApplied(owners(count))).toEqual(sentence);
  });
});

/** Debian's checker of packages has nothing to say; what is overridden has its reason in units/debian/lintian-overrides. */
import { expect, it } from "vitest";
import { DEB, output } from "./packages.ts";

it("lintian finds no error and no warning", () => {
  const said = output("lintian", ["--allow-root", "--fail-on", "none", "--tag-display-limit", "0", DEB]);
  expect(said).toBe("");
});

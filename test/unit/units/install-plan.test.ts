/** What install-device says of sources that are not whole. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { InstallError } from "../../../units/install/error.ts";
import { type InitramfsChoice, planInstallation } from "../../../units/install/plan.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

/** The sources with a program in place of the built one, and without `missing`. */
function sourcesWithout(missing: string): string {
  const source = mkdtempSync(join(tmpdir(), "bootferry-plan-"));
  onTestFinished(() => rmSync(source, { recursive: true, force: true }));
  for (const part of ["units", "udev", "package.json", "LICENSE"]) {
    cpSync(join(REPOSITORY, part), join(source, part), { recursive: true });
  }
  mkdirSync(join(source, "dist/cli"), { recursive: true });
  writeFileSync(join(source, "dist/cli/main.js"), "");
  rmSync(join(source, missing), { recursive: true });
  return source;
}

const PLAIN = {
  program: { kind: "bundle" },
  purpose: "image",
  enable: false,
  usbDetection: undefined,
  watch: false,
} as const;

function refusal(source: string, initramfs: InitramfsChoice): { readonly message: string; readonly remedy: string } {
  try {
    planInstallation(source, { ...PLAIN, initramfs });
  } catch (error) {
    if (error instanceof InstallError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

describe("the plan of an installation", () => {
  it.each([
    { missing: "units/initramfs/dracut", choice: "dracut" },
    { missing: "units/initramfs/initramfs-tools", choice: "both" },
    { missing: "units/initramfs/lib", choice: "dracut" },
  ] as const)("names $missing, which --initramfs $choice needs", ({ missing, choice }) => {
    const source = sourcesWithout(missing);
    const { message, remedy } = refusal(source, choice);
    expect(message).toBe(`--initramfs ${choice} needs ${join(source, missing)}, which is not there`);
    expect(remedy).toContain("--initramfs");
  });

  it("does without the part that is not asked for", () => {
    const source = sourcesWithout("units/initramfs/dracut");
    expect(planInstallation(source, { ...PLAIN, initramfs: "initramfs-tools" }).map(({ path }) => path)).toContain(
      "usr/share/initramfs-tools/hooks/bootferry",
    );
  });

  it.each(["units/scripts", "udev/70-bootferry.rules"])("names %s, without which nothing goes", (missing) => {
    const source = sourcesWithout(missing);
    expect(refusal(source, "none")).toMatchObject({
      message: `a part of bootferry is missing: there is no ${join(source, missing)}`,
      remedy: expect.stringContaining("clone"),
    });
  });
});

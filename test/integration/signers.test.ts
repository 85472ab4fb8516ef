/** The openssl script of docs/signers, as `--signer` runs it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";

const script = (name: string) => fileURLToPath(new URL(`../../docs/signers/${name}`, import.meta.url));

describe("a signer command", () => {
  let directory: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "signers-"));
    await Promise.all([writeFixtureKeys(directory), writeFixtureImage(directory)]);
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const file = (name: string) => join(directory, name);
  const run = (...args: string[]) => runInProcess(directory, args);
  const create = (signer: string) =>
    run(
      ..."release create oci:image --to . --name kiosk-os --compatible kiosk --release-version 1 --sequence 1".split(
        " ",
      ),
      "--signer",
      signer,
    );

  it("signs by openssl", async () => {
    expect(await create(`release.pub=${script("openssl.sh")} -inkey ${file("release.key")}`)).toMatchObject({
      exitStatus: 0,
    });
    expect(await run("release", "verify", ".", "--root", "root.json")).toMatchObject({ exitStatus: 0 });
  });

  it("is noticed when openssl signs with another key than the one that was named", async () => {
    expect(await create(`release.pub=${script("openssl.sh")} -inkey ${file("second.key")}`)).toMatchObject({
      exitStatus: 1,
      stderr: expect.stringContaining("[TRUST_SIGNER_FAILED]"),
    });
  });
});

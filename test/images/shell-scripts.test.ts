/** Our scripts as shellcheck sees them: those that run where Node may not, and the sample hooks that people start from. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const UNITS = join(import.meta.dirname, "../../units");
const SCRIPTS = ["scripts", "hooks.d-samples"].flatMap((folder) =>
  readdirSync(join(UNITS, folder)).map((name) => join(folder, name)),
);

it.each(SCRIPTS)("%s has nothing that shellcheck warns of", (script) => {
  const { status, stdout, error } = spawnSync("shellcheck", ["-s", "sh", "-S", "warning", join(UNITS, script)], {
    encoding: "utf8",
  });
  if (error !== undefined) throw error;
  expect([status, stdout]).toEqual([0, ""]);
});

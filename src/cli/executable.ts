/**
 * The `bootferry` command of the single executable: small, because Node reads all of it at each start. The program itself
 * is an asset beside it, compiled by V8 when the executable was made (units/package/executable.ts).
 */
import { createRequire } from "node:module";
import { getAsset, getRawAsset } from "node:sea";
import { constants, Script } from "node:vm";
import manifest from "../../package.json" with { type: "json" };
import { isVersionWanted } from "./version-wanted.ts";

type Program = typeof import("./run-process.ts");

/** The program, which is a CommonJS module in the form of a function. */
function loadProgram(): Program {
  const script = new Script(getAsset("program.cjs", "utf8"), {
    filename: "bootferry",
    cachedData: new Uint8Array(getRawAsset("program.cache") as ArrayBuffer),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = { exports: {} };
  script.runInThisContext()(createRequire(import.meta.url), module, module.exports);
  return module.exports as Program;
}

if (isVersionWanted(process.argv)) process.stdout.write(`${manifest.version}\n`);
else void loadProgram().runProcess(process, manifest);

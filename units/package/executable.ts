/**
 * One file that needs no Node: the pinned Node with the program injected (Node 24, "Single executable applications";
 * the blob goes into a note of the ELF file by postject). No network, and the same bytes each time.
 */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inject } from "postject";
import type { Bundle } from "./bundle.ts";
import { runTool } from "./tool.ts";

/** Node looks for the blob when this fuse, which stands in its binary, is burnt. */
const FUSE = "NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2";

/** As the first line of src/cli/main.ts says. */
const NODE_OPTIONS = ["--max-semi-space-size=4"];

/** V8's code cache holds hashes that begin with a random number; the cache is taken all the same by a process with another. */
const SAME_CODE_CACHE = "--random-seed=1";

/** Compiles `program.cjs` without running it. */
const COMPILE = `
const { readFileSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
const script = new Script(readFileSync("program.cjs", "utf8"), { filename: "bootferry" });
writeFileSync("program.cache", script.createCachedData());
`;

const SEA_CONFIG = {
  main: "launcher.cjs", // relative, as all paths here: this one is kept in the blob
  output: "bootferry.blob",
  disableExperimentalSEAWarning: true,
  useCodeCache: true,
  useSnapshot: false,
  execArgv: NODE_OPTIONS,
  execArgvExtension: "none", // what NODE_OPTIONS says is for programs in JavaScript, and this one does not look like one
  assets: { "program.cjs": "program.cjs", "program.cache": "program.cache" },
};

/**
 * @param node the Node to take, as its project built it
 * @param out where the executable is written
 */
export async function makeExecutable(node: string, { launcher, program }: Bundle, out: string): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), "bootferry-executable-"));
  try {
    writeFileSync(join(scratch, SEA_CONFIG.main), launcher);
    writeFileSync(join(scratch, "program.cjs"), program);
    writeFileSync(join(scratch, "sea.json"), JSON.stringify(SEA_CONFIG));
    runTool([node, SAME_CODE_CACHE, ...NODE_OPTIONS, "--eval", COMPILE], { cwd: scratch });
    runTool([node, SAME_CODE_CACHE, ...NODE_OPTIONS, "--experimental-sea-config", "sea.json"], { cwd: scratch });
    copyFileSync(node, out);
    chmodSync(out, 0o755);
    runTool(["strip", out]); // before the injection: strip would take the blob for something superfluous
    await quietly(() =>
      inject(out, "NODE_SEA_BLOB", readFileSync(join(scratch, SEA_CONFIG.output)), { sentinelFuse: FUSE }),
    );
    chmodSync(out, 0o755);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** postject's library warns of the many notes in Node's binary, which does no harm, and has no option to be silent. */
async function quietly(action: () => Promise<void>): Promise<void> {
  const { log, warn, error } = console;
  const silent = () => undefined;
  Object.assign(console, { log: silent, warn: silent, error: silent });
  try {
    await action();
  } finally {
    Object.assign(console, { log, warn, error });
  }
}

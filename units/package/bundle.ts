/**
 * The program as CommonJS, which is what a single executable can hold (Node 24, "Single executable applications"), and the
 * licences of what is bundled in it.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { InstallError } from "../install/error.ts";

export interface Bundle {
  /** What the executable begins with; it loads the program when a command is wanted. */
  readonly launcher: string;
  /** An expression: the function that runs the module with `require`, `module` and `exports`. */
  readonly program: string;
  /** Directories of the npm packages that are in it. */
  readonly packages: readonly string[];
}

/** Where the executable takes itself to be: it has no node_modules but those that are laid out there. */
const HOME = "file:///usr/lib/bootferry/";

export async function bundleProgram(source: string): Promise<Bundle> {
  const launcher = await bundle(source, "src/cli/executable.ts");
  const program = await bundle(source, "src/cli/run-process.ts");
  const packages = new Set(program.inputs.flatMap(packageOf));
  return {
    launcher: launcher.code,
    program: `(function (require, module, exports) {${program.code}\n})`,
    packages: [...packages].sort(),
  };
}

async function bundle(source: string, entry: string): Promise<{ readonly code: string; readonly inputs: string[] }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: source,
    entryPoints: [entry],
    bundle: true,
    write: false,
    outfile: "bootferry.cjs",
    platform: "node",
    target: "node24",
    format: "cjs",
    // Names stay, for the traces of bugs; the licences of all that is inside are shipped beside.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    charset: "ascii", // V8 keeps a text with other characters in two bytes for each
    define: { "import.meta.url": JSON.stringify(HOME) },
    metafile: true,
    logLevel: "warning",
  });
  const [{ text } = { text: "" }] = outputFiles;
  return { code: text, inputs: Object.values(metafile.outputs).flatMap((output) => Object.keys(output.inputs)) };
}
/** `node_modules/a/node_modules/@b/c/lib/d.js` is of the package in `node_modules/a/node_modules/@b/c`. */
function packageOf(input: string): string[] {
  const match = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input);
  return match === null ? [] : [match[0]];
}

/** The licences of bundled packages, each with its name and version. */
export function licencesOf(source: string, packages: readonly string[]): string {
  return packages
    .map((path) => {
      const directory = join(source, path);
      const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
      const texts = readdirSync(directory)
        .filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
        .map((file) => readFileSync(join(directory, file), "utf8").trim());
      return [`${name} ${version} (${license})`, ...texts].join("\n\n");
    })
    .join("\n\n----\n\n");
}

/**
 * Where the pinned Node is, with its licence: the npm package `node` brings it for this machine.
 * @throws InstallError when it is not there
 */
export function pinnedNode(source: string): { readonly executable: string; readonly licence: string } {
  const directory = join(source, "node_modules/node/node_modules", `node-linux-${process.arch}`);
  const node = { executable: join(directory, "bin/node"), licence: join(directory, "LICENSE") };
  const missing = Object.values(node).find((path) => !existsSync(path));
  if (missing === undefined) return node;
  throw new InstallError(
    `the pinned Node is not whole: there is no ${missing}`,
    "Run `npm ci` on Linux, then this again.",
  );
}

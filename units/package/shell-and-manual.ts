/** Manual pages and completion scripts, both from the definitions that `--help` prints. */
import { manualPages } from "../../docs/generate/man/manual-pages.ts";
import type { Item } from "../install/plan.ts";
import { packedFile } from "./debian-documents.ts";
import { runTool } from "./tool.ts";

/** Where each shell looks for a command's completion by itself. */
const COMPLETIONS = {
  bash: "usr/share/bash-completion/completions/bootferry",
  zsh: "usr/share/zsh/vendor-completions/_bootferry",
  fish: "usr/share/fish/vendor_completions.d/bootferry.fish",
} as const;

export interface ManualFacts {
  readonly executable: string;
  readonly version: string;
  readonly time: Date;
}

export async function shellAndManual({ executable, version, time }: ManualFacts): Promise<readonly Item[]> {
  const date = time.toISOString().slice(0, "YYYY-MM-DD".length);
  const pages = await manualPages({ version, date });
  const completions = Object.entries(COMPLETIONS).map(([shell, path]): Item => {
    const content = Buffer.from(runTool([executable, "completion", shell]));
    return { kind: "file", path, mode: 0o644, content };
  });
  return [
    ...pages.map(([name, text]) =>
      packedFile(`usr/share/man/man${name.slice(name.lastIndexOf(".") + 1)}/${name}`, text),
    ),
    ...completions,
  ];
}

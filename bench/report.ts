/** The table of a bench run: figures, ratios, targets, and on which machine. */
import type { Machine } from "./machine.ts";
import type { Figures } from "./measure.ts";

/** One line: ours against one peer. */
export interface Comparison {
  readonly what: string;
  readonly ours: Figures;
  readonly peer: Figures;
  /** The greatest ratio of ours to the peer's that the project has set itself; undefined for a figure without a target. */
  readonly target: number | undefined;
}

/** A figure with a limit of its own. */
export interface Limit {
  readonly what: string;
  readonly value: string;
  readonly limit: string;
  readonly isMet: boolean;
}

export interface Report {
  readonly machine: Machine;
  readonly runs: number;
  readonly image: string;
  readonly comparisons: readonly Comparison[];
  readonly limits: readonly Limit[];
  readonly notes: readonly string[];
}

/** The report as Markdown: what is printed and what `bench/results.md` holds. */
export function formatReport({ machine, runs, image, comparisons, limits, notes }: Report): string {
  const lines = [
    "# Bench results",
    "",
    "Written by `npm run bench`; not edited by hand.",
    "",
    `- machine: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGib} GiB, Linux ${machine.kernel}; load average ${machine.loadAverage.toFixed(1)} when the bench began`,
    `- versions: ${machine.tools.map(({ name, version }) => `${name} ${version}`).join("; ")}`,
    `- image: ${image}`,
    `- medians of ${runs} runs, contestants in turn, writing to a fresh ext4; page cache warm, earlier writes on disk`,
    "",
    "The ratio is ours to the peer's, each until its output is on disk (`sync -f` included: ours syncs by itself, most peers",
    "leave that to the kernel). In brackets: until the command ends.",
    "",
    ...table(
      ["what", "ours s", "peer", "peer s", "ratio", "target", ""],
      comparisons.map(({ what, ours, peer, target }) => {
        const ratio = ours.durableSeconds / peer.durableSeconds;
        return [
          what,
          seconds(ours),
          peer.name,
          seconds(peer),
          `${ratio.toFixed(2)} (${(ours.wallSeconds / peer.wallSeconds).toFixed(2)})`,
          target === undefined ? "–" : `≤ ${target.toFixed(1)}`,
          target === undefined ? "" : verdict(ratio <= target),
        ];
      }),
    ),
    "",
    ...table(
      ["what", "command", "CPU s", "peak memory MB"],
      distinctFigures(comparisons).map(({ what, figures }) => [
        what,
        figures.name,
        figures.cpuSeconds.toFixed(2),
        megabytes(figures.peakBytes),
      ]),
    ),
    "",
    ...table(
      ["what", "measured", "target", ""],
      limits.map(({ what, value, limit, isMet }) => [what, value, limit, verdict(isMet)]),
    ),
    "",
    ...notes.map((note) => `- ${note}`),
    "",
  ];
  return lines.join("\n");
}

export function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

function seconds({ durableSeconds, wallSeconds }: Figures): string {
  return `${durableSeconds.toFixed(2)} (${wallSeconds.toFixed(2)})`;
}

function verdict(isMet: boolean): string {
  return isMet ? "met" : "**missed**";
}

/** The figures of each contestant once, though ours stands against several peers. */
function distinctFigures(comparisons: readonly Comparison[]): { readonly what: string; readonly figures: Figures }[] {
  const seen = new Set<Figures>();
  return comparisons
    .flatMap(({ what, ours, peer }) => [ours, peer].map((figures) => ({ what, figures })))
    .filter(({ figures }) => !seen.has(figures) && seen.add(figures));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}

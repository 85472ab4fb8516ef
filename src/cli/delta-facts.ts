/** Full or delta, since which base, and what that saves: for people and for `--json`. */
import type { BaseName } from "../composefs/object-list.ts";
import type { TargetForm, TargetPack } from "../release/delta/read-forms.ts";
import { formatBytes } from "./format-units.ts";

export function formFacts({ target, layerBytes, carriedBytes, absentLayers, packs, problems }: TargetForm) {
  return {
    compatible: target.compatible,
    architecture: target.architecture,
    form: formOf({ absentLayers, packs }),
    layerBytes,
    carriedLayerBytes: carriedBytes,
    absentLayers,
    deltas: packs.map(({ list, objectBytes, packBytes }) => ({
      bases: list.bases,
      objects: list.objects.size,
      objectBytes,
      packBytes,
      savedBytes: layerBytes - carriedBytes - packBytes,
    })),
    problems: problems.map(({ code, message }) => ({ code, message })),
  };
}

type Form = "full" | "delta" | "incomplete";

/** A target with all its layers is there in full, whatever else is. */
function formOf({ absentLayers, packs }: Pick<TargetForm, "absentLayers" | "packs">): Form {
  if (absentLayers === 0) return "full";
  return packs.length > 0 ? "delta" : "incomplete";
}

/** A word or two for all targets of a release together. */
export function describeForms(forms: readonly TargetForm[] | undefined): string {
  if (forms === undefined) return "incomplete";
  if (forms.some((form) => formOf(form) === "incomplete")) return "incomplete";
  const bases = forms.filter((form) => formOf(form) === "delta").flatMap(({ packs }) => packs.flatMap(basesOf));
  return bases.length === 0 ? "full" : `delta since ${[...new Set(bases)].join(" or ")}`;
}

function basesOf({ list }: TargetPack): readonly string[] {
  return list.bases.map(nameOf);
}

/** One line, and one more for each pack. */
export function describeForm(form: TargetForm): readonly string[] {
  const { target, layerBytes, carriedBytes, absentLayers, packs, problems } = form;
  const layers =
    absentLayers === 0
      ? formatBytes(layerBytes)
      : absentLayers === 1
        ? "1 layer is left out"
        : `${absentLayers} layers are left out`;
  return [
    `carried   ${target.compatible} ${target.architecture}: ${formOf(form)}, ${layers}`,
    ...packs.map((pack) => `  delta   ${describePack(pack, layerBytes - carriedBytes)}`),
    ...problems.map(({ message, code }) => `  delta   cannot be used: ${message} [${code}]`),
  ];
}

function describePack({ list, objectBytes, packBytes }: TargetPack, absentBytes: number): string {
  const since = `since ${list.bases.map(nameOf).join(" or ")}`;
  if (list.tree === null) return `${since}: layers that it has are left out`;
  const size = `${list.objects.size} files, ${formatBytes(objectBytes)}, as ${formatBytes(packBytes)}`;
  if (absentBytes <= 0) return `${since}: ${size}`;
  const saved = Math.floor((1 - packBytes / absentBytes) * 100);
  return `${since}: ${size} instead of ${formatBytes(absentBytes)} (${saved} % less)`;
}

function nameOf({ name, version }: BaseName): string {
  return `${name}@${version}`;
}

/** What devices need, for whoever plans a visit; empty where everything is there in full. */
export function describeNeeds(forms: readonly TargetForm[], wasCompared: boolean): readonly string[] {
  const deltas = forms.filter(({ absentLayers, packs }) => absentLayers > 0 && packs.length > 0);
  const needs = new Set(deltas.map(({ packs }) => packs.flatMap(({ list }) => list.bases.map(nameOf)).join(" or ")));
  const compared = wasCompared ? "" : " (not held against it: name a place that has it with --base-from)";
  return [...needs].map((bases) => `delta: needs ${bases} on the device${compared}`);
}

/** The events of `--progress-fd` (docs/src/progress-v0.schema.json). */
import type { SourceImage } from "./source-image.ts";

const SHORT_DIGEST = 21;

/** The experimental format promises nothing: other tasks, other events, and what is not even JSON. */
export const SURPRISING_LINES: readonly string[] = [
  '{"at":"now","type":"Heartbeat"}',
  '{"description":"","id":"","novel":true,"steps":0,"stepsTotal":0,"task":"pondering","type":"ProgressSteps"}',
  "this is no JSON",
];

/** @param count of the layers that have been pulled */
export function pullEvent(backend: string, { manifest, manifestDigest }: SourceImage, count: number): object {
  const isComposefs = backend === "composefs";
  const sizes = manifest.layers.map(({ size }) => size);
  const sum = (part: readonly number[]) => part.reduce((total, size) => total + size, 0);
  const layer = manifest.layers[count - 1];
  const bytes = layer?.size ?? 0;
  return {
    type: "ProgressBytes",
    task: "pulling",
    description: isComposefs ? "Pulling composefs image" : "Pulling Image",
    id: isComposefs ? "composefs-pull" : manifestDigest,
    bytesCached: 0,
    bytes: sum(sizes.slice(0, count)),
    bytesTotal: isComposefs ? 0 : sum(sizes),
    stepsCached: 0,
    steps: count,
    stepsTotal: isComposefs ? 0 : sizes.length,
    subtasks: [
      {
        subtask: isComposefs ? "composefs_layer" : "layer",
        description: `layer ${count}`,
        id: layer?.digest.slice(0, SHORT_DIGEST) ?? "",
        bytesCached: 0,
        bytes,
        bytesTotal: bytes,
      },
    ],
  };
}

export function stepsEvent(
  task: string,
  id: string,
  { steps, stepsTotal }: { readonly steps: number; readonly stepsTotal: number },
  subtask: string,
  subtaskId: string,
): object {
  return {
    type: "ProgressSteps",
    task,
    description: task,
    id,
    stepsCached: 0,
    steps,
    stepsTotal,
    subtasks: [{ subtask, description: subtask, id: subtaskId, completed: steps === stepsTotal }],
  };
}

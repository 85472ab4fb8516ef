import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseProgress } from "../../../../src/deploy/bootc/progress.ts";

describe("bootc's progress", () => {
  it.each([
    [
      '{"bytes":5,"bytesCached":0,"bytesTotal":9,"description":"Image","id":"sha256:ab","steps":1,"stepsCached":0,"stepsTotal":3,"subtasks":[],"task":"pulling","type":"ProgressBytes"}',
      { task: "pulling", done: 5, total: 9, unit: "bytes" },
    ],
    [
      '{"description":"x","id":"staging","steps":1,"stepsCached":0,"stepsTotal":3,"subtasks":[{"subtask":"merging","id":"fetching","completed":true}],"task":"staging","type":"ProgressSteps"}',
      { task: "staging", done: 1, total: 3, unit: "steps" },
    ],
    [
      '{"type":"ProgressBytes","task":"unheard-of","bytes":1,"new":{"deep":[1]}}',
      { task: "unheard-of", done: 1, total: 0, unit: "bytes" },
    ],
  ])("reads %s", (line, progress) => {
    expect(parseProgress(line)).toEqual(progress);
  });

  it.each([
    '{"type":"Start","version":"0.1.0"}',
    '{"type":"Unheard"}',
    '{"type":"ProgressBytes"',
    "",
    "null",
    "[]",
    '{"type":"ProgressBytes","task":"x","bytes":-1}',
  ])("passes over %j", (line) => {
    expect(parseProgress(line)).toBeUndefined();
  });

  it("passes over whatever else there is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        const progress = parseProgress(line);
        if (progress !== undefined) expect(Object.keys(progress)).toEqual(["task", "done", "total", "unit"]);
      }),
    );
  });
});

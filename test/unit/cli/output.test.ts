import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { type OutputOptions, openOutput } from "../../../src/cli/output.ts";
import { steppedClock } from "../../support/stepped-clock.ts";

function sink(isTTY = false) {
  const stream = new PassThrough();
  const said = () => (stream.read() ?? "").toString();
  return Object.assign(stream, { isTTY, columns: 80, said });
}

function open(options: OutputOptions = {}, isTTY = false, stepMs = 0) {
  const stdout = sink(isTTY);
  const stderr = sink(isTTY);
  return { stdout, stderr, output: openOutput({ stdout, stderr, clock: steppedClock(stepMs), options }) };
}

describe("the output of a command", () => {
  it("gives the result on stdout as text, with one newline at its end", () => {
    const { output, stdout, stderr } = open();
    output.result({ a: 1 }, () => "a is 1");
    expect([stdout.said(), stderr.said()]).toEqual(["a is 1\n", ""]);
  });

  it("gives the result as JSON instead, and never makes the text", () => {
    const { output, stdout } = open({ json: true });
    output.result({ a: 1 }, () => expect.unreachable("the text is not wanted"));
    expect(JSON.parse(stdout.said())).toEqual({ a: 1 });
  });

  it("talks on stderr, unless it is to be quiet; warnings stay", () => {
    for (const quiet of [false, true]) {
      const { output, stdout, stderr } = open({ quiet });
      output.note("reading");
      output.warn("no label");
      expect([stdout.said(), stderr.said()]).toEqual([
        "",
        quiet ? "warning: no label\n" : "reading\nwarning: no label\n",
      ]);
    }
  });
});

describe("progress without a terminal", () => {
  it("says the amount, the rate and the time that is left, now and then and at the end", () => {
    const { output, stderr } = open({}, false, 4000);
    {
      using progress = output.openProgress("writing", 100 << 20);
      for (let step = 0; step < 4; step++) progress.advance(25 << 20);
    }
    const lines = stderr.said().trimEnd().split("\n");
    expect(lines.length).toBeLessThan(4);
    expect(lines[0]).toMatch(/^writing: \d+ MiB of 100 MiB, [\d.]+ MiB\/s, \d+ s left$/);
    expect(lines.at(-1)).toMatch(/^writing: 100 MiB of 100 MiB, [\d.]+ MiB\/s$/);
  });

  it.each([
    { when: "it is to be quiet", options: { quiet: true }, total: 100 },
    { when: "there is nothing to do", options: {}, total: 0 },
  ])("says nothing when $when", ({ options, total }) => {
    const { output, stderr } = open(options, false, 60_000);
    {
      using progress = output.openProgress("writing", total);
      progress.advance(total);
    }
    expect(stderr.said()).toBe("");
  });
});

describe("progress on a terminal", () => {
  it("is a bar that is gone when the work is done", () => {
    const { output, stderr } = open({}, true, 1000);
    {
      using progress = output.openProgress("writing", 100);
      progress.advance(50);
    }
    expect(stderr.said()).toContain("writing");
  });
});

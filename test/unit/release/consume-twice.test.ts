import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { consumeTwice } from "../../../src/release/consume-twice.ts";

const CHUNKS = Array.from({ length: 50 }, (_, index) => Buffer.from([index]));

async function* source(failAt?: number): AsyncGenerator<Buffer> {
  for (const [index, chunk] of CHUNKS.entries()) {
    if (index === failAt) throw new Error("source failed");
    yield chunk;
  }
}

function collector(options: { readonly failAt?: number; readonly slow?: boolean; readonly name: string }) {
  return async (chunks: AsyncIterable<Buffer>): Promise<string> => {
    const taken: Buffer[] = [];
    for await (const chunk of chunks) {
      if (options.slow) await setImmediate();
      if (taken.length === options.failAt) throw new Error(`${options.name} failed`);
      taken.push(chunk);
    }
    return Buffer.concat(taken).toString("hex");
  };
}

const WHOLE = Buffer.concat(CHUNKS).toString("hex");

describe("consumeTwice", () => {
  it.each([
    { slowOne: "neither", slow: [false, false] },
    { slowOne: "the first", slow: [true, false] },
    { slowOne: "the second", slow: [false, true] },
  ])("gives both consumers every chunk in order when $slowOne is slow", async ({ slow }) => {
    const first = collector({ name: "first", slow: slow[0] ?? false });
    const second = collector({ name: "second", slow: slow[1] ?? false });
    expect(await consumeTwice(source(), first, second)).toEqual([WHOLE, WHOLE]);
  });

  it.each([
    { who: "source", at: 0 },
    { who: "source", at: 30 },
    { who: "first", at: 0 },
    { who: "first", at: 30 },
    { who: "second", at: 0 },
    { who: "second", at: 30 },
  ])("throws the failure of the $who at chunk $at and nothing that followed from it", async ({ who, at }) => {
    const failing = (name: string) => (name === who ? { failAt: at } : {});
    const running = consumeTwice(
      source(who === "source" ? at : undefined),
      collector({ name: "first", ...failing("first") }),
      collector({ name: "second", ...failing("second") }),
    );
    await expect(running).rejects.toThrow(`${who} failed`);
  });

  it("does not read the source to its end for a first consumer whose partner has failed", async () => {
    let read = 0;
    async function* counted() {
      for await (const chunk of source()) {
        read += 1;
        yield chunk;
      }
    }
    const running = consumeTwice(counted(), collector({ name: "first" }), collector({ name: "second", failAt: 3 }));
    await expect(running).rejects.toThrow("second failed");
    expect(read).toBeLessThan(CHUNKS.length);
  });

  it("lets a second consumer end early without stopping the first", async () => {
    const [whole] = await consumeTwice(source(), collector({ name: "first" }), async (chunks) => {
      for await (const chunk of chunks) return chunk.toString("hex");
      return "";
    });
    expect(whole).toBe(WHOLE);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countOneTry, formatBootCounter, isBad, parseBootCounter } from "../../../src/boot/boot-counter.ts";

describe("parseBootCounter", () => {
  it.each([
    ["foo.conf", "foo", undefined],
    ["foo+3.conf", "foo", [3, 0]],
    ["foo+3-0.conf", "foo", [3, 0]],
    ["foo+2-1.conf", "foo", [2, 1]],
    ["foo+0-3.conf", "foo", [0, 3]],
    ["foo+03-007.conf", "foo", [3, 7]],
    ["foo+2-1.CONF", "foo", [2, 1]],
    ["a+b+1.conf", "a+b", [1, 0]],
    ["+1.conf", "", [1, 0]],
    // not counters: they belong to the name
    ["foo+.conf", "foo+", undefined],
    ["foo+x.conf", "foo+x", undefined],
    ["foo+1-.conf", "foo+1-", undefined],
    ["foo+-1.conf", "foo+-1", undefined],
    ["foo+1-2-3.conf", "foo+1-2-3", undefined],
    ["foo+1 .conf", "foo+1 ", undefined],
    ["foo+1+x.conf", "foo+1+x", undefined],
    ["foo+2147483648.conf", "foo+2147483648", undefined],
    ["foo+1-2147483648.conf", "foo+1-2147483648", undefined],
    ["foo+99999999999999999999999.conf", "foo+99999999999999999999999", undefined],
  ] as const)("reads %s as systemd-boot does", (fileName, stem, counter) => {
    const expected = counter === undefined ? undefined : { triesLeft: counter[0], triesDone: counter[1] };
    expect(parseBootCounter(fileName)).toEqual({ stem, counter: expected });
  });

  it.each(["foo", "foo.conf.unfinished", "foo+3", ".conf", ".hidden+3.conf", ""])(
    "takes %j for no entry",
    (fileName) => {
      expect(parseBootCounter(fileName)).toBeUndefined();
    },
  );

  it("reads back every name that it formats", () => {
    const stem = fc
      .string({ unit: fc.constantFrom(..."ab.-_0"), minLength: 1 })
      .filter((text) => !text.startsWith("."));
    const tries = fc.nat({ max: 0x7fffffff });
    const counter = fc.option(fc.record({ triesLeft: tries, triesDone: tries }), { nil: undefined });
    fc.assert(
      fc.property(fc.record({ stem, counter }), (name) => {
        expect(parseBootCounter(formatBootCounter(name))).toEqual(name);
      }),
    );
  });
});

describe("countOneTry", () => {
  it("goes through the names of systemd's documentation and stops at zero", () => {
    const names = ["foo+3.conf"];
    for (let i = 0; i < 4; i++) {
      const name = parseBootCounter(names.at(-1) ?? "");
      if (name?.counter === undefined) throw new Error("the counter was lost");
      names.push(formatBootCounter({ ...name, counter: countOneTry(name.counter) }));
    }
    expect(names).toEqual(["foo+3.conf", "foo+2-1.conf", "foo+1-2.conf", "foo+0-3.conf", "foo+0-4.conf"]);
  });

  it("calls an entry bad at zero tries left only", () => {
    expect([undefined, { triesLeft: 1, triesDone: 2 }, { triesLeft: 0, triesDone: 3 }].map(isBad)).toEqual([
      false,
      false,
      true,
    ]);
  });
});

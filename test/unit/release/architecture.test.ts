import { describe, expect, it } from "vitest";
import { chooseArchitectures } from "../../../src/release/architecture.ts";

const refusal = (code: string) => expect.objectContaining({ code });

describe("chooseArchitectures", () => {
  it("takes the only one there is without being told", () => {
    expect(chooseArchitectures(["riscv64"], { kind: "only" }, "x")).toEqual(["riscv64"]);
  });

  it.each([{ available: ["arm64", "amd64"] }, { available: [] }])(
    "does not guess among $available",
    ({ available }) => {
      const choose = () => chooseArchitectures(available, { kind: "only" }, "x");
      expect(choose).toThrow(refusal("RELEASE_ARCHITECTURE_AMBIGUOUS"));
    },
  );

  it("takes all of them, each once and sorted", () => {
    expect(chooseArchitectures(["arm64", "amd64", "arm64"], { kind: "all" }, "x")).toEqual(["amd64", "arm64"]);
  });

  it("takes those that were named, and refuses when one of them is missing", () => {
    const named = (...architectures: string[]) => ({ kind: "named", architectures }) as const;
    expect(chooseArchitectures(["arm64", "amd64"], named("arm64"), "x")).toEqual(["arm64"]);
    expect(() => chooseArchitectures(["amd64"], named("amd64", "arm64"), "x")).toThrow(
      refusal("RELEASE_ARCHITECTURE_MISSING"),
    );
  });
});

/** Which platforms of an image a release carries. Nothing is guessed: one that is there alone, or those that were named. */
import { ReleaseError } from "./error.ts";

export type ArchitectureChoice =
  | { readonly kind: "only" }
  | { readonly kind: "all" }
  | { readonly kind: "named"; readonly architectures: readonly string[] };

/**
 * @param available as OCI writes them: amd64, arm64, riscv64 …
 * @throws ReleaseError RELEASE_ARCHITECTURE_AMBIGUOUS, RELEASE_ARCHITECTURE_MISSING
 */
export function chooseArchitectures(
  available: readonly string[],
  choice: ArchitectureChoice,
  where: string,
): readonly string[] {
  const list = [...new Set(available)].sort();
  switch (choice.kind) {
    case "all":
      return list;
    case "only":
      if (list.length === 1) return list;
      throw new ReleaseError("RELEASE_ARCHITECTURE_AMBIGUOUS", `${where} is there for ${list.join(", ") || "nothing"}`);
    case "named": {
      const missing = choice.architectures.filter((architecture) => !list.includes(architecture));
      if (missing.length === 0) return list.filter((architecture) => choice.architectures.includes(architecture));
      const message = `${where} is not there for ${missing.join(", ")}, only for ${list.join(", ")}`;
      throw new ReleaseError("RELEASE_ARCHITECTURE_MISSING", message);
    }
  }
}

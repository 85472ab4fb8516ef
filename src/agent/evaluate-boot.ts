/** What became of a deployment that was to boot: the decision, from what the backend says of the device. Pure. */
import type { BootFacts } from "../deploy/port.ts";
import type { TriedDeployment } from "./release-facts.ts";

export type BootVerdict =
  /** It runs. `isConfirmed`: it is good already. */
  | { readonly kind: "booted"; readonly isConfirmed: boolean }
  /** It is next, and was not booted yet. */
  | { readonly kind: "pending" }
  /** It never became bootable: it was not activated, or is gone. */
  | { readonly kind: "not-finalised" }
  /** Its tries are used up; the boot loader went back. */
  | { readonly kind: "fell-back" }
  /** It was confirmed, and another one runs now. */
  | { readonly kind: "confirmed-and-left" }
  /** Somebody made another deployment the next one, or put another in its place. */
  | { readonly kind: "withdrawn" };

export function evaluateBoot(tried: TriedDeployment, facts: BootFacts): BootVerdict {
  const deployment = facts.deployments.find(({ id }) => id === tried.id);
  if (deployment === undefined) return { kind: isAnotherWaiting(facts) ? "withdrawn" : "not-finalised" };
  if (deployment.isBooted) return { kind: "booted", isConfirmed: deployment.state === "good" };
  switch (deployment.state) {
    case "staged":
      return { kind: "not-finalised" };
    case "armed":
      return { kind: facts.nextBoot === deployment.id ? "pending" : "withdrawn" };
    case "bad":
      return { kind: "fell-back" };
    case "good":
      return { kind: "confirmed-and-left" };
  }
}

/** A deployment that is staged or will be tried and does not run: somebody staged it in place of ours. */
function isAnotherWaiting({ deployments }: BootFacts): boolean {
  return deployments.some(({ isBooted, state }) => !isBooted && (state === "staged" || state === "armed"));
}

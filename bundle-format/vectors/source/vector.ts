/** The form of a vector (see `vectors/README.md`): files as JSON, what to do with them, and what has to come out. */
import type { DeviceIdentity } from "../../../src/bundle/applicability.ts";
import type { TrustState } from "../../../src/trust/state.ts";

/** A file of a vector, or what stands in the place of one. */
export type VectorFile =
  | { readonly text: string }
  | { readonly base64: string }
  /** The text again and again, so many times: for what is too large to be stored. */
  | { readonly repeat: readonly { readonly text: string; readonly times: number }[] }
  | { readonly symlink: string }
  | { readonly directory: true };

export type VectorFiles = Readonly<Record<string, VectorFile>>;

/**
 * What a vector is: a medium, or the single file `document`. A `root` is a root file and may hold a chain; a `receipt` and a
 * `visit` are envelopes that the key `device` should have signed.
 */
export type VectorKind = "medium" | "root" | "envelope" | "statement" | "receipt" | "visit";

/** What the device at which a medium arrives knows. */
export interface VectorContext {
  /** Name of the trusted root in `roots/`. */
  readonly root: string;
  readonly device: DeviceIdentity;
  readonly followName: string;
  readonly state: TrustState;
  /** The clock, when it is synchronised; null on a device without a time to trust. */
  readonly synchronisedNowUtc: string | null;
}

/**
 * The release that must be chosen, `current` when the device has it already; of a root file the version that it comes to; or
 * the code of the refusal.
 */
export type VectorExpectation =
  | { readonly result: "valid"; readonly sequence?: number; readonly current?: boolean; readonly rootVersion?: number }
  | { readonly result: "refused"; readonly code: string };

export interface Vector {
  readonly name: string;
  readonly kind: VectorKind;
  /** Clauses of spec.md that it is about. */
  readonly clauses: readonly string[];
  readonly about: string;
  readonly files: VectorFiles;
  readonly context?: VectorContext;
  readonly expect: VectorExpectation;
}

/** Bytes as text where they are printable ASCII or simple UTF-8, else as base64. */
export function vectorFile(bytes: Uint8Array): VectorFile {
  const text = Buffer.from(bytes).toString("utf8");
  const isText = Buffer.from(text).equals(bytes) && !/[^\n\t\x20-\x7e\u00a0-\u1fff]/.test(text);
  return isText ? { text } : { base64: Buffer.from(bytes).toString("base64") };
}

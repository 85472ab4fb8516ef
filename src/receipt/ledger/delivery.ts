/** What somebody brought: receipts as they were found, of which nothing is believed yet. */
import type { Envelope } from "../../trust/dsse.ts";
import type { PublicKey } from "../../trust/keys.ts";
import type { Collected } from "./entry.ts";

export interface Delivery extends Collected {
  /** A medium has visit statements, which say that it is the very one that the device wrote to. */
  readonly kind: "medium" | "directory" | "ledger";
  readonly devices: readonly DeviceDelivery[];
  /** What cannot be read, and is of no device that we know: a sentence each. */
  readonly defects: readonly string[];
}

export interface DeviceDelivery {
  /** Whose receipts they are said to be. */
  readonly device: string;
  /** The keys that lie beside them: anybody may have put them there. */
  readonly keys: readonly PublicKey[];
  readonly receipts: readonly Envelope[];
  readonly visit: Envelope | undefined;
  /** What of it cannot be read, a sentence each. */
  readonly defects: readonly string[];
}

/** Why the panel does not start. */
import { CodedError, type ErrorTable, EXIT } from "../error.ts";

export type PanelErrorCode = "PANEL_ADDRESS_NOT_LOOPBACK" | "PANEL_PORT_TAKEN" | "PANEL_LISTEN_FAILED";

export const PANEL_ERRORS: ErrorTable<PanelErrorCode> = {
  PANEL_ADDRESS_NOT_LOOPBACK: {
    exit: EXIT.usage,
    remedy:
      "Use 127.0.0.1 or ::1. The panel is for a screen of this device; to see it from elsewhere forward the port, as with `ssh -L 8372:127.0.0.1:8372 DEVICE`.",
  },
  PANEL_PORT_TAKEN: {
    exit: EXIT.failed,
    remedy:
      "Stop the program that uses the port (`ss -ltnp` names it; it may be another panel), or choose another --port.",
  },
  PANEL_LISTEN_FAILED: {
    exit: EXIT.failed,
    remedy: "Choose a --port above 1023, and an address that this machine has (`ip address show lo`).",
  },
};

export class PanelError extends CodedError<PanelErrorCode> {
  constructor(code: PanelErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, PANEL_ERRORS, options);
  }
}

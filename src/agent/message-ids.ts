/**
 * Stable ids of what the agent tells the systemd journal (MESSAGE_ID, systemd.journal-fields(7)): `journalctl` filters by
 * them, and `journalctl -x` explains each from units/catalog.
 *
 * An id is for ever: scripts of a fleet look for it. What gets another meaning gets a new one (`systemd-id128 new`).
 */
import type { HistoryNote } from "./history.ts";
import type { AgentState } from "./states.ts";

/** An attempt has entered this state. */
export const STATE_MESSAGE_IDS: Readonly<Record<AgentState, string>> = {
  idle: "3b28573ec81c4208bb624671acb4065a",
  detected: "d1c88d84454c4182a6c0e0d5ef503246",
  mounted: "49ebb7795d454702976cbe8a8d71bf77",
  verified: "5e6039e0883340ecab2131c568d1bb01",
  storing: "925ffd32f6794f55ab248cee5052de04",
  stored: "de3f0b37154d4421be22612885fbd835",
  staged: "12fdc887e01841e9a28a9f523100e320",
  rebooting: "8c13f0e1a72348f8b946701c33cde700",
  assessing: "9544bdded9634e1f85d1962242f30c08",
  confirmed: "143c5a3566864574b5e1b289db8ceb5a",
  "rolled-back": "6a9a11597b914ce49ffbc7f99e5e4a5e",
  unassessed: "9b5241f8d8f14cbc804bb35b8992f7cb",
  refused: "90362e38710e4bdb93e535fe69257a1b",
  failed: "8e996ccd7067443881f2364f7c3b746d",
};

/** Something was recorded that is about no attempt. */
export const NOTE_MESSAGE_IDS: Readonly<Record<HistoryNote["about"], string>> = {
  "damaged-file": "d1a519753b8745c99bfbea8a0fa55b1f",
  hook: "8439fd7ab9b442c99189a59681502acb",
  approval: "49fb1070fc0b468cae4d1dc6a77cf630",
  "etc-merge": "15de9b50174b4fd7aeec95fd522f493d",
  "garbage-collection": "c8b5096a21d748dc844d1c63e4526c73",
  unstaging: "2b1e3bbf5f4b4bb0979c94a68d379b1c",
  trust: "43cb2e586f584deb9a94ac1eff4d5d52",
  receipt: "be5566f918664d0e92571ddc4229b25c",
};

/** What happens besides. */
export const EVENT_MESSAGE_IDS = {
  /** The state stays, and the agent says what it waits for or what it has found. */
  waiting: "59900a705bec46e7993451162c717530",
  /** One release of a medium could not be used; one entry for each. */
  "release-not-used": "4acd388e1495431aa6a8977b86cb0fd9",
  /** A run of the agent ended without an outcome. */
  "run-failed": "5202f9f0c6544723b2fe65bef6e2e2d2",
  /** A support archive was written. */
  "logs-exported": "8de6f6a534c840f7915500d8dd01fa75",
} as const;

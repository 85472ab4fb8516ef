/**
 * What status.json says, as variables: the environment of hooks and the fields of the journal have the same names.
 *
 *     BOOTFERRY_STATE             the state that was entered
 *     BOOTFERRY_MESSAGE           what status.json says, for people
 *     BOOTFERRY_MEDIUM            none, do-not-remove or may-be-removed
 *     BOOTFERRY_RELEASE_NAME, BOOTFERRY_RELEASE_VERSION, BOOTFERRY_RELEASE_SEQUENCE   empty when no release is chosen
 *     BOOTFERRY_RUNNING_VERSION, BOOTFERRY_PREVIOUS_VERSION   the release that runs, and the one to go back to; may be empty
 *     BOOTFERRY_CODE, BOOTFERRY_WHY, BOOTFERRY_REMEDY   why it was refused or failed and what to do about it, else empty
 */
import type { AgentStatus } from "./status-file.ts";

export type StatusVariables = Readonly<Record<`BOOTFERRY_${string}`, string>>;

export function statusVariables(status: AgentStatus): StatusVariables {
  const { state, message, medium, release, running, previous, code, why, remedy } = status;
  return {
    BOOTFERRY_STATE: state,
    BOOTFERRY_MESSAGE: message,
    BOOTFERRY_MEDIUM: medium,
    BOOTFERRY_RELEASE_NAME: release?.name ?? "",
    BOOTFERRY_RELEASE_VERSION: release?.version ?? "",
    BOOTFERRY_RELEASE_SEQUENCE: release === null ? "" : String(release.sequence),
    BOOTFERRY_RUNNING_VERSION: running?.version ?? "",
    BOOTFERRY_PREVIOUS_VERSION: previous?.version ?? "",
    BOOTFERRY_CODE: code ?? "",
    BOOTFERRY_WHY: why ?? "",
    BOOTFERRY_REMEDY: remedy ?? "",
  };
}

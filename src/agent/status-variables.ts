/**
 * What status.json says, as variables: the environment of hooks and the fields of the journal have the same names.
 *
 *     BOOTFERRY_STATE             the state that was entered
 *     BOOTFERRY_MESSAGE           what status.json says, for people
 *     BOOTFERRY_MEDIUM            none, do-not-remove or may-be-removed
 *     BOOTFERRY_RELEASE_NAME, BOOTFERRY_RELEASE_VERSION, BOOTFERRY_RELEASE_SEQUENCE   empty when no release is chosen
 *     BOOTFERRY_CODE, BOOTFERRY_REMEDY   why it was refused or failed and what to do about it, else empty
 */
import type { AgentStatus } from "./status-file.ts";

export type StatusVariables = Readonly<Record<`BOOTFERRY_${string}`, string>>;

export function statusVariables({ state, message, medium, release, code, remedy }: AgentStatus): StatusVariables {
  return {
    BOOTFERRY_STATE: state,
    BOOTFERRY_MESSAGE: message,
    BOOTFERRY_MEDIUM: medium,
    BOOTFERRY_RELEASE_NAME: release?.name ?? "",
    BOOTFERRY_RELEASE_VERSION: release?.version ?? "",
    BOOTFERRY_RELEASE_SEQUENCE: release === null ? "" : String(release.sequence),
    BOOTFERRY_CODE: code ?? "",
    BOOTFERRY_REMEDY: remedy ?? "",
  };
}

/** What one run of bootc works with. */
import type { AbsPath } from "../../../src/path.ts";
import { type Feature, hasFeature } from "./features.ts";
import {
  type MachineFacts,
  type MachineFiles,
  type MachineState,
  machineFiles,
  type RecordedDeployment,
  readFacts,
  readState,
  writeState,
} from "./state.ts";
import { readTraps, type Traps } from "./traps.ts";

export interface Output {
  out(text: string): void;
  err(text: string): void;
}

export interface Machine {
  readonly files: MachineFiles;
  readonly facts: MachineFacts;
  readonly traps: Traps;
  state(): MachineState;
  /** Changes what the machine remembers, at once. */
  update(changes: Partial<MachineState>): void;
  has(feature: Feature): boolean;
  deployment(id: string | null | undefined): RecordedDeployment | undefined;
}

/** An error as bootc's own are: its message on stderr, and exit status 1. */
export class BootcFailure extends Error {
  readonly exitStatus: number;
  constructor(message: string, exitStatus = 1) {
    super(message);
    this.exitStatus = exitStatus;
  }
}

export function openMachine(stateDirectory: AbsPath): Machine {
  const files = machineFiles(stateDirectory);
  const facts = readFacts(files);
  let state = readState(files);
  return {
    files,
    facts,
    traps: readTraps(files.traps),
    state: () => state,
    update(changes) {
      state = { ...state, ...changes };
      writeState(files, state);
    },
    has: (feature) => hasFeature(facts.version, feature),
    deployment: (id) => state.deployments.find((deployment) => deployment.id === id),
  };
}

export function formatReference({ image, transport }: { readonly image: string; readonly transport: string }): string {
  return transport === "registry" ? image : `${transport}:${image}`;
}

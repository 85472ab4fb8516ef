/** A bootc host for tests: a machine in a scratch directory, the tools that run on it, and what happens to it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DevicePaths, simulatedDevicePaths } from "../../../src/config/device-paths.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { type FixtureImage, writeOciLayout } from "../oci-fixtures.ts";
import { type BootOptions, bootDouble } from "./boot.ts";
import { writeEntries } from "./boot-entries.ts";
import { type LoggedCall, logCall, readCalls } from "./calls.ts";
import { openMachine } from "./context.ts";
import { openDoubleExec } from "./double-exec.ts";
import { installGreenboot } from "./greenboot.ts";
import { openProgress } from "./progress.ts";
import { commitOf, pullImage, verityOfTree } from "./pull.ts";
import { openSourceImage } from "./source-image.ts";
import { stage } from "./stage.ts";
import { createMachine, type MachineFacts, type MachineState, machineFiles, type Reference } from "./state.ts";
import type { UnitState } from "./systemctl.ts";
import { readTraps, type Traps, writeTraps } from "./traps.ts";

export interface DoubleMachine extends Disposable {
  /** The machine's sysroot, and the places below it as `--sysroot` has them. */
  readonly root: AbsPath;
  readonly paths: DevicePaths;
  /** `BOOTC_DOUBLE_STATE` */
  readonly stateDirectory: AbsPath;
  readonly exec: Exec;
  /** Keeps the machine from shutting down until it is disposed: noted in the log of calls, and with each call meanwhile. */
  inhibit(why: string): Promise<AsyncDisposable>;
  /** Installs an image as the only deployment, tracked under a reference of a registry, and boots it. */
  provision(image: FixtureImage, reference?: string): Promise<void>;
  /** Makes the registry hand out an image under a reference; all others are out of reach. */
  publish(image: FixtureImage, reference: string): Promise<void>;
  /** Somebody else stages an update. */
  stageForeign(image: FixtureImage, reference?: string): Promise<void>;
  /** @returns the id of the deployment that runs now */
  boot(options?: BootOptions): string;
  setTrap<Name extends keyof Traps>(name: Name, value: Traps[Name]): void;
  /** What `systemctl is-active` and `is-enabled` say. */
  setUnit(unit: string, state: UnitState): void;
  /** Pins a deployment, as `ostree admin pin` does. */
  pin(id: string): void;
  state(): MachineState;
  calls(): readonly LoggedCall[];
}

export type DoubleOptions = Partial<MachineFacts>;

const DEFAULTS: MachineFacts = {
  version: "1.16.9",
  backend: "ostree",
  bootloader: "grub",
  bootType: "Bls",
  architecture: "amd64",
  hasGreenboot: false,
};
const REGISTRY_REFERENCE = "quay.io/example/os:1";

/** A machine that nothing is installed on. */
export function openDoubleMachine(options: DoubleOptions = {}): DoubleMachine {
  const root = parseAbsPath(mkdtempSync(join(tmpdir(), "bootc-double-")));
  const stateDirectory = below(root, "bootc-double");
  const files = machineFiles(stateDirectory);
  createMachine(files, { ...DEFAULTS, ...options });
  if (options.hasGreenboot === true) installGreenboot(files.boot);
  const units = new Map<string, UnitState>();
  let layouts = 0;
  let inhibitors = 0;

  const publish = async (image: FixtureImage, reference: string) => {
    layouts += 1;
    const path = below(stateDirectory, "registry", String(layouts));
    await writeOciLayout(path, [{ tag: "image", images: [image] }]);
    const machine = openMachine(stateDirectory);
    machine.update({ registry: { ...machine.state().registry, [reference]: `${path}:image` } });
  };
  const withdraw = (reference: string) => {
    const machine = openMachine(stateDirectory);
    const { [reference]: _gone, ...registry } = machine.state().registry;
    machine.update({ registry });
  };
  const pull = async (image: FixtureImage, name: string) => {
    const reference: Reference = { image: name, transport: "registry" };
    await publish(image, name);
    const machine = openMachine(stateDirectory);
    const progress = openProgress(machine, undefined, { out: () => undefined, err: () => undefined });
    const pulled = await pullImage(machine, await openSourceImage(machine, reference), progress);
    return { machine, pulled, progress };
  };

  return {
    root,
    paths: simulatedDevicePaths(root),
    stateDirectory,
    exec: openDoubleExec({ stateDirectory, units, isInhibited: () => inhibitors > 0 }),
    async inhibit(why) {
      logCall(files, { argv: ["systemd-inhibit", why], isInhibited: inhibitors > 0 });
      inhibitors += 1;
      return {
        async [Symbol.asyncDispose]() {
          inhibitors -= 1;
        },
      };
    },
    async provision(image, reference = REGISTRY_REFERENCE) {
      const { machine, pulled } = await pull(image, reference);
      const isOstree = machine.facts.backend === "ostree";
      const id = isOstree ? `${commitOf(pulled)}.0` : verityOfTree(pulled.tree);
      const deployment = { id, image: pulled, isPinned: false };
      machine.update({ deployments: [deployment], pulledConfigs: [pulled.configDigest] });
      writeEntries(files, machine.facts, [deployment]);
      withdraw(reference);
      bootDouble(stateDirectory);
    },
    publish,
    async stageForeign(image, reference = "quay.io/example/other:1") {
      const { machine, pulled, progress } = await pull(image, reference);
      stage(machine, {
        image: pulled,
        isLocked: false,
        progress,
        output: { out: () => undefined, err: () => undefined },
      });
      withdraw(reference);
    },
    boot: (bootOptions) => bootDouble(stateDirectory, bootOptions),
    setTrap: (name, value) => writeTraps(files.traps, { ...readTraps(files.traps), [name]: value }),
    setUnit: (unit, state) => void units.set(unit, state),
    pin(id) {
      const machine = openMachine(stateDirectory);
      const { deployments } = machine.state();
      machine.update({ deployments: deployments.map((it) => (it.id === id ? { ...it, isPinned: true } : it)) });
    },
    state: () => openMachine(stateDirectory).state(),
    calls: () => readCalls(files),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

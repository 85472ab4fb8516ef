/**
 * Our backend on a machine with the stand-in for bootc: what runs is release 1.0, which the host got from a registry.
 *
 * What an agent does at each boot of such a host is part of it: the tries of a deployment are counted there where no boot
 * loader counts.
 */
import { chmodSync, readFileSync } from "node:fs";
import { onTestFinished } from "vitest";
import { type GrubEnvironment, parseGrubEnvironment } from "../../src/boot/grub-environment.ts";
import type { BoundApps } from "../../src/deploy/apps/bound-apps.ts";
import { openBootcBackend } from "../../src/deploy/bootc/backend.ts";
import type { DeployBackend } from "../../src/deploy/port.ts";
import type { StoredImage } from "../../src/deploy/stored-image.ts";
import { digestOf } from "../../src/oci/digest.ts";
import { below } from "../../src/path.ts";
import {
  type Files,
  type ReleaseFixture,
  type ReleaseFixtureOptions,
  releaseFixture,
} from "../unit/store/store-fixture.ts";
import type { BootOptions } from "./bootc-double/boot.ts";
import { bootcImage } from "./bootc-double/bootc-images.ts";
import { type DoubleMachine, type DoubleOptions, openDoubleMachine } from "./bootc-double/machine.ts";

export interface BootcHostOptions extends DoubleOptions {
  readonly apps?: BoundApps;
}

export interface BootcHost {
  readonly machine: DoubleMachine;
  readonly backend: DeployBackend;
  /** What bootc and ostree were asked to change, in order; `!` marks those during which the machine could go down. */
  changes(): readonly string[];
  /** As people and agents reboot it: a running system on trial is found sick before. */
  bootWithAgent(options?: BootOptions): Promise<void>;
  grubEnvironment(): GrubEnvironment;
}

export const REGISTRY_SOURCE = { image: "quay.io/example/os:1", transport: "registry" };

const VERSION = "org.opencontainers.image.version";

/** A release of an image that bootc takes as well, with its version in both places. */
export async function bootcRelease(
  version: string,
  layers: readonly Files[],
  options: ReleaseFixtureOptions = {},
): Promise<ReleaseFixture> {
  const made = await releaseFixture(layers, {
    config: { config: { Labels: { "containers.bootc": "1", [VERSION]: version } }, history: layers.map(() => ({})) },
    annotations: { [VERSION]: version },
    compression: "none",
    ...options,
  });
  const statement = { ...made.release.statement, version, sequence: Number.parseInt(version, 10) };
  const release: typeof made.release = { ...made.release, statement, payloadDigest: digestOf(`payload ${version}`) };
  return { ...made, release };
}

const CHANGING_VERBS = ["switch", "upgrade", "rollback"];

/** Of the kind that never has GRUB, nor greenboot. */
export const COMPOSEFS: BootcHostOptions = { backend: "composefs", bootloader: "systemd" };

/** Releases share their first layer. */
export function release(version: string): Promise<ReleaseFixture> {
  const layers = [{ "usr/share/base": "the same in all" }, { "usr/lib/os-release": `VERSION=${version}\n` }];
  return bootcRelease(version, layers);
}

export function storeOn({ backend }: BootcHost, made: ReleaseFixture, medium = made.medium): Promise<StoredImage> {
  return backend.store(medium, made.release, made.target);
}

/** A release is stored, staged, let go, and booted. */
export async function updateOn(host: BootcHost, version: string): Promise<ReleaseFixture> {
  const made = await release(version);
  await host.backend.activate(await host.backend.stage(await storeOn(host, made)));
  await host.bootWithAgent();
  return made;
}

export async function confirmOn(host: BootcHost, version: string): Promise<ReleaseFixture> {
  const made = await updateOn(host, version);
  await host.backend.confirm();
  return made;
}

/** Of what is staged, of what runs, and of what is there to go back to. */
export async function versionsOn({ backend }: BootcHost): Promise<readonly (string | null)[]> {
  const { staged, booted, rollback } = (await backend.status()).status;
  return [staged, booted, rollback].map((entry) => entry?.image?.version ?? null);
}

/** By default of the bootc that can lock what it switches to. It goes away with the test. */
export async function openBootcHost({ apps, ...options }: BootcHostOptions = {}): Promise<BootcHost> {
  const machine = openDoubleMachine({ version: "1.16.10", ...options });
  const { paths, exec, inhibit } = machine;
  chmodSync(machine.root, 0o755); // what lies above the machine is the test's own
  onTestFinished(() => machine[Symbol.dispose]());
  if (options.backend !== "none") await machine.provision(bootcImage("1.0"), REGISTRY_SOURCE.image);
  const backend = openBootcBackend({ paths, exec, tries: 3, inhibit, apps });
  return {
    machine,
    backend,
    changes: () =>
      machine.calls().flatMap(({ argv: [tool, ...args], isInhibited }) => {
        const isOfBootc = tool === "bootc" && CHANGING_VERBS.includes(args[0] ?? "") && !args.includes("--help");
        if (!isOfBootc && tool !== "ostree") return [];
        return [`${isInhibited ? "" : "!"}${[...(isOfBootc ? [] : [tool]), ...args].join(" ")}`];
      }),
    async bootWithAgent(bootOptions) {
      const { assessment } = await backend.bootFacts();
      if (assessment === "assessing") await backend.settleBoot("failed");
      machine.boot(bootOptions);
      await backend.settleBoot("unknown");
    },
    grubEnvironment: () => parseGrubEnvironment(readFileSync(below(paths.boot, "grub2", "grubenv"))),
  };
}

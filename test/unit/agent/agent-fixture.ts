/**
 * A device and its media for the agent's tests: a real store and real signatures in a scratch directory, and a fake
 * backend that boots when it is told to.
 */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type HistoryRecord, readHistory } from "../../../src/agent/history.ts";
import { journalFile } from "../../../src/agent/journal.ts";
import type { Outcome } from "../../../src/agent/outcome.ts";
import { listPrograms } from "../../../src/agent/programs.ts";
import { runAgent } from "../../../src/agent/run-agent.ts";
import type { AgentPorts } from "../../../src/agent/session.ts";
import { type AgentStatus, readStatus } from "../../../src/agent/status-file.ts";
import { trustStateFiles } from "../../../src/agent/trust-memory.ts";
import { formatReleaseManifest } from "../../../src/bundle/artifact.ts";
import { RELEASE_ARTIFACT_TYPE, STATEMENT_PAYLOAD_TYPE } from "../../../src/bundle/media-type.ts";
import { openMedium } from "../../../src/bundle/medium.ts";
import { formatStatement, type Statement } from "../../../src/bundle/statement.ts";
import { hostFiles } from "../../../src/config/device-files.ts";
import { type DevicePaths, simulatedDevicePaths } from "../../../src/config/device-paths.ts";
import { parseAgentConfig } from "../../../src/config/load-agent-config.ts";
import { type Exec, execOnHost } from "../../../src/host/exec.ts";
import { type Digest, digestHex, digestOf } from "../../../src/oci/digest.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";
import { type ObjectStore, openObjectStore } from "../../../src/store/object-store.ts";
import { hostStoreFilesystem } from "../../../src/store/store-filesystem.ts";
import { formatEnvelope, signPayload } from "../../../src/trust/dsse.ts";
import { generatePrivateKey, type PrivateKey, publicKeyOf } from "../../../src/trust/keys.ts";
import { createRoot } from "../../../src/trust/root.ts";
import { keySigner } from "../../../src/trust/signer.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";
import { readTrustCopies } from "../../../src/trust/state-copies.ts";
import { type FakeDevice, type FakeImage, openFakeDevice } from "../../support/fake-backend.ts";
import { noise, releaseFixture } from "../store/store-fixture.ts";
import { scratchDirectory } from "./scratch.ts";

const RELEASE_KEY = generatePrivateKey();
export const STRANGER_KEY = generatePrivateKey();

export interface SignedRelease {
  readonly envelope: Buffer;
  readonly statement: Statement;
  readonly payloadDigest: Digest;
  /** All of its blobs but the envelope. */
  readonly blobs: readonly Buffer[];
  readonly layerBlob: Digest;
  readonly image: FakeImage;
}

export interface ReleaseOptions {
  readonly key?: PrivateKey;
  readonly statement?: Partial<Pick<Statement, "name" | "version" | "createdAt" | "expiresAt" | "requires">>;
  readonly compatible?: string;
  readonly architecture?: string;
  /** As of a release for bootc hosts alone. */
  readonly withoutTree?: boolean;
  /** What tells its image from others; by default the sequence. */
  readonly content?: string;
}

export async function makeRelease(sequence: number, options: ReleaseOptions = {}): Promise<SignedRelease> {
  const seed = options.content ?? `${sequence}`;
  const made = await releaseFixture([{ "usr/bin/app": noise(seed, 5000), "etc/app.conf": `version ${seed}` }]);
  const { compatible = "acme", architecture = "amd64" } = options;
  const tree = options.withoutTree === true ? null : made.target.tree;
  const target = { ...made.target, compatible, architecture, tree };
  const statement: Statement = {
    ...{ specVersion: "1", name: "os", version: `${sequence}.0`, sequence, notes: "" },
    createdAt: `2026-01-${String(sequence).padStart(2, "0")}T00:00:00Z`,
    ...{ expiresAt: null, targets: [target], requires: {} },
    ...options.statement,
  };
  const payload = formatStatement(statement);
  const envelope = await signPayload(STATEMENT_PAYLOAD_TYPE, payload, [keySigner(options.key ?? RELEASE_KEY)]);
  const { name, version } = statement;
  return {
    envelope: formatEnvelope(envelope),
    statement,
    payloadDigest: digestOf(payload),
    blobs: made.blobs,
    layerBlob: made.layerBlobs[0] ?? digestOf(""),
    image: {
      imageDigest: made.imageDigest,
      manifestDigest: target.image.digest,
      payloadDigest: digestOf(payload),
      release: { name, version, sequence },
      architecture,
    },
  };
}

/** Writes a medium that holds these releases. */
export function writeMedium(releases: readonly SignedRelease[]): AbsPath {
  const mountPoint = scratchDirectory();
  const write = (bytes: Buffer) => {
    const file = blobFile(mountPoint, digestOf(bytes));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  const manifests = releases.map(({ envelope, statement, blobs }) => {
    const manifest = formatReleaseManifest({ digest: digestOf(envelope), size: envelope.length }, statement);
    for (const bytes of [manifest, envelope, ...blobs]) write(bytes);
    const mediaType = "application/vnd.oci.image.manifest.v1+json";
    return { mediaType, artifactType: RELEASE_ARTIFACT_TYPE, digest: digestOf(manifest), size: manifest.length };
  });
  mkdirSync(join(mountPoint, "bootferry/blobs/sha256"), { recursive: true });
  writeFileSync(join(mountPoint, "bootferry/oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(join(mountPoint, "bootferry/index.json"), JSON.stringify({ schemaVersion: 2, manifests }));
  return mountPoint;
}

export function blobFile(medium: AbsPath, digest: Digest): AbsPath {
  return below(medium, "bootferry/blobs/sha256", digestHex(digest));
}

export interface World {
  readonly paths: DevicePaths;
  /** The root directory of the running system: its /etc and /usr. */
  readonly root: AbsPath;
  readonly store: ObjectStore;
  readonly device: FakeDevice;
  readonly ports: AgentPorts;
  /** What was told to people, without repetitions. */
  readonly messages: string[];
  run(medium?: AbsPath, ports?: Partial<AgentPorts>): Promise<Outcome>;
  status(): AgentStatus;
  history(): readonly HistoryRecord[];
  trust(): TrustState;
  /** Puts a program there. */
  program(path: string, text: string): void;
  removeProgram(path: string): void;
  removeJournal(): void;
}

export interface WorldOptions {
  /** Tables of agent.toml besides [device] and [follow]. */
  readonly config?: string;
  readonly exec?: Exec;
  readonly tries?: number;
}

/** A device that runs `installed`, confirmed, as after provisioning. */
export async function openWorld(installed: SignedRelease, options: WorldOptions = {}): Promise<World> {
  const sysroot = scratchDirectory();
  const root = below(sysroot, "root");
  const paths = simulatedDevicePaths(sysroot);
  const store = await openTestStore(below(sysroot, "bootferry"));
  const device = openFakeDevice(paths, { tries: options.tries, store });
  device.provision(installed.image);
  device.boot();
  await putRoot(root);
  const messages: string[] = [];
  let attempts = 0;
  const config = `[device]\ncompatible = "acme"\narchitecture = "amd64"\n[follow]\nname = "os"\n${options.config ?? ""}`;
  const ports: AgentPorts = {
    ...{ backend: device.backend, paths },
    files: {
      readFile: (path) => hostFiles.readFile(below(root, path)),
      listDirectory: (path) => hostFiles.listDirectory(below(root, path)),
    },
    programs: { listPrograms: async (path) => listPrograms(below(root, path)), env: { BOOTFERRY_SYSROOT: sysroot } },
    devices: { find: () => undefined, isGone: async () => false },
    openMedium,
    exec: options.exec ?? execOnHost,
    clock: { nowUtc: () => new Date("2026-11-20T12:00:00Z") },
    monotonicMs: () => 0,
    sleep: async () => undefined,
    newAttemptId: () => `attempt-${++attempts}`,
    synchronisedNowUtc: async () => undefined,
    config: parseAgentConfig(Buffer.from(config), parseAbsPath("/etc/bootferry/agent.toml")),
    agentVersion: "1.0.0",
    onStatus: ({ message }) => {
      if (messages.at(-1) !== message) messages.push(message);
    },
  };
  return {
    ...{ paths, root, store, device, ports, messages },
    run: (medium, changes = {}) =>
      runAgent({ ...ports, ...changes }, { medium: medium && { kind: "directory", directory: medium } }),
    status: () => readStatus(paths.stateDirectory, paths.runtimeDirectory),
    history: () => readHistory(paths.stateDirectory).records,
    trust: () => readTrustCopies(trustStateFiles(paths)).state ?? INITIAL_TRUST_STATE,
    program(path, text) {
      const file = join(root, path);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `#!/bin/sh\n${text}\n`);
      chmodSync(file, 0o755);
    },
    removeProgram: (path) => rmSync(join(root, path)),
    removeJournal: () => rmSync(journalFile(paths.stateDirectory)),
  };
}

/** A store without locks and syncs, which are child processes: its own tests cut it, here it only has to hold things. */
function openTestStore(directory: AbsPath): Promise<ObjectStore> {
  const lock = { [Symbol.asyncDispose]: async () => undefined };
  const filesystem = { ...hostStoreFilesystem(silentExec, directory), lock: async () => lock };
  return openObjectStore(directory, { exec: silentExec, fsVerity: "off", filesystem });
}

const silentExec: Exec = async () => ({ exitCode: 0, stdout: Buffer.alloc(0), stderrTail: "" });

async function putRoot(root: AbsPath): Promise<void> {
  const key = generatePrivateKey();
  const role = (one: PrivateKey) => ({ keys: [publicKeyOf(one)], threshold: 1 });
  const envelope = await createRoot(
    {
      ...{ version: 1, createdAt: "2026-01-01T00:00:00Z", expiresAt: null },
      roles: { root: role(key), release: role(RELEASE_KEY) },
    },
    [keySigner(key)],
  );
  mkdirSync(join(root, "etc/bootferry"), { recursive: true });
  writeFileSync(join(root, "etc/bootferry/root.json"), formatEnvelope(envelope));
}

/** The attempts of a history, as `state reason-code`. */
export function attemptsOf(records: readonly HistoryRecord[]): string[] {
  return records.flatMap((record) =>
    record.kind === "attempt" ? [[record.state, record.reason?.code].filter(Boolean).join(" ")] : [],
  );
}

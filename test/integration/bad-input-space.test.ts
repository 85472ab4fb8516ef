/**
 * File systems that are full, and media that cannot be written.
 *
 * Full ones are made of what fills them: a signed tree that asks for more than any disk has, and ports that answer as a
 * full disk does. Media that cannot be written are directories that refuse it.
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testKey } from "../../bundle-format/vectors/source/test-keys.ts";
import type { Outcome } from "../../src/agent/outcome.ts";
import { runAgent } from "../../src/agent/run-agent.ts";
import type { AgentPorts } from "../../src/agent/session.ts";
import { agentPorts } from "../../src/cli/agent-ports.ts";
import { processContext } from "../../src/cli/context.ts";
import { type NativeDevice, openNativeDevice } from "../../src/cli/device.ts";
import { openNativeBackend } from "../../src/deploy/native/backend.ts";
import { type StoringPorts, storeMakingRoom } from "../../src/deploy/native/store-release.ts";
import { evaluatePreflight, type PreflightSpace, requireFits } from "../../src/deploy/preflight.ts";
import { HostError } from "../../src/host/error.ts";
import { type Exec, execOnHost } from "../../src/host/exec.ts";
import { utf8ToByteString } from "../../src/path.ts";
import { storeError } from "../../src/store/error.ts";
import { openObjectStore } from "../../src/store/object-store.ts";
import { hostStoreFilesystem, type StoreFilesystem } from "../../src/store/store-filesystem.ts";
import type { DirectoryNode, TreeNode } from "../../src/tree/node.ts";
import { formatPrivateKeyPem } from "../../src/trust/keys.ts";
import { TAR } from "../hostile-layers/hostile-layer.ts";
import {
  type BadInputDevice,
  buildBadImage,
  honestImage,
  mediumOf,
  openBadInputDevice,
  refusalOf,
  rootFiles,
  snapshotOf,
  treeOf,
} from "../support/bad-media.ts";
import { buildTar, writeOciLayout } from "../support/oci-fixtures.ts";
import { objectFile } from "../support/tree-fixtures.ts";

let device: BadInputDevice;
let stick: string;

beforeAll(async () => {
  device = await openBadInputDevice();
  stick = device.layOut((await mediumOf(await honestImage("42"))).medium);
});
afterAll(() => device[Symbol.dispose]());

type PortsChange = (ports: AgentPorts, opened: NativeDevice) => AgentPorts | Promise<AgentPorts>;

/** Runs the agent of a device with some of its ports changed. */
async function insertInto(sysroot: string, change: PortsChange, exec: Exec = execOnHost): Promise<Outcome> {
  const context = { ...processContext(process, new AbortController().signal), exec };
  await using opened = await openNativeDevice(context, { sysroot });
  const ports = await change(agentPorts(context, opened, "1.0.0"), opened);
  const directory = context.path(join(device.directory, stick));
  return await runAgent(ports, { medium: { kind: "directory", directory } });
}

const EXIT_NO_SPACE = 5;

async function expectNoSpace(code: string, change: PortsChange): Promise<void> {
  const { error } = await device.staysAsItIs(() => insertInto(device.paths.sysroot, change));
  expect([error?.code, error?.exitStatus], error?.stack).toEqual([code, EXIT_NO_SPACE]);
  expect(error?.remedy).toMatch(/\S.{10}/);
}

/** A tree with one file more. */
function withFile({ metadata, entries }: DirectoryNode, path: readonly string[], file: TreeNode): DirectoryNode {
  const [name = "", ...rest] = path;
  const child = entries.get(utf8ToByteString(name));
  if (rest.length > 0 && child?.kind !== "directory") throw new Error(`there is no directory ${name}`);
  const next = child?.kind === "directory" && rest.length > 0 ? withFile(child, rest, file) : file;
  const sorted = [...new Map(entries).set(utf8ToByteString(name), next)].sort(([a], [b]) => (a < b ? -1 : 1));
  return { kind: "directory", metadata, entries: new Map(sorted) };
}

describe("no space on the device", () => {
  const HUGE_BYTES = 2 ** 42; // a file of 4 TiB

  it.each<[string, readonly string[]]>([
    ["a file that no disk holds", ["usr", "lib", "huge"]],
    ["a kernel that no disk holds", ["usr", "lib", "modules", "6.12", "vmlinuz"]],
  ])("is found out before a layer is read: %s", async (_what, path) => {
    const tar = await buildTar(rootFiles("42"));
    const tree = withFile(treeOf([tar]), path, objectFile("ab", HUGE_BYTES));
    const image = buildBadImage({ layers: [{ mediaType: TAR, bytes: tar }], tree });
    const { medium } = await mediumOf(image);
    for (const { digest } of image.layers) medium.blobs.delete(digest); // so reading one would be another error
    await device.refuses(medium, "DEPLOY_NO_SPACE", EXIT_NO_SPACE);
  });

  const plenty: PreflightSpace = {
    storeFreeBytes: 2 ** 40,
    storeFreeInodes: 2 ** 20,
    bootFreeBytes: 2 ** 30,
    bootReclaimableBytes: 0,
    isOneFilesystem: false,
  };

  it.each<[string, Partial<PreflightSpace>, string]>([
    ["the root file system", { storeFreeBytes: 4096 }, "DEPLOY_NO_SPACE"],
    ["the inodes of the root file system", { storeFreeInodes: 1 }, "DEPLOY_NO_INODES"],
    ["the boot partition", { bootFreeBytes: 4096 }, "DEPLOY_BOOT_NO_SPACE"],
  ])("is found out beforehand: %s", async (_what, lack, code) => {
    await expectNoSpace(code, (ports, { store }) => {
      const storing: StoringPorts = {
        store,
        requireRoom(plan) {
          const needs = { storeBytes: plan.neededBytes, storeInodes: plan.neededInodes, bootBytes: 10_000 };
          requireFits(evaluatePreflight(needs, { ...plenty, ...lack }));
        },
        planDrop: () => ({ bytes: 0, inodes: 0 }),
        dropRollback: () => ports.backend.gc({ dropRollback: true }),
      };
      const backend = { ...ports.backend, store: storeMakingRoom.bind(undefined, storing) };
      return { ...ports, backend };
    });
  });

  const methods = ["createFile", "write", "rename", "makeDirectory"] as const;
  const moments = methods.flatMap((method) => [1, 2, 3].map((failAt) => [method, failAt] as const));

  it.each(moments)("is told by the disk in the middle of storing: %s no. %i", async (method, failAt) => {
    await expectNoSpace("STORE_NO_SPACE", async (ports, opened) => {
      const { directory, exec } = opened.store;
      const real = hostStoreFilesystem(exec, directory);
      const limits = { maxBufferedBytes: 1000, publishBatchBytes: 1 }; // publishes after each layer
      let [count, isOpen] = [0, false];
      const failing = (...args: never[]): unknown => {
        if (isOpen && ++count >= failAt) throw storeError(enospc(), method);
        return (real[method] as (...args: never[]) => unknown)(...args);
      };
      const filesystem: StoreFilesystem = { ...real, [method]: failing };
      const store = await openObjectStore(directory, { exec, fsVerity: "off", filesystem, limits });
      isOpen = true; // what is done at every start is not what this is about
      const { paths, clock } = ports;
      return { ...ports, backend: openNativeBackend({ paths, store, exec, clock }) };
    });
  });

  it("is told by the boot partition while the new entry is made: what ran is untouched, and the next try succeeds", async () => {
    const copy = join(device.directory, "copy");
    for (let failAt = 1; failAt < 50; failAt++) {
      cpSync(device.paths.sysroot, copy, { recursive: true });
      const before = entriesOf(copy);
      let count = 0;
      const exec: Exec = (argv, options) => {
        if (argv[0] === "sync" && argv[2]?.startsWith(join(copy, "boot/")) && ++count === failAt) {
          throw new HostError("HOST_NO_SPACE", "the boot partition is full (ENOSPC)");
        }
        return execOnHost(argv, options);
      };
      const { error } = await insertInto(copy, (ports) => ports, exec);
      if (count < failAt) {
        expect([error, failAt > 3]).toEqual([undefined, true]);
        return;
      }
      expect([error?.code, error?.exitStatus], String(failAt)).toEqual(["HOST_NO_SPACE", EXIT_NO_SPACE]);
      expect(entriesOf(copy)).toMatchObject(before);
      // What is staged stays, since it is whole: with room again it is only activated.
      expect((await insertInto(copy, (ports) => ports)).kind).toBe("rebooting");
      expect(entriesOf(copy)).toMatchObject(before);
      rmSync(copy, { recursive: true });
    }
  });
});

const entriesOf = (sysroot: string) =>
  Object.fromEntries(
    readdirSync(join(sysroot, "boot/loader/entries")).map((name) => [
      name,
      readFileSync(join(sysroot, "boot/loader/entries", name), "utf8"),
    ]),
  );

function enospc(): Error {
  return Object.assign(new Error("ENOSPC"), { code: "ENOSPC", errno: -28 });
}

describe("a medium that cannot be written", () => {
  it("is no problem for a device: it writes nothing there", async () => {
    const medium = join(device.directory, stick);
    const paths = [".", ...readdirSync(medium, { recursive: true, encoding: "utf8" })].map((name) =>
      join(medium, name),
    );
    for (const path of paths) chmodSync(path, 0o555);
    // Root is not kept out by modes, but nothing is made, removed or written without a trace in these times.
    const times = () => paths.map((path) => [path, statSync(path).mtimeMs, statSync(path).ctimeMs]);
    const before = times();
    const run = await device.insert(stick);
    expect([run.exitStatus, run.stderr.includes("error:")]).toEqual([0, false]);
    expect(times()).toEqual(before);
  });

  describe("on the workstation", () => {
    const RELEASE = ["--name", "kiosk-os", "--compatible", "acme-kiosk-v2", "--key", "release.key"];
    const create = (sequence: number, to: string) => [
      ...["release", "create", "oci:image", "--to", to, "--release-version", `${sequence}.0`],
      ...["--sequence", `${sequence}`, ...RELEASE],
    ];

    beforeAll(async () => {
      const { directory } = device;
      for (const name of ["full", "bare"]) mkdirSync(join(directory, name));
      await writeOciLayout(join(directory, "image"), [
        { tag: "latest", images: [{ layers: [{ entries: rootFiles("1") }] }] },
      ]);
      writeFileSync(join(directory, "release.key"), formatPrivateKeyPem(testKey("release-a")));
      writeFileSync(join(directory, "second.key"), formatPrivateKeyPem(testKey("release-b")));
      const run = await device.run(...create(1, "full"));
      if (run.exitStatus !== 0) throw new Error(run.stderr);
    });

    it.each<[string, string, readonly string[]]>([
      ["create on one that holds releases", "full", create(2, "full")],
      ["create on an empty one", "bare", create(2, "bare")],
      ["sign", "full", ["release", "sign", "full", "--key", "second.key"]],
      ["remove", "full", ["release", "remove", "full"]],
    ])("is left as it is by release %s", async (_verb, medium, args) => {
      const path = join(device.directory, medium);
      const before = snapshotOf(path);
      const run = await refusingWrites(path, () => device.run(...args));
      expect(refusalOf(run), run.stderr).toEqual({ code: "HOST_PERMISSION", exitStatus: 1, hasRemedy: true });
      expect(snapshotOf(path)).toEqual(before);
      expect(readdirSync(join(device.directory, "tmp"))).toEqual([]);
    });
  });
});

/** Runs `attempt` while nobody may write below `directory`; root steps down for that, since nothing stops root. */
async function refusingWrites<T>(directory: string, attempt: () => Promise<T>): Promise<T> {
  const NOBODY = 65_534;
  const directories = [".", ...readdirSync(directory, { recursive: true, encoding: "utf8" })]
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isDirectory());
  for (const path of directories) chmodSync(path, 0o555);
  chmodSync(device.directory, 0o755);
  chmodSync(join(device.directory, "tmp"), 0o777);
  const isRoot = process.getuid?.() === 0;
  try {
    if (isRoot) process.seteuid?.(NOBODY);
    return await attempt();
  } finally {
    if (isRoot) process.seteuid?.(0);
    for (const path of directories) chmodSync(path, 0o755);
  }
}

import { beforeAll, describe, expect, it } from "vitest";
import { rootEnvelope, SINGLE_ROOT } from "../../../bundle-format/vectors/source/parts.ts";
import { testKey } from "../../../bundle-format/vectors/source/test-keys.ts";
import { rememberRoot } from "../../../src/agent/remember-root.ts";
import { type RootChain, readTrustRoot } from "../../../src/agent/trust-root.ts";
import type { DeviceFiles } from "../../../src/config/device-files.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { parseAbsPath } from "../../../src/path.ts";
import { newestOf, parseRootFile } from "../../../src/trust/root-chain.ts";
import { INITIAL_TRUST_STATE, type TrustState } from "../../../src/trust/state.ts";

const LOCAL = "/etc/bootferry/root.json";
const IMAGE = "/usr/lib/bootferry/root.json";

let [one, two, three, foreign]: Buffer[] = [];
beforeAll(async () => {
  one = await rootEnvelope(SINGLE_ROOT, ["root-a"]);
  two = await rootEnvelope({ ...SINGLE_ROOT, version: 2 }, ["root-a"]);
  three = await rootEnvelope({ ...SINGLE_ROOT, version: 3 }, ["root-a"]);
  const roles = { ...SINGLE_ROOT.roles, root: { keys: [testKey("stranger").publicKey], threshold: 1 } };
  foreign = await rootEnvelope({ ...SINGLE_ROOT, version: 2, roles }, ["stranger"]);
});

type Content = Buffer | undefined;
const joined = (...parts: readonly Content[]) => Buffer.concat(parts.filter((part) => part !== undefined));
const rootsOf = (...parts: readonly Content[]): RootChain => parseRootFile(joined(...parts));

async function read(files: Readonly<Record<string, Content>>, state: TrustState = INITIAL_TRUST_STATE, root?: string) {
  const device: DeviceFiles = { readFile: async (path) => files[path], listDirectory: async () => [] };
  const config = root === undefined ? {} : { root: parseAbsPath(root) };
  const { chain, ignored } = await readTrustRoot(device, config, state);
  return { versions: chain.map(({ version }) => version), digest: newestOf(chain).digest, ignored };
}

const remembering = (...parts: readonly Content[]) => rememberRoot(INITIAL_TRUST_STATE, rootsOf(...parts), []).state;

describe("the root that a device trusts", () => {
  it("starts with the local file, and goes on with what the image continues", async () => {
    expect(await read({ [LOCAL]: one })).toMatchObject({ versions: [1], ignored: [] });
    expect(await read({ [IMAGE]: joined(one, two) })).toMatchObject({ versions: [2], ignored: [] });
    expect(await read({ [LOCAL]: one, [IMAGE]: joined(one, two, three) })).toMatchObject({
      versions: [1, 2, 3],
      ignored: [],
    });
    expect(await read({ [LOCAL]: joined(one, two), [IMAGE]: one })).toMatchObject({ versions: [2], ignored: [] });
    expect(await read({ "/data/root": one, [LOCAL]: foreign }, undefined, "/data/root")).toMatchObject({
      versions: [1],
    });
  });

  it("starts with what is remembered: an older file takes nothing back, a newer one continues it (BF-6.17)", async () => {
    const state = remembering(one, two);
    expect(await read({ [LOCAL]: one, [IMAGE]: one }, state)).toMatchObject({ versions: [2], ignored: [] });
    expect(await read({}, state)).toMatchObject({ versions: [2] });
    // Neither fits without the other.
    expect(await read({ [LOCAL]: three, [IMAGE]: joined(one, two) }, remembering(one))).toMatchObject({
      versions: [1, 2, 3],
      ignored: [],
    });
  });

  it.each([
    ["that does not follow", () => three, () => remembering(one), /root version 3 does not follow version 1/],
    ["of somebody else", () => foreign, () => remembering(one, two), /root version 2 is not the one that was trusted/],
    ["of somebody else, which claims to follow", () => foreign, () => remembering(one), /does not follow version 1/],
    ["that is damaged", () => Buffer.from("{"), () => remembering(one), /is ignored: /],
  ])("does not believe a file %s, and says so", async (_what, file, state, why) => {
    const { versions, ignored } = await read({ [LOCAL]: file() }, state());
    expect(versions).toEqual([state().root?.version]);
    expect(ignored).toEqual([expect.stringMatching(why)]);
  });

  it("is not looked for in another file when the one to start with is damaged, or is missing though it is named", async () => {
    await expect(read({ [LOCAL]: Buffer.from("{}"), [IMAGE]: one })).rejects.toMatchObject({
      code: "TRUST_ENVELOPE_INVALID",
    });
    await expect(read({ [IMAGE]: one }, undefined, "/data/root")).rejects.toMatchObject({
      code: "AGENT_TRUST_ROOT_MISSING",
    });
    await expect(read({})).rejects.toMatchObject({ code: "AGENT_TRUST_ROOT_MISSING" });
  });
});

describe("remembering a root", () => {
  const floors = { "kiosk-os": { sequence: 2 ** 53 - 1, payloadDigest: digestOf("stolen") } };
  const confirmed = () => ({ ...remembering(one), floors, timeFloorUtc: "2099-01-01T00:00:00Z" });
  const newKeys = async (...keys: readonly ("release-b" | "release-c")[]) => {
    const release = { keys: keys.map((name) => testKey(name).publicKey), threshold: 1 };
    return rootEnvelope({ ...SINGLE_ROOT, version: 2, roles: { ...SINGLE_ROOT.roles, release } }, ["root-a"]);
  };

  it("keeps the floors as long as a release key stays", async () => {
    const { state, isRecovery } = rememberRoot(confirmed(), rootsOf(one, await newKeys("release-b")), []);
    expect(isRecovery).toBe(false);
    expect(state).toMatchObject({ floors, timeFloorUtc: "2099-01-01T00:00:00Z", root: { version: 2 } });
    expect(state.chain.map(({ version }) => version)).toEqual([1, 2]);
  });

  it("drops them when all release keys are new, and disregards what is deployed (BF-3.16)", async () => {
    const chain = rootsOf(one, await newKeys("release-c"));
    const { state, isRecovery } = rememberRoot(confirmed(), chain, [digestOf("stolen"), digestOf("stolen")]);
    expect(isRecovery).toBe(true);
    expect(state).toMatchObject({
      ...{ floors: {}, timeFloorUtc: SINGLE_ROOT.createdAt, disregarded: [digestOf("stolen")] },
    });
    expect(rememberRoot(state, chain, [])).toEqual({ state, isRecovery: false });
  });

  it("keeps floors that were found again: a device that remembers no root was not robbed for sure", async () => {
    const found = { ...INITIAL_TRUST_STATE, floors };
    expect(rememberRoot(found, rootsOf(one, await newKeys("release-c")), [])).toMatchObject({
      state: { floors },
      isRecovery: false,
    });
  });
});

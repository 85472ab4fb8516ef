/** Releases through a real registry server and the skopeo of this machine, by the commands that a person would type. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "../support/cli-in-process.ts";
import { miniatureRoot, sha256, writeOciLayout } from "../support/oci-fixtures.ts";
import { writeFixtureImage, writeFixtureKeys } from "../support/release-fixtures.ts";
import { type SiteRegistry, startRegistry } from "./site-registry.ts";

let directory: string;
const file = (...names: string[]) => join(directory, ...names);
const run = (command: string) => runInProcess(directory, command.split(" "));
async function json(command: string) {
  const { exitStatus, stdout, stderr } = await run(`${command} --json`);
  if (exitStatus !== 0) throw new Error(`${command} ended with ${exitStatus}: ${stderr}`);
  return JSON.parse(stdout);
}

/** An image for two architectures: layers as gzip, zstd and plain tar, which a registry client would compress if it may. */
async function writeImages(version: string): Promise<void> {
  const images = ["amd64", "arm64"].map((architecture) => ({
    architecture,
    layers: [
      { entries: miniatureRoot({ version }) },
      { entries: [{ name: "usr/lib/zstd", content: version.repeat(9000) }], compression: "zstd" as const },
      {
        entries: [{ name: "usr/lib/plain", content: `${architecture} ${version}\n`.repeat(900) }],
        compression: "none" as const,
      },
    ],
  }));
  await writeOciLayout(file(`image-${version}`), [{ tag: "latest", images }]);
}

const create = (version: string, stick = "stick") =>
  json(
    `release create oci:image-${version}:latest --all-architectures --to ${stick} --name kiosk-os --compatible kiosk --release-version ${version}.0 --sequence ${version} --key release.key --root root.json`,
  );

/** Every file below `bootferry/` of a medium, by its path: its digest, and of index.json the members, whose order says nothing. */
function filesOf(medium: string): Readonly<Record<string, unknown>> {
  const top = file(medium, "bootferry");
  const entries = readdirSync(top, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const contents = entries.map((entry) => {
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    return [path.slice(top.length), entry.name === "index.json" ? JSON.parse(`${bytes}`) : sha256(bytes)];
  });
  return Object.fromEntries(contents);
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "registry-"));
  mkdirSync(file("stick"));
  await Promise.all([
    writeFixtureKeys(directory),
    writeImages("1"),
    writeImages("2"),
    writeFixtureImage(directory, "7", "app"),
  ]);
  await create("1");
  await json("root publish root.json --to stick");
});

afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe.each([
  { what: "a plain registry", secured: false, access: "--tls-verify=false" },
  {
    what: "a registry with TLS and a password",
    secured: true,
    access: "--cert-dir site-true/certs --authfile site-true/auth.json",
  },
])("$what", ({ secured, access }) => {
  let site: SiteRegistry;
  const repository = () => `docker://${site.host}/acme/kiosk-os`;
  const skopeo = (verb: string, tag: string, ...options: string[]) =>
    execFileSync("skopeo", [...verb.split(" "), ...access.split(" "), ...options, `${repository()}:${tag}`], {
      cwd: directory,
      encoding: "utf8",
    });
  const push = (tag = "stable") => json(`release push stick ${repository()}:${tag} --root root.json ${access}`);
  const pull = (tag: string, to: string) =>
    json(`release pull ${repository()}:${tag} --to ${to} --root root.json ${access}`);
  const pulled = `pulled-${secured}`;

  beforeAll(async () => {
    site = await startRegistry(file(`site-${secured}`), { secured });
    mkdirSync(file(pulled));
    await push();
    await pull("stable", pulled);
  });
  afterAll(() => site[Symbol.asyncDispose]());

  it("gives back every byte of the medium but its id, for it is another medium", () => {
    const { "/medium.json": idThere, ...there } = filesOf("stick");
    const { "/medium.json": idHere, ...here } = filesOf(pulled);
    expect(here).toEqual(there);
    expect([idThere, idHere]).toEqual([expect.any(String), expect.any(String)]);
    expect(idHere).not.toBe(idThere);
  });

  it("has under the tag, for each architecture, the very image that is signed", async () => {
    const [{ statement }] = (await json("release list stick")).releases;
    for (const { architecture, image } of statement.targets) {
      const options = [`--override-arch=${architecture}`, "--format={{.Digest}} {{.Architecture}}"];
      const manifest = JSON.parse(skopeo("inspect --raw", "stable")).manifests.find(
        (entry: { platform: { architecture: string } }) => entry.platform.architecture === architecture,
      );
      expect(manifest.digest).toBe(image.digest);
      expect(skopeo("inspect", "stable", ...options)).toContain(architecture);
    }
  });

  it("is done again, and gone on with, without harm", async () => {
    const before = filesOf(pulled);
    await push();
    await pull("stable", pulled);
    expect(filesOf(pulled)).toEqual(before);
    const blobs = Object.keys(before).filter((path) => path.startsWith("/blobs/"));
    for (const path of blobs.slice(0, 5)) rmSync(file(pulled, "bootferry", path)); // a pull that was interrupted
    for (const path of blobs.slice(5, 10)) {
      const bytes = readFileSync(file(pulled, "bootferry", path));
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      writeFileSync(file(pulled, "bootferry", path), bytes);
    }
    await pull("kiosk-os-1.0", pulled);
    expect(filesOf(pulled)).toEqual(before);
  });
});

describe("a device that is fed from what was pulled", () => {
  it("takes one release after the other", async () => {
    await using site = await startRegistry(file("site-device"), { secured: false });
    const place = `docker://${site.host}/kiosk-os:stable`;
    const access = "--root root.json --tls-verify=false";
    mkdirSync(file("carried"));
    cpSync(file("stick"), file("devices-stick"), { recursive: true });
    writeFileSync(
      file("agent.toml"),
      '[device]\ncompatible = "kiosk"\narchitecture = "amd64"\n\n[follow]\nname = "kiosk-os"\n',
    );
    const booted = async () => (await json("os status --sysroot device")).status.booted.image.version;

    await json(`release push devices-stick ${place} ${access}`);
    await json(`release pull ${place} --to carried ${access}`);
    await json("os install to-filesystem device --medium carried --trust-root root.json --agent-config agent.toml");
    for (const command of ["os simulate-boot --sysroot device", "agent run --sysroot device"]) {
      expect(await run(command)).toMatchObject({ exitStatus: 0 });
    }
    expect(await booted()).toBe("1.0");

    await create("2", "devices-stick");
    await json(`release push devices-stick ${place} --release kiosk-os@2.0 ${access}`);
    await json(`release pull ${place} --to carried ${access}`);
    expect((await json("release verify carried --root root.json")).results).toHaveLength(2);
    for (const command of [
      "agent run --sysroot device --medium carried",
      "os simulate-boot --sysroot device",
      "agent run --sysroot device",
    ]) {
      expect(await run(command)).toMatchObject({ exitStatus: 0 });
    }
    expect(await booted()).toBe("2.0");
  });
});

describe("what is refused", () => {
  let plain: SiteRegistry;
  let secured: SiteRegistry;
  beforeAll(async () => {
    [plain, secured] = await Promise.all([
      startRegistry(file("refusing-plain"), { secured: false }),
      startRegistry(file("refusing-secured"), { secured: true }),
    ]);
    await json(`release push stick docker://${plain.host}/os:stable --root root.json --tls-verify=false`);
    const image = [`oci:${file("app")}:latest`, `docker://${plain.host}/os:foreign`];
    execFileSync("skopeo", ["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false", ...image]);
    mkdirSync(file("nothing"));
  });
  afterAll(() => Promise.all([plain, secured].map((site) => site[Symbol.asyncDispose]())));

  it.each([
    ["a port where nobody listens", () => `docker://127.0.0.1:1/os:stable`, "UNREACHABLE"],
    ["a registry without TLS", () => `docker://${plain.host}/os:stable`, "TLS"],
    ["a certificate that nobody knows", () => `docker://${secured.host}/os:stable`, "TLS"],
    ["no password", () => `docker://${secured.host}/os:stable --cert-dir refusing-secured/certs`, "UNAUTHORIZED"],
    ["an unknown tag", () => `docker://${plain.host}/os:nightly --tls-verify=false`, "UNKNOWN"],
    ["an unknown repository", () => `docker://${plain.host}/other --tls-verify=false`, "UNKNOWN"],
    ["an image that is no release", () => `docker://${plain.host}/os:foreign --tls-verify=false`, "NOT_A_RELEASE"],
  ])("%s", async (_what, place, code) => {
    const { exitStatus, stderr } = await run(`release pull ${place()} --to nothing`);
    expect(stderr).toMatch(new RegExp(`^error: .*\\[RELEASE_REGISTRY_${code}\\]\nhelp: \\S`, "ms"));
    expect(exitStatus).toBe(1);
    expect(readdirSync(file("nothing"))).toEqual([]);
  });

  it("a push without a password, whatever was there before", async () => {
    const place = `docker://${secured.host}/os:stable --cert-dir refusing-secured/certs`;
    const { exitStatus, stderr } = await run(`release push stick ${place} --root root.json`);
    expect(stderr).toContain("[RELEASE_REGISTRY_UNAUTHORIZED]");
    expect(exitStatus).toBe(1);
  });

  it("a layer that was altered in the registry's storage", async () => {
    const { statement } = await json(
      `release pull docker://${plain.host}/os:stable --to nothing --root root.json --tls-verify=false`,
    );
    const manifest = JSON.parse(readFileSync(plain.blobFile(statement.targets[0].image.digest), "utf8"));
    const layer = plain.blobFile(manifest.layers[0].digest);
    const bytes = readFileSync(layer);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(layer, bytes);
    mkdirSync(file("altered"));
    const { exitStatus } = await run(`release pull docker://${plain.host}/os:stable --to altered --tls-verify=false`);
    expect(exitStatus).not.toBe(0);
    expect((await json("release list altered")).releases).toEqual([]);
  });
});

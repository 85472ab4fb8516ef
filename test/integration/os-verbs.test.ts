/**
 * The verbs of `bootferry os` as a person runs them: two releases on sticks, one device in a directory.
 *
 * The device is installed once; each test works on a copy of it.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { parseHost } from "../../src/deploy/host-status.ts";
import type { CliRun } from "../support/cli.ts";
import { runInProcess } from "../support/cli-in-process.ts";
import { type FixtureEntry, writeOciLayout } from "../support/oci-fixtures.ts";

let directory: string;
let installed: string;
let device: string;
let copies = 0;

const cli = (...args: string[]) => runInProcess(directory, args);
const os = (verb: string, ...args: string[]) => cli("os", verb, "--sysroot", device, ...args);

async function succeed(run: Promise<CliRun>): Promise<string> {
  const { exitStatus, stdout, stderr } = await run;
  if (exitStatus !== 0) throw new Error(`exit status ${exitStatus}: ${stderr}`);
  return stdout;
}

async function host() {
  return parseHost(JSON.parse(await succeed(os("status", "--json"))));
}

const versions = async () => {
  const { staged, booted, rollback } = (await host()).status;
  return [staged, booted, rollback].map((entry) => entry?.image?.version ?? null);
};

const files = (version: string): FixtureEntry[] => [
  ...["usr/", "usr/bin/", "usr/lib/", "usr/lib/modules/", "usr/lib/modules/6.1/", "etc/", "var/", "var/lib/"].map(
    (name): FixtureEntry => ({ name, type: "directory" }),
  ),
  { name: "usr/lib/modules/6.1/vmlinuz", content: `a kernel of ${version}\n`.repeat(50) },
  { name: "usr/lib/modules/6.1/initramfs.img", content: "an initramfs\n".repeat(50) },
  { name: "usr/bin/app", content: `#!/bin/sh\necho ${version}\n`.padEnd(5000, "#"), mode: 0o755 },
  { name: "usr/bin/same", content: "the same in all versions\n".padEnd(5000, "#"), mode: 0o755 },
  { name: "etc/hostname", content: "kiosk\n" },
  { name: "etc/shadow", content: "root:*:1::::::\n", mode: 0o400 },
  { name: "etc/app.conf", content: `from the image ${version}\n` },
  { name: "var/lib/seed", content: `seed of ${version}\n` },
];

async function makeStick(version: string, sequence: number): Promise<void> {
  const image = join(directory, `image-${version}`);
  mkdirSync(join(directory, `stick-${version}`));
  await writeOciLayout(image, [
    { tag: "latest", images: [{ layers: [{ entries: files(version) }], architecture: "amd64" }] },
  ]);
  await succeed(
    cli(
      "release",
      "create",
      `oci:${image}:latest`,
      "--to",
      `stick-${version}`,
      "--name",
      "kiosk-os",
      "--release-version",
      version,
      "--sequence",
      String(sequence),
      "--compatible",
      "kiosk",
      "--key",
      "release.key",
    ),
  );
}

beforeAll(async () => {
  directory = mkdtempSync(`${tmpdir()}/os-verbs-`);
  for (const key of ["root", "release"]) await succeed(cli("key", "generate", key, "--no-passphrase"));
  await succeed(cli("root", "create", "--root-key", "root.key", "--release-key", "release.pub", "--out", "root.json"));
  await makeStick("1.0", 1);
  await makeStick("2.0", 2);
  writeFileSync(
    join(directory, "agent.toml"),
    '[device]\ncompatible = "kiosk"\narchitecture = "amd64"\n\n[follow]\nname = "kiosk-os"\n',
  );
  installed = join(directory, "installed");
  device = installed;
  await succeed(install(installed));
  await succeed(os("simulate-boot"));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
beforeEach(() => {
  device = join(directory, `device-${copies++}`);
  cpSync(installed, device, { recursive: true });
});

const install = (target: string, ...args: string[]) =>
  cli(
    "os",
    "install",
    "to-filesystem",
    target,
    "--medium",
    "stick-1.0",
    "--trust-root",
    "root.json",
    "--agent-config",
    "agent.toml",
    "--karg",
    "console=ttyS0",
    ...args,
  );

describe("os install to-filesystem", () => {
  it("lays out a device: /etc with what it was given, /var from the image, one good entry with local kargs", () => {
    const [id = ""] = readdirSync(join(device, "bootferry/deploy"));
    const etc = join(device, "bootferry/deploy", id, "etc");
    expect(readFileSync(join(etc, "bootferry/agent.toml"))).toEqual(readFileSync(join(directory, "agent.toml")));
    expect(readFileSync(join(etc, "bootferry/root.json"))).toEqual(readFileSync(join(directory, "root.json")));
    expect(readFileSync(join(etc, "app.conf"), "utf8")).toBe("from the image 1.0\n");
    expect(readFileSync(join(device, "bootferry/var/lib/seed"), "utf8")).toBe("seed of 1.0\n");
    const [entry = ""] = readdirSync(join(device, "boot/loader/entries"));
    expect(entry).toBe(`bootferry-${id}.conf`);
    expect(readFileSync(join(device, "boot/loader/entries", entry), "utf8")).toMatch(
      new RegExp(
        `^options composefs\\.digest=v1-sha256-12:${id.slice(0, 12)}\\w+ bootferry\\.deployment=${id} bootferry\\.verity=off panic=10 systemd\\.crash_reboot=yes console=ttyS0$`,
        "m",
      ),
    );
  });

  it("keeps what only the owner may read from others, though it cannot keep it from itself", () => {
    const [id = ""] = readdirSync(join(device, "bootferry/deploy"));
    expect(statSync(join(device, "bootferry/deploy", id, "etc/shadow")).mode & 0o777).toBe(
      process.getuid?.() === 0 ? 0o400 : 0o600,
    );
  });

  it("refuses a directory that holds deployments, and leaves it as it is", async () => {
    const run = await install(device);
    expect(run.stderr).toContain("[DEPLOY_ALREADY_INSTALLED]");
    expect(await versions()).toEqual([null, "1.0", null]);
  });

  it("makes an agent.toml of --name and --compatible", async () => {
    const target = join(directory, `named-${copies++}`);
    await succeed(
      cli(
        "os",
        "install",
        "to-filesystem",
        target,
        "--medium",
        "stick-1.0",
        "--trust-root",
        "root.json",
        "--name",
        "kiosk-os",
        "--compatible",
        "kiosk",
      ),
    );
    const [id = ""] = readdirSync(join(target, "bootferry/deploy"));
    expect(readFileSync(join(target, "bootferry/deploy", id, "etc/bootferry/agent.toml"), "utf8")).toContain(
      'name = "kiosk-os"',
    );
  });

  it.each([
    ["no configuration", ["--compatible", "kiosk"], "CLI_USAGE", 2],
    ["another kind of device", ["--name", "kiosk-os", "--compatible", "fridge"], "BUNDLE_", 4],
    ["another release name", ["--name", "other-os", "--compatible", "kiosk"], "BUNDLE_", 4],
    [
      "two kernel arguments in one",
      ["--name", "kiosk-os", "--compatible", "kiosk", "--karg", "a b"],
      "DEPLOY_KARGS_INVALID",
      4,
    ],
  ])("refuses %s and leaves nothing that boots", async (_what, args, code, exitStatus) => {
    const target = join(directory, `refused-${copies++}`);
    const run = await cli(
      "os",
      "install",
      "to-filesystem",
      target,
      "--medium",
      "stick-1.0",
      "--trust-root",
      "root.json",
      ...args,
    );
    expect(run.stderr).toContain(code);
    expect(run.exitStatus).toBe(exitStatus);
    expect(existsSync(join(target, "boot/loader/entries"))).toBe(false);
  });
});

describe("os upgrade", () => {
  it("looks without changing anything", async () => {
    const before = readdirSync(join(device, "bootferry/objects")).length;
    expect(await succeed(os("upgrade", "--medium", "stick-2.0", "--check"))).toMatch(
      /^Update available for: stick-2\.0\n {2}Version: 2\.0\n {2}Digest: sha256:/,
    );
    expect(readdirSync(join(device, "bootferry/objects"))).toHaveLength(before);
    expect(await versions()).toEqual([null, "1.0", null]);
  });

  it("queues, boots, and is confirmed by the agent, with the device's own /etc and /var", async () => {
    const [id = ""] = readdirSync(join(device, "bootferry/deploy"));
    writeFileSync(join(device, "bootferry/deploy", id, "etc/hostname"), "kiosk-17\n");
    writeFileSync(join(device, "bootferry/var/lib/seed"), "grown\n");
    const said = await succeed(os("upgrade", "--medium", "stick-2.0"));
    expect(said).toMatch(/^Queued for next boot: oci:bootferry:kiosk-os-2\.0-kiosk-amd64\n {2}Version: 2\.0\n/);
    expect(await versions()).toEqual(["2.0", "1.0", null]);
    expect(await succeed(os("simulate-boot"))).toMatch(/\+3\.conf, now .*\+2-1\.conf/);
    await succeed(cli("agent", "run", "--sysroot", device));
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
    const fresh = readdirSync(join(device, "bootferry/deploy")).find((name) => name !== id) ?? "";
    const etc = join(device, "bootferry/deploy", fresh, "etc");
    expect(readFileSync(join(etc, "hostname"), "utf8")).toBe("kiosk-17\n");
    expect(readFileSync(join(etc, "app.conf"), "utf8")).toBe("from the image 2.0\n");
    expect(readFileSync(join(device, "bootferry/var/lib/seed"), "utf8")).toBe("grown\n");
    expect(readFileSync(join(device, "run/simulated/cmdline"), "utf8")).toContain(" console=ttyS0\n");
  });

  it("warns of a file that both changed, and keeps the device's", async () => {
    const [id = ""] = readdirSync(join(device, "bootferry/deploy"));
    writeFileSync(join(device, "bootferry/deploy", id, "etc/app.conf"), "mine\n");
    const { stderr } = await os("upgrade", "--medium", "stick-2.0");
    expect(stderr).toContain("/etc/app.conf: both-changed; the version of this device was kept");
  });

  it("stages and locks with --download-only, and unlocks with --from-downloaded", async () => {
    expect(await succeed(os("upgrade", "--medium", "stick-2.0", "--download-only"))).toMatch(
      /^Image downloaded, but will not be applied on reboot\n/,
    );
    expect((await host()).status.staged?.downloadOnly).toBe(true);
    await succeed(os("simulate-boot"));
    expect(await versions()).toEqual(["2.0", "1.0", null]);
    expect(await succeed(os("upgrade", "--from-downloaded"))).toBe("Staged deployment will now be applied on reboot\n");
    expect(await succeed(os("upgrade", "--from-downloaded"))).toBe(
      "Staged deployment is already set to apply on reboot\n",
    );
    await succeed(os("simulate-boot"));
    expect((await host()).status.booted?.image?.version).toBe("2.0");
  });

  describe("--from-downloaded, long after the download", () => {
    const raiseFloor = (sequence: number) => {
      const floors = { "kiosk-os": { sequence, payloadDigest: `sha256:${"0".repeat(64)}` } };
      const state = { version: 1, floors, timeFloorUtc: null, rootVersion: 0 };
      mkdirSync(join(device, "bootferry/var/lib/bootferry"), { recursive: true });
      writeFileSync(join(device, "bootferry/var/lib/bootferry/trust.json"), JSON.stringify(state));
    };
    const followAnother = () => {
      for (const id of readdirSync(join(device, "bootferry/deploy"))) {
        const file = join(device, "bootferry/deploy", id, "etc/bootferry/agent.toml");
        if (existsSync(file)) writeFileSync(file, readFileSync(file, "utf8").replace("kiosk-os", "fridge-os"));
      }
    };
    const rot = () => {
      const objects = join(device, "bootferry/objects");
      const files = readdirSync(objects, { recursive: true, encoding: "utf8" }).map((name) => join(objects, name));
      const app = files.find((file) => statSync(file).isFile() && readFileSync(file, "utf8").includes("echo 2.0"));
      if (app === undefined) throw new Error("no object with the app of 2.0");
      rmSync(app);
      writeFileSync(app, Buffer.alloc(5000));
    };
    const loseImage = () => {
      const before = readdirSync(join(installed, "bootferry/images"));
      const [staged = ""] = readdirSync(join(device, "bootferry/images")).filter((name) => !before.includes(name));
      rmSync(join(device, "bootferry/images", staged));
    };

    it.each([
      ["a floor that has risen above it", () => raiseFloor(3), "TRUST_SEQUENCE_OLDER", 3],
      ["another release of its sequence that was confirmed", () => raiseFloor(2), "TRUST_SEQUENCE_CONFLICT", 3],
      ["another name to follow", followAnother, "BUNDLE_NAME_NOT_FOLLOWED", 4],
      ["an object that has rotted", rot, "STORE_OBJECT_CORRUPT", 1],
      ["an image that is gone", loseImage, "STORE_IMAGE_MISSING", 1],
    ])("refuses what is staged because of %s", async (_what, change, code, exitStatus) => {
      await succeed(os("upgrade", "--medium", "stick-2.0", "--download-only"));
      change();
      const run = await os("upgrade", "--from-downloaded");
      expect(run.stderr).toContain(`[${code}]`);
      expect(run.exitStatus).toBe(exitStatus);
      await succeed(os("simulate-boot"));
      expect((await host()).status.booted?.image?.version).toBe("1.0");
    });
  });

  it("says that there is nothing staged, and that there is nothing new", async () => {
    expect((await os("upgrade", "--from-downloaded")).stderr).toContain(
      "No staged deployment found [DEPLOY_NOT_STAGED]",
    );
    expect(await succeed(os("upgrade", "--medium", "stick-1.0", "--check"))).toMatch(/^No changes in: stick-1\.0\n/);
    expect(await succeed(os("upgrade", "--medium", "stick-1.0"))).toMatch(/^No update available\.\n/);
  });

  it("takes no release older than the one that was provisioned, though no agent has run yet", async () => {
    const fresh = join(directory, "fresh");
    await succeed(install(fresh, "--medium", "stick-2.0"));
    device = fresh;
    await succeed(os("simulate-boot"));
    for (const verb of [["upgrade", "--medium"], ["switch"]]) {
      const run = await os(verb[0] ?? "", ...verb.slice(1), "stick-1.0");
      expect(run.stderr).toContain("[TRUST_SEQUENCE_OLDER]");
      expect(run.exitStatus).toBe(3);
    }
    const planned = await cli("agent", "run", "--sysroot", device, "--medium", "stick-1.0", "--dry-run");
    expect(planned.stderr).toContain("[TRUST_SEQUENCE_OLDER]");
  });

  it("installs nothing while the running system is not confirmed, and does not even read the medium", async () => {
    await makeStick("3.0", 3);
    await succeed(os("upgrade", "--medium", "stick-2.0"));
    await succeed(os("simulate-boot"));
    const images = () => readdirSync(join(device, "bootferry/images"));
    const before = images();
    for (const verb of [["upgrade", "--medium"], ["switch"]]) {
      const run = await os(verb[0] ?? "", ...verb.slice(1), "stick-3.0");
      expect(run.stderr).toContain("[DEPLOY_UNCONFIRMED]");
      expect(run.exitStatus).toBe(7);
    }
    expect(images()).toEqual(before);
  });
});

describe("os switch", () => {
  it("installs the release in a directory", async () => {
    expect(await succeed(os("switch", "--transport", "oci", "stick-2.0"))).toMatch(/^Queued for next boot: /);
  });

  it.each([
    ["refuses an image that nobody signed", [], "DEPLOY_IMAGE_UNSIGNED"],
    ["refuses it with --trust-local too, as the policy has it", ["--trust-local"], "DEPLOY_TRUST_LOCAL_REFUSED"],
  ])("%s", async (_what, args, code) => {
    const run = await os("switch", "image-2.0", ...args);
    expect(run.stderr).toContain(`[${code}]`);
    expect(run.exitStatus).toBe(3);
    expect(await versions()).toEqual([null, "1.0", null]);
  });
});

describe("os rollback", () => {
  beforeEach(async () => {
    await succeed(os("upgrade", "--medium", "stick-2.0"));
    await succeed(os("simulate-boot"));
    await succeed(cli("agent", "run", "--sysroot", device));
  });

  it("goes back, stays there over reboots, and leaves the floors where they are", async () => {
    expect(await succeed(os("rollback"))).toBe("Next boot: rollback deployment\n");
    expect(await succeed(os("rollback"))).toBe("Next boot: current deployment\n");
    expect((await os("rollback", "--apply")).stderr).toContain("Reboot asked for");
    for (let boots = 0; boots < 2; boots++) await succeed(os("simulate-boot"));
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
    expect((await os("upgrade", "--medium", "stick-1.0")).stderr).toContain("[TRUST_SEQUENCE_OLDER]");
  });

  it("changes nothing that boots before the agent's attempt has ended, which would bring it back", async () => {
    const journal = join(device, "bootferry/var/lib/bootferry/journal.json");
    rmSync(journal);
    mkdirSync(journal); // so that it can be neither read nor replaced
    expect((await os("rollback")).exitStatus).toBe(1);
    await succeed(os("simulate-boot"));
    expect(await versions()).toEqual([null, "2.0", "1.0"]);
  });
});

describe("kernel arguments of the machine", () => {
  const options = () => {
    const entries = join(device, "boot/loader/entries");
    const name = readdirSync(entries).find((file) => file.includes("+")) ?? "none";
    return /^options .* systemd\.crash_reboot=yes(.*)$/m.exec(readFileSync(join(entries, name), "utf8"))?.[1]?.trim();
  };

  it("change with an update, and stay as they are without", async () => {
    await succeed(os("upgrade", "--medium", "stick-2.0"));
    expect(options()).toBe("console=ttyS0");
    await succeed(os("rollback"));
    await succeed(os("upgrade", "--medium", "stick-2.0", "--karg", "debug", "--karg-delete", "console=ttyS0"));
    expect(options()).toBe("debug");
  });

  it("are checked before the medium is read", async () => {
    const run = await os("upgrade", "--medium", "nowhere", "--karg", "two words");
    expect([run.exitStatus, run.stderr]).toEqual([4, expect.stringContaining("[DEPLOY_KARGS_INVALID]")]);
  });
});

describe("os pin", () => {
  it("keeps a deployment through updates until it is taken back", async () => {
    expect(await succeed(os("pin"))).toMatch(/^\w+\.1 is pinned\.\n$/);
    expect(await succeed(os("pin", "booted"))).toMatch(/ is pinned already\.\n$/);
    expect((await host()).status.booted?.pinned).toBe(true);
    expect(await succeed(os("status", "--format", "human"))).toContain("booted, good, pinned, fs-verity off");
    expect(await succeed(os("unpin"))).toMatch(/ is not pinned\.\n$/);
    expect((await host()).status.booted?.pinned).toBe(false);
  });

  it.each(["rollback", "0123456789ab.9", "nonsense"])("refuses %s where there is none", async (name) => {
    const run = await os("pin", name);
    expect([run.exitStatus, run.stderr]).toEqual([1, expect.stringContaining("[DEPLOY_NOT_FOUND]")]);
  });
});

describe("os finalize", () => {
  const etcOf = async (slot: "booted" | "staged") => {
    const deploy = join(device, "bootferry/deploy");
    const digest = (await host()).status[slot]?.composefs?.verity.slice(0, 12) ?? "none";
    return join(deploy, readdirSync(deploy).find((name) => name.startsWith(digest)) ?? "none", "etc");
  };

  it("does nothing where nothing waits, and leaves alone what was only downloaded", async () => {
    expect(await succeed(os("finalize"))).toBe("Nothing waits for a reboot.\n");
    await succeed(os("upgrade", "--medium", "stick-2.0", "--download-only"));
    expect(await succeed(os("finalize"))).toBe("Nothing waits for a reboot.\n");
    expect((await host()).status.staged?.downloadOnly).toBe(true);
  });

  it("brings along what was changed since, and writes nothing when nothing was", async () => {
    await succeed(os("upgrade", "--medium", "stick-2.0"));
    const before = statSync(await etcOf("staged")).ino;
    expect(await succeed(os("finalize"))).toMatch(/^\w+\.2 is up to date\.\n$/);
    expect(statSync(await etcOf("staged")).ino).toBe(before);
    writeFileSync(join(await etcOf("booted"), "local.conf"), "late\n");
    await succeed(os("finalize"));
    expect(readFileSync(join(await etcOf("staged"), "local.conf"), "utf8")).toBe("late\n");
    expect(await succeed(os("status", "--format", "human"))).toMatch(/^Next boot: \w+\.2, kiosk-os 2\.0$/m);
    expect(await succeed(os("status", "--format", "human"))).toContain("waits for its first boot, 3 tries left");
  });
});

describe("os verify", () => {
  const damage = (path: string) => writeFileSync(join(device, path), "damaged");
  const objectOf = (size: number) => {
    const objects = join(device, "bootferry/objects");
    for (const top of readdirSync(objects)) {
      for (const name of readdirSync(join(objects, top))) {
        const path = join(objects, top, name);
        if (statSync(path).size === size) return path;
      }
    }
    throw new Error(`no object of ${size} bytes`);
  };

  it("finds a whole device whole", async () => {
    expect(await succeed(os("verify"))).toMatch(/^\d+ objects \(.*\) checked: all whole\n$/);
  });

  it("names a damaged object by the files that use it, and mends it from another release that has it", async () => {
    const shared = JSON.parse(await succeed(os("verify", "--json")));
    expect(shared.isWhole).toBe(true);
    const path = objectOf(5000);
    const size = statSync(path).size;
    rmSync(path);
    writeFileSync(path, Buffer.alloc(size));
    const run = await os("verify");
    expect(run.exitStatus).toBe(1);
    expect(run.stdout).toMatch(/^corrupt object [0-9a-f]{64}: [0-9a-f]{12}\.1:\/usr\/bin\/(app|same)$/m);
    expect(await succeed(os("verify", "--repair", "--medium", "stick-1.0"))).toMatch(/repaired, all whole\n$/);
    expect(await succeed(os("verify"))).toMatch(/: all whole\n$/);
  });

  it("writes a damaged kernel again from the store, without a medium", async () => {
    const [checksum = ""] = readdirSync(join(device, "boot/bootferry"));
    damage(`boot/bootferry/${checksum}/vmlinuz`);
    expect((await os("verify")).stdout).toContain(`damaged boot file bootferry/${checksum}/vmlinuz`);
    expect(await succeed(os("verify", "--repair"))).toMatch(/repaired/);
  });

  it("says what a medium could not mend", async () => {
    rmSync(objectOf(5000));
    const other = await os("verify", "--repair", "--medium", "image-1.0");
    expect(other.exitStatus).not.toBe(0);
    expect((await os("verify", "--repair")).stdout).toMatch(/^missing object /m);
  });
});

describe("a device whose image and configuration are damaged", () => {
  beforeEach(async () => {
    await succeed(os("upgrade", "--medium", "stick-2.0"));
    await succeed(os("simulate-boot"));
    await succeed(cli("agent", "run", "--sysroot", device));
    const booted = readdirSync(join(device, "bootferry/deploy")).find((id) => id.endsWith(".2")) ?? "";
    writeFileSync(join(device, "bootferry/deploy", booted, "etc/bootferry/agent.toml"), "[device\n");
    const image = readdirSync(join(device, "bootferry/images")).find((name) => name.startsWith(booted.slice(0, 12)));
    writeFileSync(join(device, "bootferry/images", image ?? ""), "damaged");
  });

  it("can still go back", async () => {
    expect(await succeed(os("rollback"))).toBe("Next boot: rollback deployment\n");
    await succeed(os("simulate-boot"));
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
    await succeed(cli("agent", "run", "--sysroot", device));
  });

  it("is mended from a medium with that release, and not from another", async () => {
    expect((await os("verify")).stdout).toMatch(/^damaged image v1-sha256-12:/m);
    expect((await os("verify", "--repair", "--medium", "stick-1.0")).exitStatus).toBe(1);
    expect(await succeed(os("verify", "--repair", "--medium", "stick-2.0"))).toMatch(/repaired, all whole\n$/);
  });
});

describe("os gc", () => {
  it("removes what an abandoned update left, and nothing twice", async () => {
    await succeed(os("upgrade", "--medium", "stick-2.0", "--download-only"));
    await succeed(os("upgrade", "--from-downloaded"));
    for (let boots = 0; boots < 4; boots++) await succeed(os("simulate-boot"));
    expect(await versions()).toEqual([null, "1.0", "2.0"]);
    expect(await succeed(os("gc", "--drop-rollback"))).toMatch(
      /^removed deployment \w+\.2\nremoved kernel \w+\nremoved \d+ objects, /,
    );
    expect(await succeed(os("gc"))).toBe("removed 0 objects, 0 B in all\n");
    expect(await succeed(os("verify"))).toMatch(/all whole/);
  });
});

describe("os status", () => {
  it("prints JSON on one line, YAML where there is no terminal, and text on request", async () => {
    const json = await succeed(os("status", "--format", "json", "--format-version", "1"));
    expect(json).not.toContain("\n");
    expect(json.startsWith('{"apiVersion":"org.containers.bootc/v1","kind":"BootcHost"')).toBe(true);
    expect(await succeed(os("status"))).toMatch(/^apiVersion: org\.containers\.bootc\/v1\nkind: BootcHost\n/);
    expect(await succeed(os("status", "--format", "human"))).toMatch(
      /^● Booted image: oci:bootferry:kiosk-os-1\.0-kiosk-amd64\n {8}Digest: sha256:\w+ \(amd64\)\n {8}Verity: \w{64}\n {7}Version: 1\.0\n\nNext boot: (?<id>\w{12}\.1), kiosk-os 1\.0\nDeployments:\n {2}\k<id> {2}kiosk-os 1\.0 {2}booted, good, fs-verity off\n$/,
    );
  });

  it("is the default status for a directory without a device, and makes nothing there", async () => {
    const empty = join(directory, `empty-${copies++}`);
    mkdirSync(empty);
    const run = await cli("os", "status", "--sysroot", empty, "--json");
    expect(JSON.parse(run.stdout).status.booted).toBeNull();
    expect(run.exitStatus).toBe(0);
    for (const verb of ["rollback", "gc", "verify"]) {
      expect((await cli("os", verb, "--sysroot", empty)).stderr).toContain("[DEPLOY_NOT_BOOTED]");
    }
    expect(readdirSync(empty)).toEqual([]);
  });

  it("refuses another format version, as wrong usage", async () => {
    const run = await os("status", "--format-version", "2");
    expect(run.stderr).toContain("Unsupported format version: 2 [CLI_USAGE]");
    expect(run.exitStatus).toBe(2);
  });
});

describe("os simulate-boot", () => {
  it("wants a simulated device, and one that has something to boot", async () => {
    expect((await cli("os", "simulate-boot")).exitStatus).toBe(2);
    rmSync(join(device, "boot/loader/entries"), { recursive: true });
    expect((await os("simulate-boot")).stderr).toContain("[BOOT_NOTHING_BOOTS]");
  });

  it("empties /run and gives the boot a new id", async () => {
    const before = readFileSync(join(device, "run/simulated/boot_id"), "utf8");
    writeFileSync(join(device, "run/left"), "over");
    await succeed(os("simulate-boot"));
    expect(readFileSync(join(device, "run/simulated/boot_id"), "utf8")).not.toBe(before);
    expect(existsSync(join(device, "run/left"))).toBe(false);
  });
});

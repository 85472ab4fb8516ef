/** What the native engine does with images, kernels, /etc and boot entries, from stage to gc, on simulated devices. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { verityOf } from "../../src/composefs/verity.ts";
import { activateDeployment } from "../../src/deploy/native/activate.ts";
import { planGarbage } from "../../src/deploy/native/gc.ts";
import { requireRoom } from "../../src/deploy/native/require-room.ts";
import { HostError } from "../../src/host/error.ts";
import { below, parseAbsPath } from "../../src/path.ts";
import {
  bootable,
  execWithSync,
  type ImageSpec,
  installAndBoot,
  openDeploymentFilesOfBooted,
  openTestDevice,
  storeImage,
  type TestDevice,
} from "../support/device-fixtures.ts";

let device: TestDevice;
beforeEach(async () => {
  device = await openTestDevice();
});
afterEach(() => device[Symbol.dispose]());

const kargs = (...lines: string[]) => ({ "usr/lib/bootc/kargs.d/10-a.toml": `kargs = ${JSON.stringify(lines)}\n` });
const stage = (spec: ImageSpec, version = "2.0") => device.backend.stage(storeImage(device.store, spec, version));
const update = async (spec: ImageSpec, version = "2.0") => {
  const staged = await stage(spec, version);
  const report = await device.backend.activate(staged);
  device.boot();
  return report;
};
const etc = async (...names: string[]) => {
  const { booted } = await device.backend.bootFacts();
  return below(device.paths.sysroot, "bootferry", "deploy", booted?.id ?? "none", "etc", ...names);
};
const commandLine = () => readFileSync(device.paths.kernelCommandLine, "utf8").trim().split(" ").slice(3);
const entryText = (fileName: string) => readFileSync(below(device.paths.boot, "loader", "entries", fileName), "utf8");

describe("confirming", () => {
  it("leaves a mark for programs that cannot read the boot partition, which is gone after a reboot", async () => {
    await installAndBoot(device, bootable("1.0"));
    await update(bootable("2.0"), "2.0");
    const mark = below(device.paths.runtimeDirectory, "confirmed");
    expect(existsSync(mark)).toBe(false);
    await device.backend.confirm();
    expect(readFileSync(mark, "utf8")).toBe(`${(await device.backend.bootFacts()).booted?.id}\n`);
    device.boot();
    expect(existsSync(mark)).toBe(false);
  });
});

describe("kernel arguments", () => {
  it("come from the image, change with it, and leave those of the machine alone", async () => {
    await installAndBoot(device, bootable("1.0", kargs("quiet", "old=1")), { kargs: ["console=ttyS0"] });
    expect(commandLine()).toEqual(["panic=10", "systemd.crash_reboot=yes", "quiet", "old=1", "console=ttyS0"]);
    await update(bootable("2.0", kargs("quiet", "new=1")));
    expect(commandLine()).toEqual(["panic=10", "systemd.crash_reboot=yes", "quiet", "new=1", "console=ttyS0"]);
    await device.backend.confirm();
    await update(bootable("3.0"), "3.0");
    expect(commandLine()).toEqual(["panic=10", "systemd.crash_reboot=yes", "console=ttyS0"]);
  });

  it("of the machine are added and removed with a deployment", async () => {
    await installAndBoot(device, bootable("1.0"), { kargs: ["a", "b"] });
    const image = storeImage(device.store, bootable("2.0"), "2.0");
    await device.backend.activate(await device.backend.stage(image, { addKargs: ["c"], removeKargs: ["a"] }));
    device.boot();
    expect(commandLine().slice(2)).toEqual(["b", "c"]);
  });

  it("that are malformed keep an image from being staged", async () => {
    await installAndBoot(device, bootable("1.0"));
    await expect(stage(bootable("2.0", { "usr/lib/bootc/kargs.d/1.toml": "karg = []" }))).rejects.toMatchObject({
      code: "DEPLOY_KARGS_INVALID",
      message: expect.stringContaining("/usr/lib/bootc/kargs.d/1.toml"),
    });
    expect(await device.backend.staged()).toBeUndefined();
  });
});

describe("kernels", () => {
  const twoKernels = { ...bootable("6.1"), "usr/lib/modules/6.2/vmlinuz": "another" };
  const { "usr/lib/modules/2.0/initramfs.img": _initramfs, ...withoutInitramfs } = bootable("2.0");

  it.each<[string, ImageSpec, string]>([
    ["without one", { "etc/hostname": "x" }, "DEPLOY_NO_KERNEL"],
    ["without its initramfs", withoutInitramfs, "DEPLOY_NO_KERNEL"],
    ["with two of them", twoKernels, "DEPLOY_SEVERAL_KERNELS"],
  ])("an image %s is not staged", async (_what, spec, code) => {
    await installAndBoot(device, bootable("1.0"));
    await expect(stage(spec)).rejects.toMatchObject({ code });
  });

  it("are found through links, and modules without a kernel do not count", async () => {
    const linked: ImageSpec = {
      "usr/lib/modules/6.1/vmlinuz": { link: "/boot/vmlinuz-6.1" },
      "boot/vmlinuz-6.1": "the kernel ".repeat(20),
      "usr/lib/modules/6.1/initramfs.img": "the initramfs ".repeat(20),
      "usr/lib/modules/6.1-extra/modules.dep": "x",
      "etc/hostname": "x",
    };
    await installAndBoot(device, linked);
    const [checksum = ""] = readdirSync(below(device.paths.boot, "bootferry"));
    expect(readFileSync(below(device.paths.boot, "bootferry", checksum, "vmlinuz"), "utf8")).toBe(
      "the kernel ".repeat(20),
    );
  });

  it("that are the same are shared, and digested again before they are relied on", async () => {
    await installAndBoot(device, bootable("6.1"));
    const staged = await stage({ ...bootable("6.1"), "etc/hostname": "another" });
    const [checksum = ""] = readdirSync(below(device.paths.boot, "bootferry"));
    const vmlinuz = below(device.paths.boot, "bootferry", checksum, "vmlinuz");
    const right = readFileSync(vmlinuz);
    writeFileSync(vmlinuz, Buffer.alloc(right.length)); // rotten: the right size, the wrong content
    await device.backend.activate(staged);
    expect(readFileSync(vmlinuz)).toEqual(right);
    expect(readdirSync(below(device.paths.boot, "bootferry"))).toEqual([checksum]);
  });

  it("of a deployment that is gone make room before the next one is written", async () => {
    await installAndBoot(device, bootable("1.0"));
    for (const version of ["2.0", "3.0"]) {
      await update(bootable(version), version);
      await device.backend.confirm();
    }
    expect(readdirSync(below(device.paths.boot, "bootferry"))).toHaveLength(2);
  });

  it("are counted by preflight only when they are not there yet", async () => {
    await installAndBoot(device, bootable("6.1"));
    const { engine, store } = device;
    const room = { neededBytes: 0, neededInodes: 0 };
    const image = storeImage(store, bootable("6.1", { "etc/x": "y" }), "2.0");
    expect(() => requireRoom(engine, image.root, room)).not.toThrow();
    expect(() => requireRoom(engine, image.root, { ...room, neededBytes: 2 ** 60 })).toThrow(
      expect.objectContaining({ code: "DEPLOY_NO_SPACE" }),
    );
  });
});

describe("/etc", () => {
  const passwd = (...names: string[]) => names.map((name, id) => `${name}:x:${id}:${id}::/:/bin/sh\n`).join("");

  it("carries what the device changed onto the new image, accounts by line", async () => {
    await installAndBoot(
      device,
      bootable("1.0", { "etc/passwd": passwd("root"), "etc/motd": "one\n", "etc/gone": "x" }),
    );
    writeFileSync(await etc("passwd"), `${passwd("root")}alice:x:1000:1000::/home/alice:/bin/sh\n`);
    writeFileSync(await etc("local.conf"), "mine\n");
    symlinkSync("/usr/share/zoneinfo/UTC", await etc("localtime"));
    mkdirSync(await etc("keys"), { mode: 0o700 });
    writeFileSync(await etc("keys", "secret"), "s", { mode: 0o600 });
    const { conflicts } = await update(bootable("2.0", { "etc/passwd": passwd("root", "_new"), "etc/motd": "two\n" }));
    expect(conflicts).toEqual([]);
    expect(readFileSync(await etc("passwd"), "utf8")).toBe(
      `${passwd("root", "_new")}alice:x:1000:1000::/home/alice:/bin/sh\n`,
    );
    expect(readFileSync(await etc("motd"), "utf8")).toBe("two\n");
    expect(readFileSync(await etc("local.conf"), "utf8")).toBe("mine\n");
    expect(readFileSync(await etc("keys", "secret"), "utf8")).toBe("s");
    expect(readdirSync(await etc()).sort()).toEqual(["hostname", "keys", "local.conf", "localtime", "motd", "passwd"]);
  });

  it("does not take for a change what the merge itself has written", async () => {
    await installAndBoot(device, bootable("1.0", { "etc/a": { text: "1", mode: 0o400 } }));
    await update(bootable("2.0", { "etc/a": { text: "2", mode: 0o400 } }));
    await device.backend.confirm();
    const { conflicts } = await update(bootable("3.0", { "etc/a": { text: "3", mode: 0o440 } }), "3.0");
    expect(conflicts).toEqual([]);
    expect(readFileSync(await etc("a"), "utf8")).toBe("3");
  });

  it("that could not be merged leaves nothing on the disk, which may be full", async () => {
    await installAndBoot(device, bootable("1.0"));
    const staged = await stage(bootable("2.0"));
    const unfinished = below(device.paths.sysroot, "bootferry", "deploy", staged.id, "etc.unfinished");
    const exec = execWithSync(() => {
      if (existsSync(unfinished)) throw new HostError("HOST_NO_SPACE", "the disk is full");
    });
    const engine = { ...device.engine, exec };
    await expect(activateDeployment(engine, staged)).rejects.toMatchObject({ code: "HOST_NO_SPACE" });
    expect(readdirSync(below(unfinished, ".."))).toEqual(["origin.json"]);
    expect((await device.backend.activate(staged)).conflicts).toEqual([]);
  });

  it("of the deployment that one goes back to is as it was left", async () => {
    await installAndBoot(device, bootable("1.0"));
    await update(bootable("2.0"));
    await device.backend.confirm();
    writeFileSync(await etc("hostname"), "changed in 2.0\n");
    await device.backend.rollback();
    device.boot();
    expect(readFileSync(await etc("hostname"), "utf8")).toBe("kiosk\n");
  });

  it("takes along what changes between activating and activating again", async () => {
    await installAndBoot(device, bootable("1.0"));
    const staged = await stage(bootable("2.0"));
    await device.backend.activate(staged);
    writeFileSync(await etc("late"), "just in time\n");
    await device.backend.activate(staged);
    device.boot();
    expect(readFileSync(await etc("late"), "utf8")).toBe("just in time\n");
  });

  it("keeps names and links that are no text", async () => {
    await installAndBoot(device, bootable("1.0"));
    const odd = Buffer.concat([Buffer.from(`${await etc()}/`), Buffer.from([0xff, 0xfe])]);
    writeFileSync(odd, "odd");
    await update(bootable("2.0"));
    const names = readdirSync(await etc(), { encoding: "buffer" }).map((name) => name.toString("hex"));
    expect(names).toContain("fffe");
  });

  it("writes through no link that somebody put in a directory's place", async () => {
    await installAndBoot(device, bootable("1.0", { "etc/d/file": "from the image\n" }));
    const outside = below(device.paths.sysroot, "outside");
    mkdirSync(outside);
    rmSync(await etc("d"), { recursive: true });
    symlinkSync(outside, await etc("d"));
    const { conflicts } = await update(bootable("2.0", { "etc/d/file": "changed\n" }));
    expect(conflicts).toEqual([{ path: "/etc/d", kind: "not-mergeable" }]);
    expect(readdirSync(outside)).toEqual([]);
  });
});

describe("boot entries", () => {
  it("name release, serial, kernel and digest", async () => {
    await installAndBoot(device, bootable("1.0"));
    const [fileName = ""] = device.entryFiles();
    expect(entryText(fileName)).toMatch(
      /^title kiosk-os 1\.0\nversion 1\nsort-key bootferry\nlinux \/bootferry\/[0-9a-f]{64}\/vmlinuz\ninitrd \/bootferry\/[0-9a-f]{64}\/initramfs\.img\noptions composefs\.digest=v1-sha256-12:[0-9a-f]{64} bootferry\.deployment=\w+\.1 bootferry\.verity=off panic=10 /,
    );
  });

  it("are not armed over a default, which would be booted even with no tries left", async () => {
    await installAndBoot(device, bootable("1.0"));
    writeFileSync(below(device.paths.boot, "loader", "loader.conf"), "default bootferry-*\n");
    await expect(stage(bootable("2.0"))).rejects.toMatchObject({ code: "DEPLOY_LOADER_UNSAFE" });
    expect((await device.backend.probe()).problem).toContain("loader.conf");
  });

  it("of other systems stay, and keep their kernels", async () => {
    await installAndBoot(device, bootable("1.0"));
    const foreign = below(device.paths.boot, "loader", "entries", "zz-debian.conf");
    writeFileSync(foreign, "title Debian\nsort-key zz\nlinux /debian/vmlinuz\n");
    await update(bootable("2.0"));
    await device.backend.confirm();
    await device.backend.gc({ dropRollback: true });
    expect(existsSync(foreign)).toBe(true);
  });

  it("of a rollback are taken away when nothing needs them", async () => {
    await installAndBoot(device, bootable("1.0"));
    await update(bootable("2.0"));
    await device.backend.confirm();
    await device.backend.rollback();
    device.boot();
    await update(bootable("3.0"), "3.0");
    await device.backend.confirm();
    await device.backend.gc();
    const serials = device.entryFiles().map((name) => name.replace(/^bootferry-[0-9a-f]{12}/, ""));
    expect(serials.sort()).toEqual([".1-r3.conf", ".4.conf"]);
    expect((await device.backend.status()).status.rollback?.image?.version).toBe("1.0");
  });

  it.each([
    ["its entry", false],
    ["its entry and its kernel", true],
  ])(
    "of a deployment that runs and has lost %s: assessed, and published again when it is confirmed",
    async (_what, isKernelGone) => {
      await installAndBoot(device, bootable("1.0"));
      const [oldEntry = ""] = device.entryFiles();
      const oldText = entryText(oldEntry);
      const { id } = await update(bootable("2.0"));
      const [newEntry = ""] = device.entryFiles().filter((name) => name !== oldEntry);
      const vmlinuz = below(device.paths.boot, /^linux \/(\S+)$/m.exec(entryText(newEntry))?.[1] ?? "none");
      rmSync(below(device.paths.boot, "loader", "entries", newEntry));
      if (isKernelGone) rmSync(vmlinuz);

      expect(await device.backend.bootFacts()).toMatchObject({ assessment: "assessing", canFallBack: true });
      await expect(stage(bootable("3.0"), "3.0")).rejects.toMatchObject({ code: "DEPLOY_UNCONFIRMED" });
      await device.backend.confirm();
      const { assessment, nextBoot } = await device.backend.bootFacts();
      expect({ assessment, nextBoot }).toEqual({ assessment: "confirmed", nextBoot: id });
      expect(readFileSync(vmlinuz, "utf8")).toBe("kernel 2.0 ".repeat(10));
      expect(entryText(oldEntry)).toBe(oldText);
      const entries = device.entryFiles();
      await device.backend.confirm();
      expect(device.entryFiles()).toEqual(entries);
    },
  );

  it("that were lost leave what runs assessed, also when a record of its staging outlived a power cut", async () => {
    await installAndBoot(device, bootable("1.0"));
    const staged = await stage(bootable("2.0"));
    const record = below(device.paths.sysroot, "bootferry", "staged.json");
    const text = readFileSync(record);
    const before = device.entryFiles();
    await device.backend.activate(staged);
    device.boot();
    writeFileSync(record, text);
    const lost = device.entryFiles().filter((name) => !before.includes(name));
    for (const name of lost) rmSync(below(device.paths.boot, "loader", "entries", name));
    expect((await device.backend.bootFacts()).assessment).toBe("assessing");
    await device.backend.confirm();
    expect((await device.backend.bootFacts()).nextBoot).toBe(staged.id);
  });
});

describe("the room that a collection would give", () => {
  it("leaves out what is shared with an image that stays, and what is wanted again", async () => {
    const [shared, own, again] = [180_000, 60_000, 30_000].map((length) => "x".repeat(length));
    const files = { "usr/shared": shared ?? "" };
    await installAndBoot(device, bootable("1.0", { ...files, "usr/own": own ?? "", "usr/again": again ?? "" }));
    await update(bootable("2.0", files));
    await device.backend.confirm();
    const wanted = verityOf(Buffer.from(again ?? ""));
    const all = planGarbage(device.engine, { dropRollback: true }, () => false);
    const rest = planGarbage(device.engine, { dropRollback: true }, (digest) => digest === wanted);
    expect(all.inodes - rest.inodes).toBe(1);
    expect(all.bytes - rest.bytes).toBeGreaterThanOrEqual(again?.length ?? 0);
    expect(rest.bytes).toBeGreaterThanOrEqual(own?.length ?? 0);
    expect(rest.bytes).toBeLessThan(shared?.length ?? 0); // kernel, metadata and `own` together are less
  });

  it("is nothing while all is needed, and at least what is freed then", async () => {
    await installAndBoot(device, bootable("1.0"));
    await update(bootable("2.0"));
    await device.backend.confirm();
    await device.backend.gc();
    expect(planGarbage(device.engine, {}, () => false)).toEqual({ bytes: 0, inodes: 0 });
    const planned = planGarbage(device.engine, { dropRollback: true }, () => false);
    const { freedBytes } = await device.backend.gc({ dropRollback: true });
    expect(planned.bytes).toBeGreaterThanOrEqual(freedBytes); // whole blocks
    expect(freedBytes).toBeGreaterThan(0);
  });
});

describe("what is found on disk", () => {
  it("leaves a deployment with a damaged origin alone as long as an entry names it", async () => {
    await installAndBoot(device, bootable("1.0"));
    const { id } = await update(bootable("2.0"));
    for (let boots = 0; boots < 3; boots++) device.boot();
    writeFileSync(below(device.paths.sysroot, "bootferry", "deploy", id, "origin.json"), "{");
    expect((await device.backend.status()).status.rollback).toBeNull();
    await device.backend.gc();
    expect(readdirSync(below(device.paths.sysroot, "bootferry", "deploy"))).toContain(id);
    expect((await stage(bootable("3.0"), "3.0")).id.endsWith(".3")).toBe(true);
  });

  it("takes a damaged record of what is staged for none, and sweeps what it named", async () => {
    await installAndBoot(device, bootable("1.0"));
    const { id } = await stage(bootable("2.0"));
    writeFileSync(below(device.paths.sysroot, "bootferry", "staged.json"), '{"version":1,"id":"../..');
    expect(await device.backend.staged()).toBeUndefined();
    await device.backend.gc();
    expect(readdirSync(below(device.paths.sysroot, "bootferry", "deploy"))).not.toContain(id);
  });

  it("is touched by nothing while the boot partition is not mounted", async () => {
    await installAndBoot(device, bootable("1.0"));
    await update(bootable("2.0"));
    const { boot, sysroot } = device.paths;
    const deployments = () => readdirSync(below(sysroot, "bootferry", "deploy"));
    const before = deployments();
    renameSync(boot, `${boot}.elsewhere`);
    mkdirSync(boot);
    const absent = { code: "DEPLOY_BOOT_PARTITION_ABSENT" };
    const { bootFacts, confirm, gc, rollback } = device.backend;
    for (const verb of [bootFacts, confirm, gc, rollback]) await expect(verb()).rejects.toMatchObject(absent);
    await expect(stage(bootable("3.0"), "3.0")).rejects.toMatchObject(absent);
    expect([deployments(), readdirSync(boot)]).toEqual([before, []]);
    rmSync(boot, { recursive: true });
    renameSync(`${boot}.elsewhere`, boot);
    expect((await device.backend.bootFacts()).assessment).toBe("assessing"); // and not taken for confirmed meanwhile
  });

  it("does nothing on a machine that runs something else", async () => {
    await installAndBoot(device, bootable("1.0"));
    writeFileSync(device.paths.kernelCommandLine, "root=/dev/sda1 quiet\n");
    await expect(stage(bootable("2.0"))).rejects.toMatchObject({ code: "DEPLOY_NOT_BOOTED" });
    await expect(device.backend.confirm()).rejects.toMatchObject({ code: "DEPLOY_NOT_BOOTED" });
    await expect(device.backend.gc()).rejects.toMatchObject({ code: "DEPLOY_NOT_BOOTED" });
    expect((await device.backend.status()).status.booted).toBeNull();
    expect(await device.backend.bootFacts()).toMatchObject({
      booted: undefined,
      assessment: "not-booted",
      canFallBack: true,
    });
  });

  it("keeps a pinned deployment over updates and collections", async () => {
    await installAndBoot(device, bootable("1.0"));
    const first = (await device.backend.bootFacts()).booted?.id ?? "none";
    writeFileSync(below(device.paths.sysroot, "bootferry", "deploy", first, "pinned"), "");
    for (const version of ["2.0", "3.0"]) {
      await update(bootable(version), version);
      await device.backend.confirm();
    }
    await device.backend.gc();
    const { otherDeployments } = (await device.backend.status()).status;
    expect(otherDeployments).toMatchObject([{ pinned: true, image: { version: "1.0" } }]);
  });

  it("never activates an image whose kernel has rotted in the store", async () => {
    await installAndBoot(device, bootable("1.0"));
    const image = storeImage(device.store, bootable("2.0"), "2.0");
    const staged = await device.backend.stage(image);
    for (const object of device.store.listObjects()) {
      const path = device.store.objectFile(object.digest);
      if (readFileSync(path, "utf8").startsWith("kernel 2.0")) writeFileSync(path, Buffer.alloc(object.sizeBytes));
    }
    await expect(device.backend.activate(staged)).rejects.toMatchObject({ code: "STORE_OBJECT_CORRUPT" });
    expect(device.entryFiles()).toHaveLength(1);
    expect((await device.backend.staged())?.id).toBe(staged.id);
  });
});

describe("the files of a simulated device", () => {
  it("are those of /etc, /var, /run and the image, links followed from one to the other", async () => {
    await installAndBoot(device, {
      ...bootable("1.0"),
      "usr/lib/os-release": "ID=kiosk\n",
      "etc/os-release": { link: "../usr/lib/os-release" },
      "usr/lib/conf": { link: "/etc" },
      "etc/loop": { link: "loop" },
      "etc/out": { link: "../../../../../../../../etc/hostname" },
      "var/run": { link: "/run" },
    });
    const files = openDeploymentFilesOfBooted(device);
    const read = async (path: string) => (await files.readFile(parseAbsPath(path)))?.toString();
    writeFileSync(await etc("hostname"), "changed\n");
    writeFileSync(below(device.paths.sysroot, "run", "state"), "running\n");
    expect(await read("/etc/os-release")).toBe("ID=kiosk\n");
    expect(await read("/usr/lib/conf/hostname")).toBe("changed\n");
    expect(await read("/etc/out")).toBe("changed\n"); // `..` stops at the device's root
    expect(await read("/var/run/state")).toBe("running\n");
    expect(await read("/etc/loop")).toBeUndefined();
    expect(await read("/etc")).toBeUndefined();
    expect(await read("/nowhere/at/all")).toBeUndefined();
    expect(await files.listDirectory(parseAbsPath("/usr/lib/conf"))).toContain("hostname");
    expect(await files.listDirectory(parseAbsPath("/nowhere"))).toEqual([]);
  });

  it("are written out of the image for programs to be run from them, anew each time", async () => {
    await installAndBoot(device, { ...bootable("1.0"), "usr/lib/checks/a": { text: "#!/bin/sh\n", mode: 0o755 } });
    const files = openDeploymentFilesOfBooted(device);
    const copy = files.materialise(parseAbsPath("/usr/lib/checks"));
    if (copy === undefined) throw new Error("the image has the directory");
    writeFileSync(below(copy, "b"), "left over");
    chmodSync(below(copy, "a"), 0o644);
    expect(files.materialise(parseAbsPath("/usr/lib/checks"))).toBe(copy);
    expect(readdirSync(copy)).toEqual(["a"]);
    expect(files.materialise(parseAbsPath("/usr/lib/none"))).toBeUndefined();
    expect(files.materialise(parseAbsPath("/etc"))).toBe(await etc());
  });
});

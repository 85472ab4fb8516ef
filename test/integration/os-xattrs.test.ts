/** Extended attributes and access control lists of /etc, by GNU tar and cp as a device runs them. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HostError } from "../../src/host/error.ts";
import { type Exec, execOnHost } from "../../src/host/exec.ts";
import { below } from "../../src/path.ts";
import {
  bootable,
  execWithSync,
  type ImageSpec,
  installAndBoot,
  openTestDevice,
  storeImage,
  type TestDevice,
} from "../support/device-fixtures.ts";
import { setXattrs, xattrsOf } from "../support/xattrs.ts";

const withSync = execWithSync();
let exec: Exec;
let device: TestDevice;
beforeEach(async () => {
  exec = async (argv, options) => (argv[0] === "sync" ? withSync : execOnHost)(argv, options);
  device = await openTestDevice({ exec: (argv, options) => exec(argv, options) });
});
afterEach(() => device[Symbol.dispose]());

const stage = (spec: ImageSpec, version: string) => device.backend.stage(storeImage(device.store, spec, version));
const update = async (spec: ImageSpec, version = "2.0") => {
  const report = await device.backend.activate(await stage(spec, version));
  device.boot();
  return report;
};
const etc = async (...names: string[]) => {
  const { booted } = await device.backend.bootFacts();
  return below(device.paths.sysroot, "bootferry", "deploy", booted?.id ?? "none", "etc", ...names);
};

const LIST = "user::rw-,user:1234:r--,group::---,mask::r--,other::---";
const secret = (text: string) => ({ "etc/secret": { text, mode: 0o640 } });
const noted = (text: string, note: string) => ({ "etc/noted": { text, mode: 0o644, xattrs: { "user.note": note } } });

describe("an update", () => {
  it("carries what the device has set along, on files of the image and on its own", async () => {
    await installAndBoot(device, bootable("1.0", secret("one")));
    mkdirSync(await etc("drop"), { mode: 0o750 });
    writeFileSync(await etc("drop", "own"), "mine");
    await setXattrs(await etc(), "secret", { "acl.access": LIST });
    await setXattrs(await etc(), "drop", { "acl.default": LIST });
    await setXattrs(await etc("drop"), "own", { "xattr.user.origin": "a = b" });
    const wanted = {
      secret: { "acl.access": LIST },
      drop: { "acl.default": LIST },
      "drop/own": { "xattr.user.origin": "a = b" },
    };
    expect(await xattrsOf(await etc())).toMatchObject(wanted);
    const before = await etc();

    const { conflicts } = await update(bootable("2.0", secret("two")));

    expect(await etc()).not.toBe(before);
    expect(conflicts).toEqual([]);
    expect(await xattrsOf(await etc())).toMatchObject(wanted);
    expect(readFileSync(await etc("secret"), "utf8")).toBe("two");
    expect(readFileSync(await etc("drop", "own"), "utf8")).toBe("mine");
    expect(statSync(await etc("secret")).mode & 0o7777).toBe(0o640);
    expect(statSync(await etc("drop")).mode & 0o7777).toBe(0o750);
    expect(statSync(await etc("secret")).mtimeMs).toBe(1_700_000_000_000);
  });

  it("sets what the images say, and keeps what the device says otherwise", async () => {
    await installAndBoot(device, bootable("1.0", noted("one", "first")));
    expect(await xattrsOf(await etc())).toEqual({ noted: { "xattr.user.note": "first" } });
    await update(bootable("2.0", noted("one", "second")));
    expect(await xattrsOf(await etc())).toEqual({ noted: { "xattr.user.note": "second" } });
    await device.backend.confirm();
    await setXattrs(await etc(), "noted", { "xattr.user.note": "of this device" });
    await update(bootable("3.0", noted("two", "third")), "3.0");
    expect(await xattrsOf(await etc())).toEqual({ noted: { "xattr.user.note": "of this device" } });
    expect(readFileSync(await etc("noted"), "utf8")).toBe("two");
  });

  it("takes along what is set just before the reboot, and else leaves alone what is ready", async () => {
    await installAndBoot(device, bootable("1.0", secret("one")));
    await setXattrs(await etc(), "secret", { "acl.access": LIST });
    const staged = await stage(bootable("2.0", secret("two")), "2.0");
    await device.backend.activate(staged);
    const next = below(device.paths.sysroot, "bootferry", "deploy", staged.id, "etc");
    const { ino } = statSync(next);
    await device.backend.activate(staged);
    expect(statSync(next).ino).toBe(ino);
    await setXattrs(await etc(), "hostname", { "xattr.user.late": "1" });
    await device.backend.activate(staged);
    expect(await xattrsOf(next)).toMatchObject({
      secret: { "acl.access": LIST },
      hostname: { "xattr.user.late": "1" },
    });
  });

  it("is not held up where there is no GNU tar, and says what is not carried along", async () => {
    await installAndBoot(device, bootable("1.0", secret("one")));
    const real = exec;
    exec = async (argv, options) => {
      if (argv[0] === "tar") throw new HostError("HOST_TOOL_FAILED", "tar: unrecognized option: xattrs");
      return real(argv, options);
    };
    const { notApplied } = await update(bootable("2.0", { ...secret("two"), ...noted("one", "first") }));
    expect(notApplied.filter(({ what }) => what === "xattrs")).toEqual([
      { path: "/etc", what: "xattrs" },
      { path: "/etc/noted", what: "xattrs" },
    ]);
    expect(readFileSync(await etc("noted"), "utf8")).toBe("one");
    expect(readFileSync(await etc("secret"), "utf8")).toBe("two");
  });

  it("leaves every file whole when the tools fail half way", async () => {
    await installAndBoot(device, bootable("1.0"));
    const real = exec;
    exec = async (argv, options) => {
      if (argv[0] === "cp") throw new HostError("HOST_TOOL_FAILED", "cp: No space left on device");
      return real(argv, options);
    };
    const { notApplied } = await update(bootable("2.0", noted("one", "first")));
    expect(notApplied).toContainEqual({ path: "/etc/noted", what: "xattrs" });
    expect(readFileSync(await etc("noted"), "utf8")).toBe("one");
    expect(statSync(await etc("noted")).mode & 0o7777).toBe(0o644);
  });
});

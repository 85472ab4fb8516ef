import { describe, expect, it } from "vitest";
import { examine } from "../../../../src/cli/doctor/examine.ts";
import type { DeviceFacts, MachineFacts } from "../../../../src/cli/doctor/facts.ts";
import { countVerdicts, isReady, type Verdict } from "../../../../src/cli/doctor/finding.ts";
import { ConfigError } from "../../../../src/config/error.ts";
import { SupportError } from "../../../../src/support/error.ts";
import { configured, device, finding, machine, UNITS, without } from "./machine.ts";

/** Whether files can be sealed, or are; the level of agent.toml; what is said of that. */
const SEALING: readonly (readonly [boolean | undefined, string, Verdict])[] = [
  [true, "required", "found"],
  [false, "on", "warning"],
  [false, "required", "missing"],
  [false, "off", "not needed"],
  [undefined, "on", "unknown"],
];

describe("a machine that has everything", () => {
  it.each<[string, MachineFacts]>([
    ["workstation", machine()],
    ["device", machine({ device: device() })],
    ["device that is a workstation, too", machine({ device: device(), roles: ["workstation", "device"] })],
  ])("is ready to be a %s, and nothing is to be done", (_, facts) => {
    const findings = examine(facts);
    expect(isReady(findings)).toBe(true);
    const { missing, warning, unknown, optional } = countVerdicts(findings);
    expect({ missing, warning, unknown, optional }).toEqual({ missing: 0, warning: 0, unknown: 0, optional: 0 });
    expect(findings.filter(({ remedy }) => remedy !== null)).toEqual([]);
  });
});

describe("a tool that is not there", () => {
  it.each<[string, Verdict, MachineFacts]>([
    ["lsblk", "missing", machine()],
    ["skopeo", "optional", machine()],
    ["bootc", "not needed", machine()],
    ["systemctl", "missing", machine({ device: device() })],
    ["systemctl", "not needed", machine({ device: device({ isSimulated: true }) })],
    ["bootc", "not needed", machine({ device: device() })],
    ["bootc", "missing", machine({ device: device({ backend: "bootc" }) })],
    ["ostree", "optional", machine({ device: device({ backend: "bootc" }) })],
    ["ostree", "not needed", machine({ device: device() })],
    ["fsfreeze", "not needed", machine({ device: device() })],
    ["fsfreeze", "missing", machine({ device: device({ loader: { kind: "grub", problem: undefined } }) })],
    ["fw_setenv", "not needed", machine({ device: device({ loader: { kind: "grub", problem: undefined } }) })],
    ["fw_setenv", "missing", machine({ device: device({ loader: { kind: "u-boot", problem: undefined } }) })],
    ["fsverity", "optional", machine({ device: device() })],
    ["fsverity", "missing", machine({ device: device({ config: configured('store.fs-verity = "required"') }) })],
    ["fsverity", "not needed", machine({ device: device({ config: configured('store.fs-verity = "off"') }) })],
    ["cryptsetup", "optional", machine({ device: device() })],
    ["cryptsetup", "missing", machine({ device: device({ config: configured('media.luks.key-file = "/etc/k"') }) })],
    ["mkfs.vfat", "not needed", machine({ device: device() })],
    ["mkfs.vfat", "optional", machine({ device: device(), roles: ["workstation", "device"] })],
  ])("%s is %s where that is so", (tool, verdict, facts) => {
    const found = finding({ ...facts, hasTool: without(tool) }, tool);
    expect(found.verdict).toBe(verdict);
    expect(found.remedy === null).toBe(verdict === "not needed");
  });

  it.each<[MachineFacts["distribution"], string]>([
    ["debian", "apt install cryptsetup-bin"],
    ["fedora", "dnf install cryptsetup"],
    ["other", "Install the package with it (Debian: cryptsetup-bin; Fedora: cryptsetup)."],
  ])("is told with its package on %s", (distribution, remedy) => {
    expect(finding(machine({ distribution, hasTool: without("cryptsetup") }), "cryptsetup").remedy).toBe(remedy);
  });

  it("is no package where the distribution has none", () => {
    const facts = machine({ device: device({ backend: "bootc" }), hasTool: without("bootc") });
    expect(finding(facts, "bootc").remedy).toBe("Debian has no package with bootc.");
  });

  it("is not missed when its twin is there", () => {
    const facts = machine({ device: device({ backend: "bootc" }), hasTool: without("grub2-editenv") });
    expect(finding(facts, "grub2-editenv or grub-editenv").verdict).toBe("found");
  });
});

describe("the kernel", () => {
  const lacking = (feature: string, state: "absent" | "unknown") => ({
    release: "6.12.0",
    sealsExt4: true,
    features: { ...machine().kernel.features, [feature]: state },
  });

  it.each<[string, Verdict, MachineFacts]>([
    ["erofs", "missing", machine({ device: device() })],
    ["erofs", "not needed", machine({ device: device({ backend: "bootc" }) })],
    ["erofs", "not needed", machine()],
    ["exfat", "optional", machine()],
    ["exfat", "missing", machine({ device: device() })],
    ["exfat", "not needed", machine({ device: device({ config: configured('media.filesystems = ["vfat"]') }) })],
    ["dm_crypt", "optional", machine({ device: device() })],
    ["dm_crypt", "missing", machine({ device: device({ config: configured('media.luks.key-file = "/k"') }) })],
  ])("without %s: it is %s where that is so", (feature, verdict, facts) => {
    expect(finding({ ...facts, kernel: lacking(feature, "absent") }, feature).verdict).toBe(verdict);
  });

  it("is not judged where its modules are not to be seen", () => {
    const facts = machine({ device: device(), kernel: lacking("erofs", "unknown") });
    expect(finding(facts, "erofs")).toMatchObject({ verdict: "unknown", remedy: expect.stringContaining("container") });
  });

  it.each<[string, string, Verdict]>([
    ["6.12.0", "required", "found"],
    ["6.6.1", "on", "found"],
    ["6.1.0-9-amd64", "on", "warning"],
    ["6.1.0-9-amd64", "required", "missing"],
    ["6.1.0-9-amd64", "off", "not needed"],
    ["10.0", "required", "found"],
  ])("Linux %s with fs-verity %s: comparing files is %s", (release, level, verdict) => {
    const facts = machine({ device: device({ config: configured(`store.fs-verity = "${level}"`) }) });
    expect(finding({ ...facts, kernel: { ...facts.kernel, release } }, "overlay with verity").verdict).toBe(verdict);
  });

  it.each(SEALING)("whose ext4 can seal files (%s) with fs-verity %s: that is %s", (sealsExt4, level, verdict) => {
    const facts = machine({ device: device({ config: configured(`store.fs-verity = "${level}"`) }) });
    expect(finding({ ...facts, kernel: { ...facts.kernel, sealsExt4 } }, "fs-verity of ext4").verdict).toBe(verdict);
  });

  it.each(SEALING)("a store whose files are sealed (%s) with fs-verity %s is %s", (isSealed, level, verdict) => {
    const facts = machine({ device: device({ isSealed, config: configured(`store.fs-verity = "${level}"`) }) });
    expect(finding(facts, "fs-verity of the store").verdict).toBe(verdict);
  });
});

describe("permissions", () => {
  const kim = { isRoot: false, name: "kim", groups: ["plugdev"] };

  it("of a user say what could not be seen on a device, and suffice at a workstation", () => {
    expect(finding(machine({ user: kim }), "user")).toMatchObject({ verdict: "found", detail: "kim, in plugdev" });
    const onDevice = finding(machine({ user: kim, device: device() }), "user");
    expect(onDevice).toMatchObject({ verdict: "unknown", remedy: expect.stringContaining("sudo") });
  });

  it.each<[string, "yes" | "no" | "absent", typeof kim, Verdict]>([
    ["/var/lib/bootferry", "yes", kim, "found"],
    ["/var/lib/bootferry", "no", kim, "unknown"],
    ["/var/lib/bootferry", "no", machine().user as typeof kim, "missing"],
    ["/dev/sdb", "no", kim, "optional"],
    ["/dev/sdb", "absent", kim, "optional"],
  ])("to write to %s: %s", (path, access, user, verdict) => {
    const facts = machine({ user, device: device(), access: [{ path, access }] });
    expect(finding(facts, `writing to ${path}`).verdict).toBe(verdict);
  });
});

describe("units", () => {
  const withUnit = (name: string, changes: object) => {
    const units = UNITS.map((unit) => (unit.name === name ? { ...unit, ...changes } : unit));
    return machine({ device: device({ units }) });
  };

  it.each([
    ["not installed", machine({ device: device({ units: [] }) }), "Install the .deb"],
    ["masked", withUnit("bootferry-agent.service", { isMasked: true }), "systemctl unmask bootferry-agent.service"],
    [
      "not enabled",
      withUnit("bootferry-agent.service", { isEnabled: false }),
      "systemctl enable bootferry-agent.service",
    ],
  ])("that are %s are missing", (detail, facts, remedy) => {
    const found = finding(facts, "bootferry-agent.service");
    expect(found).toMatchObject({ verdict: "missing", detail, remedy: expect.stringContaining(remedy) });
  });

  it("that another one can do without are optional", () => {
    const panel = { name: "bootferry-panel.service", isForEnabling: true, isEnabled: false, isMasked: false };
    const facts = machine({ device: device({ units: [...UNITS, panel] }) });
    expect(finding(facts, "bootferry-panel.service")).toMatchObject({ verdict: "optional", detail: "not enabled" });
  });

  it("the udev rule or the watch has to notice a medium", () => {
    const watch = { name: "bootferry-watch.service", isForEnabling: true, isEnabled: true, isMasked: false };
    const rule = (changes: Partial<DeviceFacts>) =>
      finding(machine({ device: device(changes) }), "70-bootferry.rules").verdict;
    expect(rule({})).toBe("found");
    expect(rule({ hasUdevRule: false })).toBe("missing");
    expect(rule({ hasUdevRule: false, units: [...UNITS, watch] })).toBe("not needed");
  });
});

describe("the boot loader", () => {
  it.each<[string, Partial<DeviceFacts>, Verdict]>([
    ["that counts", {}, "found"],
    ["that would not fall back", { loader: { kind: "grub", problem: "it is not sourced" } }, "missing"],
    ["that cannot be seen", { loader: undefined }, "unknown"],
    ["of a machine without deployment", { isDeployed: false, loader: undefined }, "unknown"],
    [
      "of a bootc host that counts in greenboot's way",
      { backend: "bootc", countingGrub: "/boot/grub2/grub.cfg" },
      "found",
    ],
    ["of a bootc host that counts nothing", { backend: "bootc" }, "warning"],
  ])("%s", (_, changes, verdict) => {
    expect(finding(machine({ device: device(changes) }), "boot counting").verdict).toBe(verdict);
  });
});

describe("agent.toml and the trust root", () => {
  it("shows what is set, and passes over defaults", () => {
    const survey = {
      ...configured(),
      keys: [...configured().keys, { key: "install.tries", value: 3, from: undefined }],
    };
    const facts = machine({ device: device({ config: survey }) });
    expect(finding(facts, "device.compatible")).toMatchObject({
      verdict: "found",
      detail: '"acme", set in /etc/bootferry/agent.toml',
    });
    expect(finding(facts, "install.tries")).toMatchObject({ verdict: "not needed", detail: "default: 3" });
  });

  it("tells every problem with its code", () => {
    const problems = [
      new ConfigError("CONFIG_KEY_UNKNOWN", "agent.toml: unknown key trys"),
      new ConfigError("CONFIG_KEY_MISSING", "agent.toml: the key follow.name is missing"),
    ];
    const config = { config: undefined, problems, files: configured().files, keys: [] };
    const facts = machine({ device: device({ config, trust: undefined }) });
    expect(finding(facts, "agent.toml").verdict).toBe("missing");
    expect(finding(facts, "CONFIG_KEY_UNKNOWN").detail).toContain("trys");
    expect(finding(facts, "CONFIG_KEY_MISSING").remedy).toBe(problems[1]?.remedy);
  });

  it("a recipient of logs with a typing error is a warning: the device updates all the same", () => {
    const badRecipient = new SupportError("SUPPORT_RECIPIENT_INVALID", '"age1x" is no recipient');
    const facts = machine({ device: device({ badRecipient }) });
    expect(finding(facts, "support recipients")).toMatchObject({ verdict: "warning", detail: badRecipient.message });
    expect(isReady(examine(facts))).toBe(true);
  });

  it.each<[DeviceFacts["trust"], Verdict]>([
    [{ kind: "root", version: 1, expiresAt: null, isExpired: false, ignored: [] }, "found"],
    [{ kind: "root", version: 1, expiresAt: "2020-01-01T00:00:00Z", isExpired: true, ignored: [] }, "missing"],
    [{ kind: "problem", message: "no root document", remedy: "put one there", isForbidden: false }, "missing"],
    [{ kind: "problem", message: "EACCES", remedy: "sudo", isForbidden: true }, "unknown"],
  ])("a root that is %j is %s", (trust, verdict) => {
    expect(finding(machine({ device: device({ trust }) }), "trust root").verdict).toBe(verdict);
  });

  it("a root file that is not believed is a warning beside the root that is", () => {
    const trust = { kind: "root", version: 2, expiresAt: null, isExpired: false, ignored: ["x is ignored"] } as const;
    const facts = machine({ device: device({ trust }) });
    expect(finding(facts, "root file")).toMatchObject({ verdict: "warning", detail: "x is ignored" });
    expect(finding(facts, "trust root").verdict).toBe("found");
  });
});

describe("what a device keeps", () => {
  const space = (freeBytes: number) => ({ path: "/boot", freeBytes, totalBytes: 1 << 30 });

  it.each<[string, Partial<DeviceFacts>, Verdict]>([
    ["room for the store", { store: space(100 << 20) }, "warning"],
    ["room for the store", { store: undefined }, "unknown"],
    ["room on the boot partition", { boot: space(100 << 20) }, "warning"],
    ["device key", { deviceKey: { path: "k", mode: "absent" } }, "optional"],
    ["device key", { deviceKey: { path: "k", mode: "forbidden" } }, "unknown"],
    ["device key", { deviceKey: { path: "k", mode: 0o640 } }, "warning"],
    ["clock", { isClockSynchronised: false }, "optional"],
    [
      "clock",
      { isClockSynchronised: false, config: configured('reboot = { policy = "window", window = "02:00-03:00" }') },
      "warning",
    ],
  ])("%s with %j is %s", (name, changes, verdict) => {
    expect(finding(machine({ device: device(changes) }), name).verdict).toBe(verdict);
  });
});

describe("media that are plugged in", () => {
  const stick = (filesystem: string | null, label: string | null) =>
    machine({ media: [{ path: "/dev/sdb1", filesystem, label, disk: "Acme stick" }] });

  it.each<[string | null, string | null, Verdict, boolean]>([
    ["vfat", "BOOTFERRY", "found", false],
    ["crypto_LUKS", "BOOTFERRY", "found", false],
    ["ntfs", "BOOTFERRY", "not needed", true],
    ["vfat", "PHOTOS", "not needed", false],
    [null, null, "not needed", false],
  ])("with %s labelled %s", (filesystem, label, verdict, hasRemedy) => {
    const found = finding(stick(filesystem, label), "/dev/sdb1");
    expect(found.verdict).toBe(verdict);
    expect(found.remedy !== null).toBe(hasRemedy);
  });
});

/** What the units promise each other and the agent, read from their files. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { trustStateFiles } from "../../../src/agent/trust-memory.ts";
import { agentConfigSchema } from "../../../src/config/agent-config.ts";
import { HOST_DEVICE_PATHS } from "../../../src/config/device-paths.ts";
import { DEFAULT_PORT } from "../../../src/panel/address.ts";
import { below } from "../../../src/path.ts";

const UNITS = join(import.meta.dirname, "..", "..", "..", "units");

/** Values of a key of a section, in order; a key that is given several times gives several. */
function unit(name: string) {
  const text = readFileSync(join(UNITS, name), "utf8");
  const values = new Map<string, string[]>();
  let section = "";
  for (const line of text.split("\n")) {
    section = /^\[(\w+)\]$/.exec(line)?.[1] ?? section;
    const [, key, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (key === undefined || value === undefined) continue;
    values.set(`${section}.${key}`, [...(values.get(`${section}.${key}`) ?? []), value]);
  }
  return (key: string) => values.get(key) ?? [];
}

const words = (values: readonly string[]) => values.flatMap((value) => value.split(/\s+/));
const names = readdirSync(join(UNITS, "system"), { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ name }) => name);
const services = names.filter((name) => name.endsWith(".service"));
const WATCH = "bootferry-watch.service";
const PANEL = "bootferry-panel.service";
const CONSOLE = "bootferry-console.service";
/** Those that stay, and are left to whoever wants them; the others are done at some time. */
const STAYING = [WATCH, PANEL, CONSOLE];

function minutes(text: string | undefined): number {
  const [, count, span] = /^(\d+)(s|min)$/.exec(text ?? "") ?? [];
  expect(span, text).toBeDefined();
  return span === "min" ? Number(count) : Number(count) / 60;
}

describe("every unit", () => {
  /** Of our own engine, of bootc's ostree backend, of its composefs backend. */
  const ANY_DEPLOYMENT = ["|bootferry.deployment", "|composefs", "|/run/ostree-booted"];
  /** Units that there is no use for but with one of the two engines, and what says so. */
  const SPECIAL: Readonly<Record<string, readonly string[]>> = {
    "bootferry-finalize.path": ["bootferry.deployment"],
    "bootferry-finalize.service": ["bootferry.deployment"],
    "bootferry-bootc-trial.service": ["/var/lib/bootferry/bootc-trial"],
    "bootferry-bootc-rollback.service": ["/var/lib/bootferry/bootc-trial"],
    "bootferry-receipts@.service": [...ANY_DEPLOYMENT, "/run/bootferry/receipts-due/%I"],
    "bootferry-reboot-policy.service": [
      "|/boot/grub/bootferry.cfg",
      "|/boot/extlinux/bootferry.conf",
      "|/run/reboot-required",
    ],
  };

  it.each(names)("%s says what it is for, where that is written down, and that it needs a deployment", (name) => {
    const get = unit(`system/${name}`);
    expect(get("Unit.Description")).toHaveLength(1);
    expect(get("Unit.Documentation")).toEqual(["file:///usr/share/doc/bootferry/units.md"]);
    const conditions = [...get("Unit.ConditionKernelCommandLine"), ...get("Unit.ConditionPathExists")];
    expect(conditions).toEqual(SPECIAL[name] ?? ANY_DEPLOYMENT);
  });

  it.each(services.filter((name) => !STAYING.includes(name)))(
    "%s is a oneshot without FailureAction=, and restarts only where systemd allows it",
    (name) => {
      const get = unit(`system/${name}`);
      expect(get("Service.Type")).toEqual(["oneshot"]);
      expect(get("Unit.FailureAction")).toEqual([]);
      for (const value of get("Service.Restart")) {
        expect(value).toBe("on-failure");
        // Final for the agent: what it says must not be asked again. 7 is "busy".
        const prevented = words(get("Service.RestartPreventExitStatus"));
        expect(prevented).toEqual(expect.arrayContaining(["1", "2", "3", "4", "5", "6", "70"]));
        expect(prevented).not.toContain("7");
      }
      expect(get("Service.RestartForceExitStatus")).toEqual([]); // refused for oneshot units of older systemd
    },
  );

  it.each(services)("%s is ended in a bounded time when the machine goes down", (name) => {
    const get = unit(`system/${name}`);
    const isShort = get("Service.TimeoutStartSec").every((value) => value !== "infinity");
    const stop = get("Service.TimeoutStopSec")[0];
    if (stop === undefined) expect(isShort).toBe(true);
    else expect(minutes(stop)).toBeLessThanOrEqual(1);
  });

  it("is preset exactly when it can be enabled", () => {
    const preset = readFileSync(join(UNITS, "system-preset/80-bootferry.preset"), "utf8");
    const preSet = [...preset.matchAll(/^(?:enable|disable) (.*)$/gm)].map(([, name]) => name);
    const installable = names.filter((name) =>
      /^\[Install\]$/m.test(readFileSync(join(UNITS, "system", name), "utf8")),
    );
    expect(preSet.toSorted()).toEqual(installable.toSorted());
    expect([...preset.matchAll(/^disable (.*)$/gm)].map(([, name]) => name)).toEqual(STAYING);
  });

  it("makes no cycle of a target that wants it and units that come after the target", () => {
    // A target is ordered after what it wants, unless that is ordered itself against the target.
    const afterMultiUser = names.filter((name) =>
      words(unit(`system/${name}`)("Unit.After")).includes("multi-user.target"),
    );
    expect(afterMultiUser).toContain("bootferry-health.service");
    const wanted = names.filter((name) => unit(`system/${name}`)("Install.WantedBy").includes("multi-user.target"));
    const cyclic = wanted
      .filter((name) => words(unit(`system/${name}`)("Unit.After")).some((other) => afterMultiUser.includes(other)))
      .filter((name) => !afterMultiUser.includes(name));
    expect(cyclic).toEqual([]);
  });
});

describe("the unit of agent watch", () => {
  const get = unit(`system/${WATCH}`);

  it("begins after what holds the agent's lock at boot, and after a crash it begins again, however often", () => {
    expect(words(get("Unit.After"))).toEqual(
      expect.arrayContaining(["bootferry-health.service", "bootferry-agent.service"]),
    );
    expect([
      get("Unit.StartLimitIntervalSec"),
      get("Service.Restart"),
      get("Service.RestartPreventExitStatus"),
    ]).toEqual([["0"], ["on-failure"], []]);
  });

  it("mounts in a namespace of its own", () => {
    expect(get("Service.PrivateMounts")).toEqual(["yes"]);
  });
});

describe("the unit of the panel", () => {
  const get = unit(`system/${PANEL}`);

  it("is nobody that stays, reads the status by its group, and begins again whatever happens", () => {
    expect([get("Service.DynamicUser"), get("Service.SupplementaryGroups")]).toEqual([["yes"], ["bootferry"]]);
    expect([get("Service.CapabilityBoundingSet"), get("Service.NoNewPrivileges")]).toEqual([[""], ["yes"]]);
    expect([get("Service.Restart"), get("Unit.StartLimitIntervalSec")]).toEqual([["always"], ["0"]]);
  });

  it("can speak with this machine alone, on the one port", () => {
    expect([get("Service.IPAddressDeny"), get("Service.IPAddressAllow")]).toEqual([["any"], ["localhost"]]);
    expect(get("Service.RestrictAddressFamilies")).toEqual(["AF_INET AF_INET6"]);
    expect(get("Service.SocketBindAllow")).toEqual([`tcp:${DEFAULT_PORT}`]);
  });

  it("waits for nothing that an update needs, and nothing of it waits for the panel", () => {
    const others = names.filter((name) => name !== PANEL);
    for (const name of others) {
      const wants = ["Wants", "Requires", "After", "BindsTo", "OnSuccess"].flatMap((key) =>
        unit(`system/${name}`)(`Unit.${key}`),
      );
      expect(words(wants)).not.toContain(PANEL);
    }
    expect(words(get("Unit.After"))).toEqual(["systemd-tmpfiles-setup.service"]);
  });
});

describe("the units of signals", () => {
  it("show the console in place of a login, to whom the status is open, and write to that console alone", () => {
    const get = unit(`system/${CONSOLE}`);
    expect(get("Unit.Conflicts")).toEqual(["getty@tty1.service"]);
    expect(get("Service.TTYPath")).toEqual(["/dev/tty1"]);
    expect([...get("Service.DevicePolicy"), ...get("Service.DeviceAllow")]).toEqual(["closed", "/dev/tty1 rw"]);
    expect([...get("Service.DynamicUser"), ...get("Service.SupplementaryGroups")]).toEqual(["yes", "bootferry"]);
  });

  it("miss nothing that is left to be said while something is being said", () => {
    const directory = below(HOST_DEVICE_PATHS.runtimeDirectory, "announce");
    expect(unit("system/bootferry-announce.path")("Path.PathExistsGlob")).toEqual([`${directory}/*.next`]);
    const get = unit("system/bootferry-announce.service");
    expect(get("Unit.StartLimitIntervalSec")).toEqual(["0"]);
    expect(words(get("Service.ReadWritePaths"))).toEqual([directory]);
    // An abstract socket is seen in its own network namespace alone (test/images/announce.test.ts).
    expect(get("Service.PrivateNetwork")).toEqual([]);
    expect(unit("system/bootferry-media@.service")("Service.PrivateNetwork")).toEqual(["yes"]);
  });

  it.each(["reboot", "poweroff", "halt"])(
    "tell the splash screen of a %s what was said before, without need",
    (how) => {
      const get = unit(`system/plymouth-${how}.service.d/50-bootferry.conf`);
      expect(get("Service.ExecStartPost")).toEqual(["-/usr/lib/bootferry/announce --again"]);
    },
  );
});

describe("the media unit", () => {
  const get = unit("system/bootferry-media@.service");

  it("ends with its device, stores and nothing else, and hands over to the agent", () => {
    expect(get("Unit.BindsTo")).toEqual(["dev-%i.device"]);
    expect(words(get("Unit.After"))).toEqual(expect.arrayContaining(["dev-%i.device", "bootferry-health.service"]));
    expect(get("Service.ExecStart")[0]).toMatch(/^\/usr\/bin\/bootferry agent run --device \/dev\/%I --store-only/);
    const after = ["bootferry-agent.service", "bootferry-receipts@%i.service"];
    expect([words(get("Unit.OnSuccess")), words(get("Unit.OnFailure"))]).toEqual([after, after]);
    expect(get("Service.ExecStopPost")).toEqual(["-/usr/lib/bootferry/media-cleanup %I"]);
  });

  it("mounts in a namespace of its own, and sees no disk but the medium", () => {
    expect(get("Service.PrivateMounts")).toEqual(["yes"]);
    expect(get("Service.ProtectSystem")).toEqual(["strict"]);
    expect(get("Service.DevicePolicy")).toEqual(["closed"]);
    // rw: cryptsetup opens a container for writing, also with --readonly (device_info in lib/utils_device.c).
    expect(get("Service.DeviceAllow").filter((allowed) => !/mapper|tpm/.test(allowed))).toEqual(["/dev/%I rw"]);
  });

  it("finds device-mapper loaded, whose devices could not be allowed to it later", () => {
    expect(get("Service.DeviceAllow")).toEqual(
      expect.arrayContaining(["/dev/mapper/control rw", "block-device-mapper r"]),
    );
    expect(words(get("Unit.Wants"))).toContain("modprobe@dm_mod.service");
    expect(words(get("Unit.After"))).toContain("modprobe@dm_mod.service");
  });

  it("leaves device-mapper its cookies, cryptsetup its locks, and a passphrase its way in", () => {
    expect(get("Service.PrivateIPC")).toEqual([]);
    expect(words(get("Service.RestrictAddressFamilies"))).toContain("AF_UNIX");
    const writable = words(get("Service.ReadWritePaths")).map((path) => path.replace(/^-/, ""));
    expect(writable).toEqual(
      expect.arrayContaining(["/run/cryptsetup", "/run/systemd/ask-password", "/run/bootferry"]),
    );
  });

  it("may write both copies of what the device trusts: a medium can bring a new root", () => {
    const writable = words(get("Service.ReadWritePaths")).map((path) => path.replace(/^-/, ""));
    for (const path of Object.values(trustStateFiles(HOST_DEVICE_PATHS))) {
      expect(writable.some((directory) => path.startsWith(`${directory}/`))).toBe(true);
    }
  });
});

describe("the unit that hears of a medium", () => {
  const get = unit("system/bootferry-inserted@.service");

  it("asks for the media unit in the way that waits for a stop, however often, and is stopped by no device", () => {
    expect(get("Service.ExecStart")).toEqual(["-systemctl start --no-block bootferry-media@%i.service"]);
    expect(get("Unit.StartLimitIntervalSec")).toEqual(["0"]);
    expect([...get("Unit.BindsTo"), ...get("Unit.Requisite"), ...get("Unit.PartOf")]).toEqual([]);
  });
});

describe("the unit of receipts", () => {
  const get = unit("system/bootferry-receipts@.service");

  it("runs only for a medium with a mark, which goes whatever becomes of it", () => {
    const mark = "/run/bootferry/receipts-due/%I";
    expect(get("Unit.ConditionPathExists")).toContain(mark);
    expect(get("Service.ExecStart")).toEqual(["/usr/bin/bootferry agent write-receipts --device /dev/%I"]);
    expect(get("Service.ExecStopPost")).toEqual([`-/usr/bin/rm -f ${mark}`]);
  });

  it("is over before the agent, which may reboot, and ends with its device without waiting for one", () => {
    expect(words(get("Unit.Before"))).toContain("bootferry-agent.service");
    expect([get("Unit.Requisite"), get("Unit.StopPropagatedFrom"), get("Unit.BindsTo")]).toEqual([
      ["dev-%i.device"],
      ["dev-%i.device"],
      [],
    ]);
    const most = minutes(get("Service.TimeoutStartSec")[0]) + minutes(get("Service.TimeoutStopSec")[0]);
    expect(most).toBeLessThan(2); // so long an update may wait for a worn-out stick
    expect([get("Unit.OnFailure"), get("Service.Restart")]).toEqual([[], []]);
  });

  it("mounts in a namespace of its own, sees no disk but the medium, and can neither unlock nor store anything", () => {
    expect([get("Service.PrivateMounts"), get("Service.ProtectSystem")]).toEqual([["yes"], ["strict"]]);
    expect([get("Service.DevicePolicy"), get("Service.DeviceAllow")]).toEqual([["closed"], ["/dev/%I rw"]]);
    expect(words(get("Service.ReadWritePaths"))).toEqual(["/var/lib/bootferry", "/run/bootferry"]);
    expect(words(get("Service.CapabilityBoundingSet"))).toEqual(["CAP_SYS_ADMIN", "CAP_DAC_OVERRIDE"]);
  });
});

describe("the agent unit", () => {
  it("is bound to no device", () => {
    const get = unit("system/bootferry-agent.service");
    expect(get("Unit.BindsTo")).toEqual([]);
    expect(get("Service.ExecStart")).toEqual(["/usr/bin/bootferry agent run"]);
    expect(words(get("Unit.After"))).toContain("bootferry-health.service");
  });
});

describe("the assessment", () => {
  const health = unit("system/bootferry-health.service");
  const timer = unit("system/bootferry-boot-deadline.timer");

  it("stands before boot-complete.target and is required by it, and runs at every boot", () => {
    expect(health("Unit.Before")).toEqual(["boot-complete.target"]);
    expect(health("Install.RequiredBy")).toEqual(["boot-complete.target"]);
    expect(health("Install.WantedBy")).toEqual(["multi-user.target"]);
    expect(health("Service.RemainAfterExit")).toEqual(["yes"]);
    expect(health("Unit.OnFailure")).toEqual(["bootferry-boot-deadline.service"]);
  });

  it("has its checks end before the boot is given up", () => {
    const { health: config } = agentConfigSchema.parse({ device: { compatible: "acme" }, follow: { name: "os" } });
    expect(config["total-timeout-seconds"] / 60).toBeLessThan(minutes(timer("Timer.OnBootSec")[0]));
    expect(config["check-timeout-seconds"]).toBeLessThanOrEqual(config["total-timeout-seconds"]);
  });

  it("has a deadline that starts with the first units", () => {
    expect(timer("Unit.DefaultDependencies")).toEqual(["no"]);
    expect(timer("Install.WantedBy")).toEqual(["sysinit.target"]);
    expect(timer("Unit.After")).toEqual([]);
    const service = unit("system/bootferry-boot-deadline.service");
    expect(service("Unit.DefaultDependencies")).toEqual(["no"]);
    expect(service("Service.ExecStart")[0]).toMatch(/^\/usr\/lib\/bootferry\/reboot-if-unassessed "/);
  });

  it.each(["emergency", "rescue"])("goes before the shell of %s mode, and never keeps it away by failing", (mode) => {
    const get = unit(`system/${mode}.service.d/50-bootferry.conf`);
    expect(get("Service.ExecStartPre")[0]).toMatch(/^-\/usr\/lib\/bootferry\/reboot-if-unassessed --force "/);
    expect(get("Service.ExecStart")).toEqual([]);
  });
});

describe("finalising", () => {
  it("is pulled in when something waits, and stops after the services and before the mounts", () => {
    expect(unit("system/bootferry-finalize.path")("Path.PathExistsGlob")).toEqual([
      "/boot/loader/entries/bootferry-*+*.conf",
    ]);
    const get = unit("system/bootferry-finalize.service");
    expect(get("Service.ExecStop")).toEqual(["/usr/bin/bootferry os finalize"]);
    expect(words(get("Unit.Before"))).toEqual(["basic.target", "shutdown.target"]);
    expect(get("Unit.Conflicts")).toEqual(["shutdown.target"]);
    expect(words(get("Unit.RequiresMountsFor"))).toEqual(["/boot", "/sysroot", "/var/lib/bootferry"]);
    const watchdog = unit("system.conf.d/50-bootferry-watchdog.conf");
    expect(minutes(get("Service.TimeoutStopSec")[0])).toBeLessThan(minutes(watchdog("Manager.RebootWatchdogSec")[0]));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { DeviceFiles } from "../../../src/config/device-files.ts";
import { compareBytes } from "../../../src/config/device-files.ts";
import { loadAgentConfig, parseAgentConfig } from "../../../src/config/load-agent-config.ts";
import { surveyAgentConfig } from "../../../src/config/survey-agent-config.ts";
import { parseAbsPath } from "../../../src/path.ts";

const MINIMAL = '[device]\ncompatible = "acme"\n[follow]\nname = "os"\n';
const FILE = parseAbsPath("/etc/bootferry/agent.toml");

/** A device whose files are the entries of a record. */
function deviceWith(files: Readonly<Record<string, string>>): DeviceFiles {
  return {
    readFile: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    listDirectory: async (path) =>
      Object.keys(files)
        .filter((file) => file.startsWith(`${path}/`))
        .map((file) => file.slice(path.length + 1))
        .sort(compareBytes),
  };
}

const parse = (text: string) => parseAgentConfig(Buffer.from(text), FILE);

describe("agent.toml", () => {
  it("needs no more than a device type and a release name", () => {
    expect(parse(MINIMAL)).toMatchObject({
      device: { compatible: "acme" },
      follow: { name: "os" },
      reboot: { policy: "now" },
      health: { "check-timeout-seconds": 60, "failed-units": "ignore" },
      install: { tries: 3 },
      store: { "fs-verity": "on" },
    });
  });

  it("names the architecture of this machine as OCI images do, unless told otherwise", () => {
    const oci = { x64: "amd64", arm64: "arm64" }[process.arch as string] ?? process.arch;
    expect(parse(MINIMAL).device.architecture).toBe(oci);
    expect(parse(`${MINIMAL}`.replace("[follow]", 'architecture = "riscv64"\n[follow]')).device.architecture).toBe(
      "riscv64",
    );
  });

  it("takes every key that is documented", async () => {
    const text = `
      [device]
      compatible = "acme-kiosk-v2"
      architecture = "arm64"
      id = "kiosk-0017"
      label = "Hall 3"
      [follow]
      name = "kiosk-os"
      [trust]
      root = "/etc/acme/root.json"
      [reboot]
      policy = "window"
      idle-command = ["/usr/bin/is-idle", "--strict"]
      window = "22:30-04:00"
      delay-seconds = 10
      [health]
      check-timeout-seconds = 5
      total-timeout-seconds = 50
      required = ["/etc/acme/checks"]
      wanted = []
      failed-units = "required"
      [install]
      tries = 5
      [deploy]
      backend = "bootc"
      [store]
      fs-verity = "required"
      [hooks]
      directories = []
      timeout-seconds = 2
      [media]
      labels = ["ACME"]
      filesystems = ["ext4"]
      spool = "/srv/updates"
      [media.luks]
      unlock = ["ask"]
      key-file = "/etc/acme/media.key"
      ask-timeout-seconds = 30
      max-kdf-memory-mib = 64
      [announce]
      plymouth = false
      wall = true
      language = "zh"
      [support]
      recipients = ["age1acme"]
      [receipts]
      write-to-media = true`;
    const { keys } = await surveyAgentConfig(deviceWith({ [FILE]: text }));
    expect(keys.filter(({ from }) => from === undefined).map(({ key }) => key)).toEqual([]);
    expect(parse(text)).toEqual({
      device: { compatible: "acme-kiosk-v2", architecture: "arm64", id: "kiosk-0017", label: "Hall 3" },
      follow: { name: "kiosk-os" },
      trust: { root: "/etc/acme/root.json" },
      reboot: {
        policy: "window",
        "idle-command": ["/usr/bin/is-idle", "--strict"],
        window: "22:30-04:00",
        "delay-seconds": 10,
      },
      health: {
        "check-timeout-seconds": 5,
        "total-timeout-seconds": 50,
        required: ["/etc/acme/checks"],
        wanted: [],
        "failed-units": "required",
      },
      install: { tries: 5 },
      deploy: { backend: "bootc" },
      store: { "fs-verity": "required" },
      hooks: { directories: [], "timeout-seconds": 2 },
      media: {
        ...{ labels: ["ACME"], filesystems: ["ext4"], spool: "/srv/updates" },
        luks: {
          ...{ unlock: ["ask"], "key-file": "/etc/acme/media.key" },
          ...{ "ask-timeout-seconds": 30, "max-kdf-memory-mib": 64 },
        },
      },
      announce: { plymouth: false, wall: true, language: "zh" },
      support: { recipients: ["age1acme"] },
      receipts: { "write-to-media": true },
    });
  });

  it.each([
    ["no TOML", "[device\n", "CONFIG_SYNTAX", /agent\.toml: line 1, column \d+: /],
    ["a key twice", `${MINIMAL}name = "other"`, "CONFIG_SYNTAX", /line 5/],
    ["an unknown table", `${MINIMAL}[colours]\n`, "CONFIG_KEY_UNKNOWN", /agent\.toml: unknown key colours$/],
    ["a misspelt key", `${MINIMAL}[reboot]\npolice = "now"`, "CONFIG_KEY_UNKNOWN", /unknown key reboot\.police$/],
    [
      "no device type",
      '[device]\n[follow]\nname = "os"',
      "CONFIG_KEY_MISSING",
      /the key device\.compatible is missing/,
    ],
    ["no [follow]", '[device]\ncompatible = "a"', "CONFIG_KEY_MISSING", /the key follow is missing/],
    ["no table", 'device = 1\n[follow]\nname = "os"', "CONFIG_VALUE_INVALID", /device: expected object, got 1/],
    [
      "a wrong policy",
      `${MINIMAL}[reboot]\npolicy = "soon"`,
      "CONFIG_VALUE_INVALID",
      /reboot\.policy: .*"idle".*, got "soon"/,
    ],
    [
      "idle without a command",
      `${MINIMAL}[reboot]\npolicy = "idle"`,
      "CONFIG_KEY_MISSING",
      /reboot\.idle-command is missing/,
    ],
    ["window without one", `${MINIMAL}[reboot]\npolicy = "window"`, "CONFIG_KEY_MISSING", /reboot\.window is missing/],
    [
      "an hour 24",
      `${MINIMAL}[reboot]\nwindow = "24:00-01:00"`,
      "CONFIG_VALUE_INVALID",
      /HH:MM-HH:MM.*got "24:00-01:00"/,
    ],
    [
      "no tries",
      `${MINIMAL}[install]\ntries = 0`,
      "CONFIG_VALUE_INVALID",
      /install\.tries: expected at least 1 try, got 0/,
    ],
    [
      "text for a number",
      `${MINIMAL}[install]\ntries = "3"`,
      "CONFIG_VALUE_INVALID",
      /expected a whole number, got "3"/,
    ],
    ["half a second", `${MINIMAL}[hooks]\ntimeout-seconds = 0.5`, "CONFIG_VALUE_INVALID", /whole seconds, got 0\.5/],
    [
      "a relative path",
      `${MINIMAL}[trust]\nroot = "root.json"`,
      "CONFIG_VALUE_INVALID",
      /expected an absolute path, got "root.json"/,
    ],
    [
      "a shell command",
      `${MINIMAL}[reboot]\nidle-command = "is-idle"`,
      "CONFIG_VALUE_INVALID",
      /reboot\.idle-command: expected array, got "is-idle"/,
    ],
    [
      "an odd device type",
      '[device]\ncompatible = "a b"\n[follow]\nname = "os"',
      "CONFIG_VALUE_INVALID",
      /device\.compatible: expected a device type/,
    ],
  ])("with %s is refused with a message that says where", (_, text, code, message) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it("is refused when it is not UTF-8", () => {
    expect(() => parseAgentConfig(Buffer.from([0xff, 0xfe]), FILE)).toThrow(
      expect.objectContaining({ code: "CONFIG_SYNTAX" }),
    );
  });

  it("never ends in anything but a configuration or a ConfigError", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((tail) => MINIMAL + tail),
        ),
        (text) => {
          try {
            parse(text);
          } catch (error) {
            expect(error).toHaveProperty("name", "ConfigError");
          }
        },
      ),
    );
  });
});

describe("where agent.toml is looked for", () => {
  const named = (compatible: string) => MINIMAL.replace("acme", compatible);

  it.each([
    ["/etc before all", ["/etc", "/run", "/usr/lib"], "/etc"],
    ["/run before /usr/lib", ["/run", "/usr/lib"], "/run"],
    ["/usr/lib last", ["/usr/lib"], "/usr/lib"],
  ])("is %s", async (_, places, winner) => {
    const files = Object.fromEntries(
      places.map((place) => [`${place}/bootferry/agent.toml`, named(`at${place.replaceAll("/", "-")}`)]),
    );
    expect((await loadAgentConfig(deviceWith(files))).device.compatible).toBe(`at${winner.replaceAll("/", "-")}`);
  });

  it("is said when there is none", async () => {
    await expect(loadAgentConfig(deviceWith({}))).rejects.toMatchObject({ code: "CONFIG_NOT_FOUND" });
  });

  it("is not looked at below the first one, even when the first is wrong", async () => {
    const files = { "/etc/bootferry/agent.toml": "", "/usr/lib/bootferry/agent.toml": MINIMAL };
    await expect(loadAgentConfig(deviceWith(files))).rejects.toMatchObject({
      code: "CONFIG_KEY_MISSING",
      message: expect.stringContaining("/etc/bootferry/agent.toml"),
    });
  });
});

describe("drop-ins", () => {
  it("change single keys, in the order of their names across directories", async () => {
    const config = await loadAgentConfig(
      deviceWith({
        "/usr/lib/bootferry/agent.toml": `${MINIMAL}[reboot]\npolicy = "manual"\n[install]\ntries = 2`,
        "/usr/lib/bootferry/agent.toml.d/50-tries.toml": "[install]\ntries = 4",
        "/etc/bootferry/agent.toml.d/10-device.toml": '[device]\nid = "d1"\n[install]\ntries = 9',
        "/etc/bootferry/agent.toml.d/90-readme.txt": "not a drop-in",
      }),
    );
    expect(config).toMatchObject({
      device: { compatible: "acme", id: "d1" },
      reboot: { policy: "manual" },
      install: { tries: 4 },
    });
  });

  it("hide those of the same name in a later directory", async () => {
    const config = await loadAgentConfig(
      deviceWith({
        "/usr/lib/bootferry/agent.toml": MINIMAL,
        "/usr/lib/bootferry/agent.toml.d/50-tries.toml": "[install]\ntries = 4",
        "/etc/bootferry/agent.toml.d/50-tries.toml": "",
      }),
    );
    expect(config.install.tries).toBe(3);
  });

  it("are named by the error that they cause", async () => {
    const files = {
      "/etc/bootferry/agent.toml": MINIMAL,
      "/etc/bootferry/agent.toml.d/10-wrong.toml": '[device]\narchitecture = ""',
    };
    await expect(loadAgentConfig(deviceWith(files))).rejects.toMatchObject({
      code: "CONFIG_VALUE_INVALID",
      message: expect.stringContaining("agent.toml.d/10-wrong.toml: device.architecture: "),
    });
  });
});

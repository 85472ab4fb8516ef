/**
 * The schema of agent.toml: what a device is, which release it follows, and how it goes about an update.
 *
 * Strict: an unknown key is an error, since a misspelt one would be a silent default. The descriptions below are the
 * documentation (docs/config.md is generated from them). Loading stands in load-agent-config.ts.
 */
import { z } from "zod";
import { command, devicePath, MINUTES } from "./config-values.ts";
import { health } from "./health-config.ts";
import { OCI_ARCHITECTURE } from "./machine-architecture.ts";
import { media } from "./media-config.ts";
import { announce, hooks, receipts, support } from "./telling-config.ts";

const MAX_LABEL_CHARACTERS = 128; // of a receipt (bundle-format/spec.md, section 9)

// The patterns of a release statement (bundle-format/spec.md, section 4): what no statement can name is a typing error.
const compatible = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z.,:+_-]{0,127}$/, 'expected a device type: letters, digits and ".,:+_-"');
const architecture = z
  .string()
  .regex(/^[a-z0-9]{1,16}(\/[a-z0-9]{1,8})?$/, 'expected an architecture, such as "arm64" or "arm/v7"');
const deviceId = z
  .string()
  .regex(/^[0-9A-Za-z][0-9A-Za-z.:+_-]{0,127}$/, 'expected a device id: letters, digits and ".:+_-"');
const releaseName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a release name: small letters, digits and "._-"');

const deviceKeys = z.strictObject({
  compatible: compatible.describe(
    "The device type. A release installs only if one of its targets names exactly this type. " +
      'Required. Example: `compatible = "acme-kiosk-v2"`',
  ),
  architecture: architecture
    .optional()
    .describe(
      "The processor architecture in the words of OCI images (`amd64`, `arm64`, `arm/v7`, `riscv64` …). " +
        'Default: that of the running machine. Example: `architecture = "arm64"`',
    ),
  id: deviceId
    .optional()
    .describe(
      "The name of this one device, for releases that are meant for listed devices only. " +
        'Default: none, and such releases are refused. Example: `id = "kiosk-0017"`',
    ),
  label: z
    .string()
    .max(MAX_LABEL_CHARACTERS, `expected at most ${MAX_LABEL_CHARACTERS} characters`)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]+$/u, "expected one line of plain text")
    .optional()
    .describe(
      "What people call this one device: its receipts carry it. Default: the host name. " +
        'Example: `label = "Hall 3, ticket machine 2"`',
    ),
});

/** The default depends on the machine, so it stands here: the generated documentation must not. */
const device = deviceKeys.transform(({ architecture, ...rest }) => ({
  ...rest,
  architecture: architecture ?? OCI_ARCHITECTURE,
}));

const follow = z.strictObject({
  name: releaseName.describe(
    "The name of the releases that this device installs; releases of other names are passed over. " +
      'Required. Example: `name = "kiosk-os"`',
  ),
});

const trust = z.strictObject({
  root: devicePath
    .optional()
    .describe(
      "The file that holds the signed root document with the keys to trust, or a chain of them. A device that remembers its root follows it only from there on. Default: `/etc/bootferry/root.json`, " +
        'else `/usr/lib/bootferry/root.json`. Example: `root = "/etc/acme/update-root.json"`',
    ),
});

const reboot = z
  .strictObject({
    policy: z
      .enum(["now", "idle", "window", "manual"])
      .default("now")
      .describe(
        "When to reboot into a new deployment: `now`, as soon as it is ready; `idle`, when `idle-command` says so; " +
          "`window`, inside `window`; `manual`, never by itself. The new deployment boots at the next reboot in any " +
          'case, whoever asks for it. Default: `"now"`. Example: `policy = "window"`',
      ),
    "idle-command": command
      .optional()
      .describe(
        "A command (with its arguments, no shell) that ends with exit status 0 when the device may reboot. It has " +
          '30 seconds and is asked at every `agent run`. Needed by the policy `idle`. Example: `idle-command = ["/usr/bin/is-idle", "--strict"]`',
      ),
    window: z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d-([01]\d|2[0-3]):[0-5]\d$/, 'expected "HH:MM-HH:MM", such as "02:00-04:30"')
      .optional()
      .describe(
        "The time of day, in UTC, in which the device may reboot; it may span midnight. Needed by the policy `window`, " +
          "which needs a synchronised clock: without one the device waits as with `manual`. " +
          'Example: `window = "02:00-04:30"`',
      ),
    "delay-seconds": z
      .int("expected whole seconds")
      .min(0, "expected at least 0 seconds")
      .max(10 * MINUTES, `expected at most ${10 * MINUTES} seconds`)
      .optional()
      .describe(
        "How long the device says that it is about to reboot before it does, in seconds, so that nobody stands before a screen that " +
          "goes dark without a word; `0` for devices that nobody looks at. A new system that is found sick is left at once, whatever this says. " +
          "Default: `30`, and `0` for a simulated device. Example: `delay-seconds = 10`",
      ),
  })
  .check((context) => {
    const { policy, "idle-command": idleCommand, window } = context.value;
    const missing =
      policy === "idle" && idleCommand === undefined
        ? "idle-command"
        : policy === "window" && window === undefined
          ? "window"
          : undefined;
    if (missing === undefined) return;
    const message = `expected a value, since the policy is "${policy}"`;
    context.issues.push({ code: "custom", message, path: [missing], input: undefined });
  });

const install = z.strictObject({
  tries: z
    .int("expected a whole number")
    .min(1, "expected at least 1 try")
    .max(9, "expected at most 9 tries")
    .default(3)
    .describe(
      "How many times the boot loader tries a new deployment before it falls back to the one before. " +
        "Default: `3`. Example: `tries = 5`",
    ),
});

const deploy = z.strictObject({
  backend: z
    .enum(["auto", "native", "bootc"])
    .default("auto")
    .describe(
      "What deploys the images: `native`, bootferry itself; `bootc`, the host's own bootc; `auto`, bootc where it has booted the host " +
        'and bootferry has deployed nothing there, else bootferry itself. Default: `"auto"`. Example: `backend = "bootc"`',
    ),
});

const store = z.strictObject({
  "fs-verity": z
    .enum(["off", "on", "required"])
    .default("on")
    .describe(
      "Whether stored files are sealed with fs-verity, so that the kernel checks each block that it reads: `off`, never; " +
        "`on`, where the file system can; `required`, always, and a file system that cannot is an error. " +
        'Default: `"on"`. Example: `fs-verity = "required"`',
    ),
});

/** agent.toml, table by table. */
export const agentConfigSchema = z.strictObject({
  device: device.describe("What this device is."),
  follow: follow.describe("Which releases it installs."),
  trust: trust.prefault({}).describe("Whose signatures it believes."),
  reboot: reboot.prefault({}).describe("When it reboots into what it has installed."),
  health: health.prefault({}).describe("What must be well before a new deployment is kept."),
  deploy: deploy.prefault({}).describe("What deploys."),
  install: install.prefault({}).describe("How a new deployment is tried."),
  store: store.prefault({}).describe("How deployments are kept on disk."),
  hooks: hooks.prefault({}).describe("What to run when the agent changes its state."),
  media: media.prefault({}).describe("Which media it opens, and how."),
  announce: announce.prefault({}).describe("Where it says what it does besides the panel (docs/signals.md)."),
  support: support.prefault({}).describe("Who may read its logs (docs/support.md)."),
  receipts: receipts.prefault({}).describe("What it writes to media about itself."),
});

export type AgentConfig = Readonly<z.output<typeof agentConfigSchema>>;

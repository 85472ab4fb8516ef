/**
 * The schema of agent.toml: what a device is, which release it follows, and how it goes about an update.
 *
 * Strict: an unknown key is an error, since a misspelt one would be a silent default. The descriptions below are the
 * documentation (docs/agent.toml.md is generated from them). Loading stands in load-agent-config.ts.
 */
import { z } from "zod";
import { parseAbsPath } from "../path.ts";
import { OCI_ARCHITECTURE } from "./machine-architecture.ts";

const MINUTES = 60;
const MAX_LABEL_CHARACTERS = 128; // of a receipt (bundle-format/spec.md, section 9)

/** What a medium may be formatted with; which of them a device mounts is a matter of its configuration. */
const MEDIA_FILESYSTEMS = ["vfat", "exfat", "ext4", "iso9660"] as const;

/** A path of the device; in a simulated device it is looked up in the booted deployment. */
const devicePath = z
  .string()
  .regex(/^\/[^\0]*$/, "expected an absolute path")
  .transform((text) => parseAbsPath(text));

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

/** A command and its arguments; no shell is involved. */
const command = z
  .array(z.string().min(1))
  .min(1, 'expected a command and its arguments, such as ["/usr/bin/is-idle"]')
  .transform((words) => words as unknown as readonly [string, ...string[]]);

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

const seconds = (max: number) =>
  z.int("expected whole seconds").min(1, "expected at least 1 second").max(max, `expected at most ${max} seconds`);

const health = z.strictObject({
  "check-timeout-seconds": seconds(60 * MINUTES)
    .default(1 * MINUTES)
    .describe(
      "How long one check may take, in seconds; then it is ended and has failed. Default: `60`. Example: `check-timeout-seconds = 120`",
    ),
  "total-timeout-seconds": seconds(24 * 60 * MINUTES)
    .default(5 * MINUTES)
    .describe(
      "How long all checks of one boot may take together, in seconds; those that are left then have failed. " +
        "With what the boot itself takes it has to end before the boot deadline, 10 minutes after the start unless " +
        "bootferry-boot-deadline.timer says otherwise. Default: `300`. Example: `total-timeout-seconds = 120`",
    ),
  required: z
    .array(devicePath)
    .default(
      [
        "/etc/bootferry/health.d/required",
        "/usr/lib/bootferry/health.d/required",
        "/etc/greenboot/check/required.d",
        "/usr/lib/greenboot/check/required.d",
      ].map(parseAbsPath),
    )
    .describe(
      "Directories of executables that must all end with exit status 0, else the new deployment is not kept. A file of a directory " +
        "below /etc hides the one of the same name in its twin below /usr/lib; a link to /dev/null switches it off. " +
        "Each finds the id of the deployment in BOOTFERRY_DEPLOYMENT. Default: `health.d/required` in `/etc/bootferry` and " +
        "`/usr/lib/bootferry`, and `check/required.d` in `/etc/greenboot` and `/usr/lib/greenboot` without its check for DNS. " +
        'Example: `required = ["/etc/acme/checks"]`',
    ),
  wanted: z
    .array(devicePath)
    .default(
      [
        "/etc/bootferry/health.d/wanted",
        "/usr/lib/bootferry/health.d/wanted",
        "/etc/greenboot/check/wanted.d",
        "/usr/lib/greenboot/check/wanted.d",
      ].map(parseAbsPath),
    )
    .describe(
      "Directories of executables whose failures are recorded and change nothing. " +
        "Default: `health.d/wanted` in `/etc/bootferry` and `/usr/lib/bootferry`, and `check/wanted.d` in " +
        "`/etc/greenboot` and `/usr/lib/greenboot`. " +
        'Example: `wanted = ["/etc/acme/reports"]`',
    ),
  "failed-units": z
    .enum(["ignore", "wanted", "required"])
    .default("ignore")
    .describe(
      "Whether a failed systemd unit counts as a failed check: `ignore`, not at all; `wanted`, it is recorded; `required`, " +
        'the new deployment is not kept. Default: `"ignore"`. Example: `failed-units = "required"`',
    ),
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

const hooks = z.strictObject({
  directories: z
    .array(devicePath)
    .default(["/etc/bootferry/hooks.d", "/usr/lib/bootferry/hooks.d"].map(parseAbsPath))
    .describe(
      "Where hooks are: the executables in `DIRECTORY/<state>/` run when the agent enters that state, for lamps and buzzers. " +
        "They find BOOTFERRY_STATE, BOOTFERRY_MEDIUM, BOOTFERRY_MESSAGE and more in their environment (docs/hooks.md). " +
        "Their failures are recorded and change nothing. Default: `/etc/bootferry/hooks.d` and " +
        "`/usr/lib/bootferry/hooks.d`. " +
        'Example: `directories = ["/etc/acme/lamps"]`',
    ),
  "timeout-seconds": seconds(1 * MINUTES)
    .default(5)
    .describe("How long one hook may take, in seconds; then it is ended. Default: `5`. Example: `timeout-seconds = 2`"),
});

const luks = z.strictObject({
  unlock: z
    .array(z.enum(["token", "key-file", "ask"]))
    .default(["token", "key-file"])
    .describe(
      "How an encrypted medium is opened, in this order: `token`, by the tokens in its header (such as a TPM2 that " +
        "systemd-cryptenroll has enrolled); `key-file`, by the content of `key-file`; `ask`, by a passphrase that systemd asks the " +
        'person before the device for. Default: `["token", "key-file"]`. Example: `unlock = ["key-file", "ask"]`',
    ),
  "key-file": devicePath
    .optional()
    .describe(
      "The file whose whole content is the key. Let nobody but root read it. " +
        'Default: none. Example: `key-file = "/etc/bootferry/media.key"`',
    ),
  "ask-timeout-seconds": seconds(60 * MINUTES)
    .default(2 * MINUTES)
    .describe("How long a passphrase is waited for, in seconds. Default: `120`. Example: `ask-timeout-seconds = 60`"),
  "max-kdf-memory-mib": z
    .int("expected whole MiB")
    .min(16, "expected at least 16 MiB")
    .max(4096, "expected at most 4096 MiB")
    .default(1024)
    .describe(
      "The most memory that opening a medium may take, in MiB: a medium that asks for more is refused, since it could starve the " +
        "device. Default: `1024`, what cryptsetup takes at most by itself. Example: `max-kdf-memory-mib = 128`",
    ),
});

const media = z.strictObject({
  labels: z
    .array(z.string().min(1, "expected a label").max(32, "expected a label of at most 32 characters"))
    .min(1, "expected at least one label")
    .default(["BOOTFERRY"])
    .describe(
      "The labels of file systems (or of LUKS containers) that are taken for media. `agent watch` looks at no others; the udev rule " +
        'has a list of its own (docs/integration.md). Default: `["BOOTFERRY"]`. Example: `labels = ["BOOTFERRY", "ACME-UPDATE"]`',
    ),
  filesystems: z
    .array(z.enum(MEDIA_FILESYSTEMS))
    .min(1, "expected at least one file system")
    .default(["vfat", "exfat"])
    .describe(
      "The file systems that are mounted; each more is kernel code that reads what a stranger's stick says. LUKS2 containers are opened " +
        'when what is in them is one of these. Default: `["vfat", "exfat"]`. Example: `filesystems = ["vfat", "exfat", "ext4"]`',
    ),
  spool: devicePath
    .default(parseAbsPath("/var/spool/bootferry"))
    .describe(
      "The directory that `agent watch` looks through for bundles that were copied onto the device (docs/watch.md says when one is " +
        'complete). Default: `"/var/spool/bootferry"`. Example: `spool = "/srv/updates"`',
    ),
  luks: luks.prefault({}).describe("How encrypted media (LUKS2) are opened, always read-only."),
});

const announce = z.strictObject({
  plymouth: z
    .boolean()
    .default(true)
    .describe(
      "Whether the splash screen says what a person must know (leave the stick in, take it out, a restart, the result), where Plymouth shows one. " +
        "Default: `true`. Example: `plymouth = false`",
    ),
  wall: z
    .boolean()
    .default(false)
    .describe("Whether all terminals say it, by `wall`. Default: `false`. Example: `wall = true`"),
  language: z
    .enum(["en", "zh"])
    .default("en")
    .describe(
      'In which language both say it; the font of the splash screen has to know it. Default: `"en"`. Example: `language = "zh"`',
    ),
});

const support = z.strictObject({
  // Checked when an archive is written: a typing error here must not keep the device from updating.
  recipients: z
    .array(z.string())
    .default([])
    .describe(
      "Who can open what `bootferry agent export-logs` writes: the lines of the .pub files that `bootferry key generate --for support` " +
        'makes. Default: none, and nothing is written. Example: `recipients = ["age1…"]`',
    ),
});

const receipts = z.strictObject({
  "write-to-media": z
    .boolean()
    .default(false)
    .describe(
      "Whether the device writes its receipts (docs/receipts.md) to media of which a release has verified: into the directory " +
        "`bootferry-receipts` alone, on vfat and exfat that are not encrypted. Signed receipts are kept on the device in any case. " +
        "Default: `false`. Example: `write-to-media = true`",
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

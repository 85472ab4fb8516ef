/** The table `[media]` of agent.toml: which media a device opens, and how. */
import { z } from "zod";
import { parseAbsPath } from "../path.ts";
import { devicePath, MINUTES, seconds } from "./config-values.ts";

/** What a medium may be formatted with; which of them a device mounts is a matter of its configuration. */
const MEDIA_FILESYSTEMS = ["vfat", "exfat", "ext4", "iso9660"] as const;

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

export const media = z.strictObject({
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

/** The tables of agent.toml about what a device tells, and to whom: hooks, screens, workstations. */
import { z } from "zod";
import { parseAbsPath } from "../path.ts";
import { devicePath, MINUTES, seconds } from "./config-values.ts";

export const hooks = z.strictObject({
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

export const announce = z.strictObject({
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

export const support = z.strictObject({
  // Checked when an archive is written: a typing error here must not keep the device from updating.
  recipients: z
    .array(z.string())
    .default([])
    .describe(
      "Who can open what `bootferry agent export-logs` writes: the lines of the .pub files that `bootferry key generate --for support` " +
        'makes. Default: none, and nothing is written. Example: `recipients = ["age1…"]`',
    ),
});

export const receipts = z.strictObject({
  "write-to-media": z
    .boolean()
    .default(false)
    .describe(
      "Whether the device writes its receipts (docs/receipts.md) to media of which a release has verified: into the directory " +
        "`bootferry-receipts` alone, on vfat and exfat that are not encrypted. Signed receipts are kept on the device in any case. " +
        "Default: `false`. Example: `write-to-media = true`",
    ),
});

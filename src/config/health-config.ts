/** The table `[health]` of agent.toml: what must be well before a new deployment is kept. */
import { z } from "zod";
import { parseAbsPath } from "../path.ts";
import { devicePath, MINUTES, seconds } from "./config-values.ts";

export const health = z.strictObject({
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

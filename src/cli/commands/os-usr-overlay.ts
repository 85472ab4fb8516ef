/** `bootferry os usr-overlay`: a writable /usr until the reboot; bootc's verb and flag. */
import { type Command, Option } from "commander";
import { HOST_DEVICE_PATHS } from "../../config/device-paths.ts";
import { mountUsrOverlay, readUsrOverlay } from "../../deploy/native/usr-overlay.ts";
import type { CliContext } from "../context.ts";
import { findDevice } from "../device.ts";
import { requireNativeBooted } from "../device-backend.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions {
  readonly readOnly?: boolean;
}

const DESCRIPTION = `Lays a writable overlay over /usr of the running system, for trying something out: what is changed there lies in /run and is gone with the reboot. The image, its digest and what boots next are not touched, and an update is not delayed by it.

Only this running system sees it; nothing of it goes into a release.`;

export function registerOsUsrOverlay(parent: Command, context: CliContext): void {
  const command = parent
    .command("usr-overlay")
    .alias("usroverlay")
    .summary("make /usr writable until the reboot")
    .description(DESCRIPTION)
    .addOption(
      new Option(
        "--read-only",
        "keep it read-only here; a process can remount it writable in a mount namespace of its own",
      ),
    );
  addOutputOptions(command);
  command.action(async (options: Options) => {
    const output = context.openOutput(options);
    await requireNativeBooted(context.exec, findDevice(context, {})); // not over the /usr of whatever machine this is
    const before = readUsrOverlay(HOST_DEVICE_PATHS);
    if (before === null) {
      await mountUsrOverlay(context.exec, HOST_DEVICE_PATHS, { isReadOnly: options.readOnly ?? false });
    }
    const usrOverlay = readUsrOverlay(HOST_DEVICE_PATHS);
    output.result({ usrOverlay, hasChanged: before === null }, () =>
      before === null
        ? `${options.readOnly ? "A read-only" : "A writable"} overlay is over /usr. Changes are gone with the reboot.`
        : "An overlay is over /usr already; it is gone with the reboot.",
    );
  });
  addTeaching(command, {
    examples: [{ does: "Try a fixed program before it goes into the image", command: "bootferry os usr-overlay" }],
  });
}

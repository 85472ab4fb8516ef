/**
 * `npm run install-device -- --destdir DIR`: puts bootferry into the root of a device image, for image builders.
 *
 * Everything that needs no running system is done here: enabling units makes links, and users come from sysusers.d at
 * the first boot. What an image must bring besides is in docs/integration.md.
 */
import { spawnSync } from "node:child_process";
import { existsSync, globSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { InstallError } from "./install/error.ts";
import { layOut } from "./install/lay-out.ts";
import { INITRAMFS_CHOICES, type InitramfsChoice, type Item, planInstallation } from "./install/plan.ts";

const SOURCE = resolve(import.meta.dirname, "..");

const HELP = `Usage: npm run install-device -- --destdir DIR [options]

Puts bootferry into the root of a device image. Run it again at any time: it changes nothing that is right already.

Options:
  --destdir DIR          the root of the image; "/" for the image that this runs in (a container build)
  --initramfs KIND       initramfs parts: dracut, initramfs-tools, both or none (default: both)
  --enable               enable the units, as systemctl would, without a running systemd
  --watch                for systems whose udev is not to start the agent: without the udev rule, and with
                         bootferry-watch.service enabled by --enable
  --with-usb-detection   bring the usb-detection module along, for \`agent watch\`
  --node-modules DIR     where usb-detection was built for the Node of the device (default: node_modules of these sources,
                         which is right where the device's Node is of the same version and machine as this one)
  --no-build             take dist/ as it is
  --help                 this text

Environment:
  SOURCE_DATE_EPOCH      the time of all files, in seconds since 1970, for images that can be built again

Examples:
  npm run install-device -- --destdir rootfs --enable --initramfs initramfs-tools
  SOURCE_DATE_EPOCH=1767225600 npm run install-device -- --destdir / --enable

The image needs nodejs 24 or newer as /usr/bin/node, and agent.toml and root.json in /etc/bootferry or
/usr/lib/bootferry. docs/integration.md has whole Containerfiles.
`;

function main(): void {
  const { values } = parseArgs({
    options: {
      destdir: { type: "string" },
      initramfs: { type: "string", default: "both" },
      enable: { type: "boolean", default: false },
      watch: { type: "boolean", default: false },
      "with-usb-detection": { type: "boolean", default: false },
      "node-modules": { type: "string", default: join(SOURCE, "node_modules") },
      "no-build": { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.destdir === undefined) {
    throw new InstallError("--destdir is missing", "Name the root of the image: --destdir DIR.");
  }
  const initramfs = parseInitramfs(values.initramfs);
  const mtime = parseEpoch(process.env["SOURCE_DATE_EPOCH"]);
  if (!values["no-build"]) build();
  if (!existsSync(join(SOURCE, "dist/cli/main.js"))) {
    throw new InstallError("there is no dist/cli/main.js", "Run `npm run build`, or leave --no-build out.");
  }
  const usbDetection = values["with-usb-detection"] ? resolve(values["node-modules"]) : undefined;
  const { enable, watch } = values;
  const parts = { initramfs, enable, usbDetection, watch };
  const items = planInstallation(SOURCE, { program: { kind: "bundle" }, purpose: "image", ...parts });
  layOut(resolve(values.destdir), items, mtime);
  process.stdout.write(describe(items, resolve(values.destdir), values.enable));
}

function parseInitramfs(text: string): InitramfsChoice {
  const choice = INITRAMFS_CHOICES.find((known) => known === text);
  if (choice !== undefined) return choice;
  throw new InstallError(`--initramfs ${text}: not known`, `Choose one of ${INITRAMFS_CHOICES.join(", ")}.`);
}

function parseEpoch(text: string | undefined): Date | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,11}$/.test(text)) return new Date(Number(text) * 1000);
  throw new InstallError(`SOURCE_DATE_EPOCH=${text}: not a number of seconds`, "Set it to whole seconds since 1970.");
}

/** Bundles the program unless the bundle is newer than all of its sources. */
function build(): void {
  const bundle = statSync(join(SOURCE, "dist/cli/main.js"), { throwIfNoEntry: false });
  const sources = ["package.json", ...globSync("src/**/*.ts", { cwd: SOURCE })];
  if (bundle !== undefined && sources.every((path) => statSync(join(SOURCE, path)).mtimeMs < bundle.mtimeMs)) return;
  process.stderr.write("building dist/\n");
  const { status, error } = spawnSync("npm", ["run", "-s", "build"], { cwd: SOURCE, stdio: ["ignore", 2, 2] });
  if (status === 0) return;
  throw new InstallError(
    `npm run build failed${error === undefined ? "" : `: ${error.message}`}`,
    "Run `npm ci`, then this again.",
  );
}

function describe(items: readonly Item[], root: string, isEnabled: boolean): string {
  const files = items.filter(({ kind }) => kind === "file").length;
  const bytes = items.reduce((sum, item) => sum + (item.kind === "file" ? item.content.length : 0), 0);
  const units = items.filter(({ path }) => /^usr\/lib\/systemd\/system\/[^/]+$/.test(path) && /\.\w+$/.test(path));
  const enabled = items.filter(
    ({ path }) => path.startsWith("etc/systemd/system/") && /\.(service|timer|path)$/.test(path),
  );
  const lines = [
    `${files} files (${(bytes / 1e6).toFixed(1)} MB) are in ${root}`,
    `units: ${units.flatMap(({ kind, path }) => (kind === "file" ? [path.slice(path.lastIndexOf("/") + 1)] : [])).join(", ")}`,
    isEnabled
      ? `enabled: ${enabled.map(({ path }) => path.slice("etc/systemd/system/".length)).join(", ")}`
      : "enabled: nothing (--enable does it)",
    "Still needed in the image: nodejs 24 at /usr/bin/node, agent.toml and root.json in /etc/bootferry (docs/integration.md).",
  ];
  return `${lines.join("\n")}\n`;
}

try {
  main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  const isUsage = "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
  if (!(error instanceof InstallError) && !isUsage && !("syscall" in error)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  if (error instanceof InstallError) process.stderr.write(`help: ${error.remedy}\n`);
  else if (isUsage) process.stderr.write("help: `npm run install-device -- --help` lists the options.\n");
  process.exitCode = isUsage ? 2 : 1;
}

/**
 * What an installed bootferry consists of: the plan, as data. Nothing is written here. install-device lays it out in an
 * image, and the Debian package holds the same with the single executable in the place of the bundle.
 *
 *     usr/bin/bootferry                         the executable, or a link to ../lib/bootferry/dist/cli/main.js
 *     usr/lib/bootferry/dist/ package.json      the program, bundled (needs /usr/bin/node, 24 or newer)
 *     usr/lib/bootferry/{reboot-if-unassessed,bootc-trial,media-cleanup,foreign-medium}
 *     usr/lib/bootferry/health.d/{required,wanted}/     for the checks of the image
 *     usr/lib/bootferry/initramfs/              the composefs mount script
 *     usr/lib/systemd/system/bootferry-*  …     units, drop-ins, preset, watchdog, sysusers, tmpfiles
 *     usr/lib/systemd/catalog/bootferry.*       what the entries of the journal mean
 *     usr/lib/udev/rules.d/70-bootferry.rules            without --watch
 *     usr/lib/dracut/modules.d/90bootferry/     --initramfs dracut
 *     usr/share/initramfs-tools/                --initramfs initramfs-tools
 *     usr/share/doc/bootferry/                  with samples of hooks in hooks.d/
 *     etc/systemd/system/*.target.{wants,requires}/     --enable
 *     sysroot/ boot/                            mount points; a read-only image cannot make them later
 *
 * A package must change nothing about a workstation on which it is installed, too. What would (the watchdog's settings,
 * the mount points) it only keeps ready, and usr/lib/bootferry/prepare-image puts it in its place in an image.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { unitLinks } from "./enable.ts";
import { InstallError } from "./error.ts";

export type Item =
  | { readonly kind: "directory"; readonly path: string }
  | { readonly kind: "file"; readonly path: string; readonly mode: number; readonly content: Buffer }
  | { readonly kind: "link"; readonly path: string; readonly target: string };

export type InitramfsChoice = "dracut" | "initramfs-tools" | "both" | "none";
export const INITRAMFS_CHOICES: readonly InitramfsChoice[] = ["dracut", "initramfs-tools", "both", "none"];

/** What usr/bin/bootferry is: the bundle of `dist/`, for the device's Node, or one executable that brings its own. */
export type Program = { readonly kind: "bundle" } | { readonly kind: "executable"; readonly path: string };

export interface PlanOptions {
  readonly program: Program;
  /** For an image, which is nothing but a device, or for a package, which is installed on workstations as well. */
  readonly purpose: "image" | "package";
  readonly initramfs: InitramfsChoice;
  readonly enable: boolean;
  /** Where usb-detection is, built for the device's Node; undefined to leave it out. */
  readonly usbDetection: string | undefined;
  /** `agent watch` takes the place of the udev rule. */
  readonly watch: boolean;
}

const WATCH_UNIT = "bootferry-watch.service";
/** For devices with a screen of their own: whoever has one enables it. */

/** Folders of the sources that are laid out as they are, and the mode of their files. */
const TREES: readonly { readonly from: string; readonly to: string; readonly mode: number }[] = [
  { from: "units/system", to: "usr/lib/systemd/system", mode: 0o644 },
  { from: "units/system-preset", to: "usr/lib/systemd/system-preset", mode: 0o644 },
  { from: "units/sysusers.d", to: "usr/lib/sysusers.d", mode: 0o644 },
  { from: "units/tmpfiles.d", to: "usr/lib/tmpfiles.d", mode: 0o644 },
  { from: "units/catalog", to: "usr/lib/systemd/catalog", mode: 0o644 },
  { from: "units/scripts", to: "usr/lib/bootferry", mode: 0o755 },
  { from: "units/hooks.d-samples", to: "usr/share/doc/bootferry/hooks.d", mode: 0o755 },
];

const WATCHDOG = "units/system.conf.d";

const DOCUMENTS = [
  "docs/units.md",
  "docs/watch.md",
  "docs/hooks.md",
  "docs/signals.md",
  "docs/support.md",
  "docs/receipts.md",
  "docs/initramfs.md",
  "docs/integration.md",
  "docs/panel.md",
  "docs/boot-loaders.md",
  "docs/recovery.md",
];

const EMPTY_DIRECTORIES = ["usr/lib/bootferry/health.d/required", "usr/lib/bootferry/health.d/wanted"];

/**
 * Everything to lay out, in the order of the paths; parents come before what they hold.
 * @param source the root of the sources, with `dist/` built
 * @throws InstallError when a part was asked for that is not there
 */
export function planInstallation(source: string, options: PlanOptions): readonly Item[] {
  const items: Item[] = [
    ...program(source, options.program),
    ...forPurpose(source, options.purpose),
    ...TREES.flatMap(({ from, to, mode }) => tree(join(source, from), to, () => mode)),
    ...(options.watch ? [] : [file(source, "udev/70-bootferry.rules", "usr/lib/udev/rules.d/70-bootferry.rules")]),
    file(source, "udev/65-bootferry-media.rules.example", "usr/share/doc/bootferry/65-bootferry-media.rules.example"),
    ...DOCUMENTS.filter((name) => existsSync(join(source, name))).map((name) =>
      file(source, name, `usr/share/doc/bootferry/${name.slice(name.lastIndexOf("/") + 1)}`),
    ),
    ...initramfs(source, options.initramfs),
    ...(options.usbDetection === undefined ? [] : usbDetection(options.usbDetection)),
    ...EMPTY_DIRECTORIES.map((path): Item => ({ kind: "directory", path })),
  ];
  if (options.enable) {
    const links = unitLinks(join(source, "units/system"));
    const unwanted = disabledUnits(source).filter((unit) => !options.watch || unit !== WATCH_UNIT);
    items.push(...links.filter(({ path }) => !unwanted.some((unit) => path.endsWith(`/${unit}`))));
  }
  return withParents(items);
}

/** Units that the preset leaves to whoever wants them. */
function disabledUnits(source: string): readonly string[] {
  const preset = readFileSync(join(source, "units/system-preset/80-bootferry.preset"), "utf8");
  return [...preset.matchAll(/^disable (.*)$/gm)].flatMap(([, unit]) => unit ?? []);
}

function program(source: string, program: Program): Item[] {
  switch (program.kind) {
    case "executable":
      return [{ kind: "file", path: "usr/bin/bootferry", mode: 0o755, content: readFileSync(program.path) }];
    case "bundle":
      return bundle(source);
  }
}

function bundle(source: string): Item[] {
  const { name, version, license, type, engines } = JSON.parse(readFileSync(join(source, "package.json"), "utf8"));
  const manifest = `${JSON.stringify({ name, version, license, type, engines }, null, 2)}\n`;
  // Source maps are left out: they are half of the size, and Node reads them only when asked to.
  const scripts = tree(join(source, "dist/cli"), "usr/lib/bootferry/dist/cli", (path) =>
    path.endsWith("/main.js") ? 0o755 : 0o644,
  ).filter(({ path }) => !path.endsWith(".map"));
  return [
    ...scripts,
    { kind: "file", path: "usr/lib/bootferry/package.json", mode: 0o644, content: Buffer.from(manifest) },
    { kind: "link", path: "usr/bin/bootferry", target: "../lib/bootferry/dist/cli/main.js" },
  ];
}

function forPurpose(source: string, purpose: PlanOptions["purpose"]): Item[] {
  const watchdog = (to: string) => tree(join(source, WATCHDOG), to, () => 0o644);
  switch (purpose) {
    case "image":
      return [
        ...watchdog("usr/lib/systemd/system.conf.d"),
        file(source, "LICENSE", "usr/share/doc/bootferry/LICENSE"),
        { kind: "directory", path: "sysroot" },
        { kind: "directory", path: "boot" },
      ];
    case "package":
      return [
        ...watchdog("usr/lib/bootferry/system.conf.d"),
        { ...file(source, "units/debian/prepare-image", "usr/lib/bootferry/prepare-image"), mode: 0o755 },
      ];
  }
}

function initramfs(source: string, choice: InitramfsChoice): Item[] {
  if (choice === "none") return [];
  const from = join(source, "units/initramfs");
  const parts: [name: string, to: string, isChosen: boolean][] = [
    ["dracut", "usr/lib/dracut/modules.d/90bootferry", choice === "dracut" || choice === "both"],
    ["initramfs-tools", "usr/share/initramfs-tools", choice === "initramfs-tools" || choice === "both"],
    ["lib", "usr/lib/bootferry/initramfs", true],
  ];
  const chosen = parts.filter(([, , isChosen]) => isChosen);
  for (const [name] of chosen) {
    if (existsSync(join(from, name))) continue;
    const remedy = "Get these sources whole, or choose with --initramfs what is there; `none` brings no part.";
    throw new InstallError(`--initramfs ${choice} needs ${join(from, name)}, which is not there`, remedy);
  }
  return chosen.flatMap(([name, to]) => tree(join(from, name), to, modeOnDisk));
}

/** The native module and what it loads. */
function usbDetection(modules: string): Item[] {
  const native = join(modules, "usb-detection/build/Release/detection.node");
  if (!existsSync(native)) {
    const remedy =
      "Install g++ and libudev-dev, run `npm ci` and `npm run build:usb-detection`, or leave --with-usb-detection out.";
    throw new InstallError(`usb-detection is not built: there is no ${native}`, remedy);
  }
  const to = "usr/lib/bootferry/node_modules";
  const wanted = /^(index\.(js|d\.ts)|package\.json|LICENSE.*)$/i;
  return [
    ...["usb-detection", "bindings", "file-uri-to-path", "eventemitter2"].flatMap((name) =>
      existsSync(join(modules, name))
        ? tree(
            join(modules, name),
            `${to}/${name}`,
            () => 0o644,
            (inner) =>
              name === "usb-detection" ? wanted.test(inner) : /\.(js|json)$/.test(inner) && !inner.includes("test"),
          )
        : [],
    ),
    file(modules, "usb-detection/build/Release/detection.node", `${to}/usb-detection/build/Release/detection.node`),
  ];
}

function modeOnDisk(path: string): number {
  return (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755;
}

function file(source: string, from: string, to: string): Item & { readonly kind: "file" } {
  requirePart(join(source, from));
  return { kind: "file", path: to, mode: 0o644, content: readFileSync(join(source, from)) };
}

/** The files below a folder; `select` sees their paths below it. */
function tree(
  from: string,
  to: string,
  modeOf: (path: string) => number,
  select: (path: string) => boolean = () => true,
): Item[] {
  requirePart(from);
  return readdirSync(from, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path, inner: path.slice(from.length + 1) }))
    .filter(({ inner }) => select(inner))
    .map(({ path, inner }) => ({
      kind: "file",
      path: `${to}/${inner}`,
      mode: modeOf(path),
      content: readFileSync(path),
    }));
}

function requirePart(path: string): void {
  if (existsSync(path)) return;
  throw new InstallError(
    `a part of bootferry is missing: there is no ${path}`,
    "Get these sources whole: clone them anew.",
  );
}

/** All items by their paths, with the directories that hold them. */
export function withParents(items: readonly Item[]): readonly Item[] {
  const all = new Map(items.map((item) => [item.path, item]));
  for (const { path } of items) {
    for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
      if (!all.has(parent)) all.set(parent, { kind: "directory", path: parent });
    }
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * What an image asks of its installation: `bootc/install/*.toml` (bootc-install-config(5); crates/lib/src/install/config.rs).
 *
 *     /usr/lib/bootc/install  →  /usr/local/lib/bootc/install  →  /etc/bootc/install
 *
 * A file hides those of its name in directories before; files count in the order of their names, and what comes later wins,
 * but that `kargs` and `karg-deletes` add up. What cannot be had from this engine is refused, what means nothing to it is
 * told: nothing is passed over in silence, for the image would boot otherwise than its maker thinks.
 */
import { z } from "zod";
import { DeployError } from "../error.ts";
import { parseKarg, rustArchitecture } from "../native/kargs.ts";
import { parseImageToml } from "../native/parse-image-toml.ts";
import type { DiskLoader } from "./disk-layout.ts";

const filesystemType = z.string();

const fileSchema = z.strictObject({
  install: z
    .strictObject({
      "root-fs-type": filesystemType.optional(),
      filesystem: z.strictObject({ root: z.strictObject({ type: filesystemType.optional() }).optional() }).optional(),
      block: z.array(z.string()).optional(),
      kargs: z.array(z.string()).optional(),
      "karg-deletes": z.array(z.string()).optional(),
      "match-architectures": z.array(z.string()).optional(),
      stateroot: z.string().optional(),
      "root-mount-spec": z.string().optional(),
      "boot-mount-spec": z.string().optional(),
      bootloader: z.string().optional(),
      "discoverable-partitions": z.boolean().optional(),
      "enforce-container-sigpolicy": z.boolean().optional(),
      bootupd: z.looseObject({}).optional(),
      ostree: z.looseObject({}).optional(),
    })
    .optional(),
});

type InstallTable = NonNullable<z.infer<typeof fileSchema>["install"]>;

export interface InstallConfigFile {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface InstallConfig {
  readonly loader: DiskLoader | undefined;
  readonly kargs: readonly string[];
  readonly kargDeletes: readonly string[];
  /** The label that the root file system gets, and is found by. */
  readonly rootLabel: string | undefined;
  readonly bootLabel: string | undefined;
  /** What the image asks for and this engine has no use for. */
  readonly warnings: readonly string[];
}

export const NO_INSTALL_CONFIG: InstallConfig = {
  loader: undefined,
  kargs: [],
  kargDeletes: [],
  rootLabel: undefined,
  bootLabel: undefined,
  warnings: [],
};

/**
 * @param files in the order in which they count
 * @param architecture of the image: `amd64`
 * @throws DeployError DEPLOY_INSTALL_CONFIG_INVALID, DEPLOY_INSTALL_CONFIG_REFUSED
 */
export function parseInstallConfig(files: readonly InstallConfigFile[], architecture: string): InstallConfig {
  return files.reduce((config, file) => {
    const table = parseFile(file);
    const architectures = table["match-architectures"];
    const applies = architectures === undefined || architectures.includes(rustArchitecture(architecture));
    return applies ? merge(config, table, file.path) : config;
  }, NO_INSTALL_CONFIG);
}

function parseFile({ path, bytes }: InstallConfigFile): InstallTable {
  const parsed = fileSchema.safeParse(parseImageToml(bytes, path, "DEPLOY_INSTALL_CONFIG_INVALID"));
  if (parsed.success) return parsed.data.install ?? {};
  const issue = parsed.error.issues[0];
  const where = issue?.path.length ? `${issue.path.join(".")}: ` : "";
  const message = `${path}: ${where}${issue?.message}`;
  throw new DeployError("DEPLOY_INSTALL_CONFIG_INVALID", message, { cause: parsed.error });
}

function merge(config: InstallConfig, table: InstallTable, path: string): InstallConfig {
  requireFilesystem(table["root-fs-type"], path);
  requireFilesystem(table.filesystem?.root?.type, path);
  const { block, bootloader } = table;
  if (block !== undefined && !block.includes("direct")) {
    refuse(path, `block = ${JSON.stringify(block)}: expected "direct" among them`);
  }
  const [rootSpec, bootSpec] = [table["root-mount-spec"], table["boot-mount-spec"]];
  return {
    loader: bootloader === undefined ? config.loader : loaderOf(bootloader, path),
    kargs: [...config.kargs, ...(table.kargs ?? []).map(parseKarg)],
    kargDeletes: [...config.kargDeletes, ...(table["karg-deletes"] ?? [])],
    rootLabel: rootSpec === undefined ? config.rootLabel : labelOf(rootSpec, "root-mount-spec", path),
    bootLabel: bootSpec === undefined ? config.bootLabel : labelOf(bootSpec, "boot-mount-spec", path),
    warnings: [...config.warnings, ...warningsOf(table).map((warning) => `${path}: ${warning}`)],
  };
}

function requireFilesystem(type: string | undefined, path: string): void {
  if (type !== undefined && type !== "ext4")
    refuse(path, `root file system ${type}: expected ext4, which can seal files`);
}

const LOADERS: Readonly<Record<string, DiskLoader>> = { systemd: "systemd-boot", grub: "grub", none: "none" };

function loaderOf(name: string, path: string): DiskLoader {
  return LOADERS[name] ?? refuse(path, `bootloader ${name}: expected systemd, grub or none`);
}

/** A label can be given to a new file system; a UUID that stands in an image would be that of every device. */
function labelOf(spec: string, key: string, path: string): string {
  const label = /^LABEL=([\w.-]{1,11})$/.exec(spec)?.[1]; // vfat takes 11 characters
  return (
    label ??
    refuse(path, `${key} = ${JSON.stringify(spec)}: expected LABEL= and up to 11 letters, digits, ".", "_" or "-"`)
  );
}

/** Keys about ostree, bootupd and the pull of images, none of which this engine has. */
function warningsOf(table: InstallTable): readonly string[] {
  const meaningless = [
    ...(table.stateroot === undefined || table.stateroot === "default" ? [] : ["stateroot"]),
    ...(table.bootupd === undefined ? [] : ["bootupd"]),
    ...(table.ostree === undefined ? [] : ["ostree"]),
  ];
  return meaningless.map((key) => `${key} has no meaning to this engine`);
}

function refuse(path: string, why: string): never {
  throw new DeployError("DEPLOY_INSTALL_CONFIG_REFUSED", `${path}: ${why}`);
}

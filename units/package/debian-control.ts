/** The control file and the maintainer scripts of the Debian package (Debian policy, chapters 5 to 7). */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { unitLinks } from "../install/enable.ts";
import { runTool } from "./tool.ts";

export const MAINTAINER = "bootferry maintainers <maintainers@bootferry.example>";

/** The first Debian revision of each version: a package that is made anew of other sources has another version. */
export const REVISION = 1;

/**
 * Beside the libraries of the executable. The initramfs part is made on every machine that has initramfs-tools or dracut,
 * and it must not fail there: it needs mount and fsverity.
 */
const NEEDED = ["fsverity", "mount"];

/** What single commands use (docs/dependencies.md has them all); `bootferry doctor` says which of them are wanted here. */
const RECOMMENDED = ["cryptsetup-bin", "dosfstools", "e2fsprogs", "exfatprogs", "fdisk", "kmod", "skopeo", "systemd"];
const SUGGESTED = ["eject", "grub2-common", "openssl", "podman", "systemd-boot", "udisks2"];

const SCRIPTS = ["postinst", "prerm", "postrm"] as const;

export interface ControlFacts {
  readonly source: string;
  readonly version: string;
  /** `amd64`, as dpkg calls it. */
  readonly architecture: string;
  readonly executable: string;
  readonly installedBytes: number;
}

export function formatControl({ source, version, architecture, executable, installedBytes }: ControlFacts): string {
  const description = readFileSync(join(source, "units/debian/description"), "utf8").trimEnd();
  return `${[
    "Package: bootferry",
    `Version: ${version}`,
    `Architecture: ${architecture}`,
    `Maintainer: ${MAINTAINER}`,
    `Installed-Size: ${Math.ceil(installedBytes / 1024)}`,
    `Depends: ${[...libraryPackages(executable), ...NEEDED].join(", ")}`,
    `Recommends: ${RECOMMENDED.join(", ")}`,
    `Suggests: ${SUGGESTED.join(", ")}`,
    "Section: admin",
    "Priority: optional",
    `Description: ${description}`,
  ].join("\n")}\n`;
}

/** The packages of the shared libraries, with the least version that has all symbols: dpkg-shlibdeps reads them from the file. */
function libraryPackages(executable: string): readonly string[] {
  const scratch = mkdtempSync(join(tmpdir(), "bootferry-shlibdeps-"));
  try {
    mkdirSync(join(scratch, "debian"));
    writeFileSync(join(scratch, "debian/control"), "Source: bootferry\n\nPackage: bootferry\nArchitecture: any\n");
    const printed = runTool(["dpkg-shlibdeps", "-O", `-e${executable}`], { cwd: scratch });
    return printed
      .replace(/^shlibs:Depends=/, "")
      .trim()
      .split(/,\s*/);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The maintainer scripts, with our units: `@UNITS@` are all that can be enabled, `@ENABLED@` those that our preset enables. */
export function maintainerScripts(source: string): readonly (readonly [name: string, text: string])[] {
  const preset = readFileSync(join(source, "units/system-preset/80-bootferry.preset"), "utf8");
  const enabled = [...preset.matchAll(/^enable (\S+)$/gm)].flatMap(([, unit]) => unit ?? []);
  const links = unitLinks(join(source, "units/system")).map(({ path }) => path.slice(path.lastIndexOf("/") + 1));
  const units = [...new Set(links)].sort();
  return SCRIPTS.map((name) => {
    const text = readFileSync(join(source, "units/debian", name), "utf8");
    return [name, text.replaceAll("@UNITS@", units.join(" ")).replaceAll("@ENABLED@", enabled.sort().join(" "))];
  });
}

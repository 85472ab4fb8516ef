/**
 * A small but real root file system from files of the machine that the demo runs on: a shell, a few programs, the
 * libraries they need. Only the kernel and the initramfs are stand-ins, and say so: the demo boots nothing.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname } from "node:path";
import type { FixtureEntry } from "../support/oci-fixtures.ts";

const PROGRAMS = ["/bin/sh", "/bin/cat", "/bin/ls", "/bin/grep", "/bin/sed"];
const CONFIGURATION = ["/etc/nsswitch.conf", "/etc/protocols", "/etc/services"];

/** Long enough for the file to be an object of its own: content of up to 64 bytes stands in the metadata image. */
const KIOSK_CONF_HEAD = "# The kiosk of the demo: which version this is, and whether its screen works.\n";

/** Files, and the directories that they need, once each and parents first. */
export function machineRoot(): readonly FixtureEntry[] {
  const programs = PROGRAMS.filter((path) => existsSync(path));
  const libraries = new Set(programs.flatMap(sharedLibraries));
  const files: FixtureEntry[] = [
    ...programs.map((path) => copied(`/usr${path}`, path, 0o755)),
    ...[...libraries].sort().map((path) => copied(path, path, 0o755)),
    ...CONFIGURATION.filter((path) => existsSync(path)).map((path) => copied(path, path, 0o644)),
    { name: "etc/passwd", content: "root:x:0:0:root:/root:/bin/sh\n" },
    { name: "etc/group", content: "root:x:0:\n" },
    { name: "etc/hostname", content: "demo-kiosk\n" },
    { name: "bin", type: "symlink", linkname: "usr/bin" },
    { name: "var/lib/", type: "directory" },
    { name: "boot/", type: "directory" },
    { name: "sysroot/", type: "directory" },
    {
      name: "usr/bin/bootferry",
      mode: 0o755,
      content: "#!/bin/sh\necho 'a stand-in: the demo runs the agent itself'\n",
    },
  ];
  return withParents(files);
}

/** What the demo puts in place of a kernel where an image has none. */
export function kernelStandIn(): readonly FixtureEntry[] {
  const directory = "usr/lib/modules/0.0.0-stand-in";
  return withParents([
    { name: `${directory}/vmlinuz`, content: `This is a stand-in for a kernel.\n${"k".repeat(100_000)}\n` },
    { name: `${directory}/initramfs.img`, content: `This is a stand-in for an initramfs.\n${"i".repeat(100_000)}\n` },
  ]);
}

/** What differs between the versions: a configuration, and a health check that reads it. */
export function versionLayer(version: string, screen: "works" | "dark"): readonly FixtureEntry[] {
  const check = `#!/bin/sh
# Is the screen of this kiosk on? In the demo a file of the deployment says so.
conf="\${BOOTFERRY_SYSROOT:+$BOOTFERRY_SYSROOT/bootferry/deploy/$BOOTFERRY_DEPLOYMENT}/etc/kiosk.conf"
grep -q '^screen=works$' "$conf" || { echo "the screen stays dark"; exit 1; }
`;
  return withParents([
    { name: "etc/kiosk.conf", content: `${KIOSK_CONF_HEAD}version=${version}\nscreen=${screen}\n` },
    { name: "usr/lib/os-release", content: `ID=demo\nNAME="Demo kiosk"\nVERSION_ID=${version}\n` },
    { name: "usr/lib/bootferry/health.d/required/10-screen", mode: 0o755, content: check },
  ]);
}

/** The absolute paths that ldd(1) names; none for a static program or without ldd. */
function sharedLibraries(program: string): string[] {
  try {
    const text = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...text.matchAll(/(\/\S+) \(0x/g)].map((match) => match[1] ?? "").filter((path) => path !== "");
  } catch {
    return []; // a static program, or a machine without ldd: the demo needs the files, not their completeness
  }
}

function copied(target: string, source: string, mode: number): FixtureEntry {
  return { name: target.slice(1), mode, content: readFileSync(realpathSync(source)) };
}

function withParents(entries: readonly FixtureEntry[]): readonly FixtureEntry[] {
  const directories = new Set<string>();
  const addParents = (name: string) => {
    const parent = dirname(name);
    if (parent === ".") return;
    addParents(parent);
    directories.add(parent);
  };
  for (const entry of entries) addParents(entry.name.replace(/\/$/, ""));
  const made = [...directories].map((name): FixtureEntry => ({ name: `${name}/`, type: "directory" }));
  return [...made, ...entries];
}

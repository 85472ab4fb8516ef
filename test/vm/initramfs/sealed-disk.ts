/**
 * The disk of the matrix: one ext4 file system that `os install to-filesystem` filled from a release of the tiny image.
 * Objects and images are sealed by a first boot of it, since the kernel of a build machine may not know fs-verity.
 *
 *     /bootferry  /boot           as installed
 *     /rig/seal                   init of that first boot: an ordinary one, without our kernel arguments
 *     /rig/impostor               a sealed file that is not an object
 *     /dev /proc /run /sys        mount points for it
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeOciLayout } from "../../support/oci-fixtures.ts";
import { cached, hashOfFiles, stampOf } from "../rig/cache.ts";
import { bootferry, provisioning, signRelease } from "../rig/releases.ts";
import { tool } from "../rig/tool.ts";
import { bootOnce } from "./boot-once.ts";
import { TOOLS } from "./kernels.ts";
import { tinyImage } from "./tiny-image.ts";

export interface MatrixDisk {
  readonly sealed: string;
  /** The same before it was sealed. */
  readonly unsealed: string;
  /** The `options` of its boot entry, without the ones that ask for more than the kernel of the matrix has. */
  readonly kargs: readonly string[];
}

const DISK_SIZE = "96M";
const SEAL = `#!/rig/busybox sh
# Seals what a deployment consists of, as the agent does it on a device, and says what kind of boot this was.
b=/rig/busybox
echo "FACT mount /: $($b sed -n 's#^[^ ]* / \\([^ ]*\\) .*#\\1#p' /proc/mounts | $b tail -n 1)"
sealed=0
for file in /bootferry/objects/*/* /bootferry/images/* /rig/impostor; do
  /rig/ld-linux-x86-64.so.2 --library-path /rig /rig/fsverity enable --hash-alg=sha256 --block-size=4096 "$file" || continue
  sealed=$((sealed + 1))
done
echo "FACT sealed: $sealed"
$b mount -o remount,ro / # the journal is empty then: tests change the disk from outside
$b poweroff -f
`;
const LOOSE_FILES = 2; // that SEAL seals beside the objects: the image and the impostor

export async function matrixDisk(): Promise<MatrixDisk> {
  const inputs = [stampOf("guest"), stampOf("kernel-bookworm"), hashOfFiles(import.meta.dirname)];
  const directory = await cached("initramfs-disk", inputs, make);
  const kargs = readFileSync(join(directory, "kargs"), "utf8").split(" ");
  return { sealed: join(directory, "sealed.raw"), unsealed: join(directory, "unsealed.raw"), kargs };
}

async function make(directory: string): Promise<void> {
  const work = join(directory, "work");
  const root = join(work, "root");
  const layout = join(work, "layout");
  mkdirSync(root, { recursive: true });
  await writeOciLayout(layout, [{ tag: "latest", images: [{ layers: [{ entries: tinyImage() }] }] }]);
  const keys = await provisioning();
  const medium = join(work, "medium");
  mkdirSync(medium);
  await signRelease(medium, layout, { sequence: 1 });
  await bootferry(
    work,
    ...["os", "install", "to-filesystem", root, "--medium", medium, "--trust-root", join(keys, "root.json")],
    ...["--agent-config", join(keys, "agent.toml")],
  );
  writeFileSync(join(directory, "kargs"), optionsOfEntry(join(root, "boot/loader/entries")));

  for (const name of ["dev", "proc", "run", "sys"]) mkdirSync(join(root, name), { recursive: true });
  cpSync(TOOLS, join(root, "rig"), { recursive: true });
  writeFileSync(join(root, "rig/seal"), SEAL);
  chmodSync(join(root, "rig/seal"), 0o755);
  writeFileSync(join(root, "rig/impostor"), "not what the image names\n".repeat(4000));
  const unsealed = join(directory, "unsealed.raw");
  // A small file system would get blocks of 1 KiB, and fs-verity refuses those: a block of its own may not be larger.
  tool("mkfs.ext4", "-q", "-F", "-b", "4096", "-O", "verity", "-d", root, unsealed, DISK_SIZE);

  const boot = await bootOnce({
    ...{ name: "seal", directory: work, kernel: "Debian forky", disk: unsealed },
    commandLine: ["root=/dev/vda", "rw", "init=/rig/seal", "panic=1"],
  });
  const objects = readdirSync(join(root, "bootferry/objects"), { recursive: true, withFileTypes: true });
  const expected = objects.filter((entry) => entry.isFile()).length + LOOSE_FILES;
  if (boot.end !== "guest-shutdown" || boot.facts.get("sealed") !== String(expected)) {
    throw new Error(`expected ${expected} sealed files, got ${boot.facts.get("sealed")} (${boot.end}):\n${boot.tail}`);
  }
  renameSync(boot.disk, join(directory, "sealed.raw"));
  rmSync(work, { recursive: true });
}

function optionsOfEntry(entries: string): string {
  const [name, ...others] = readdirSync(entries);
  if (name === undefined || others.length > 0) throw new Error(`${entries}: expected one boot entry`);
  const options = /^options\s+(.*)$/m.exec(readFileSync(join(entries, name), "utf8"))?.[1];
  if (options === undefined) throw new Error(`${name} has no options`);
  return options;
}

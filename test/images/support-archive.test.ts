/** Debian's own `age` and our support archives, in both directions; and a medium that is full. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

const MAIN = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));

function openScene() {
  const directory = mkdtempSync(join(tmpdir(), "bootferry-age-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const env = { ...process.env, BOOTFERRY_PASSPHRASE: "correct horse" };
  const sh = (script: string) =>
    execFileSync(
      "bash",
      ["-euo", "pipefail", "-c", `bootferry() { "${process.execPath}" "${MAIN}" "$@"; }\n${script}`],
      {
        ...{ cwd: directory, env, encoding: "utf8" },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
  return { directory, env, sh };
}

it("age and tar open what we have written, and a key of age-keygen opens it here", () => {
  const { directory, sh } = openScene();
  sh(`age-keygen -o keygen.key
bootferry key generate support --for support --no-passphrase
bootferry agent export-logs --to . --recipient "$(cat support.pub)" --recipient "$(age-keygen -y keygen.key)"
mkdir by-age by-keygen
for key in support keygen; do age --decrypt --identity $key.key bootferry-support/*.age | tar --zstd -x -C by-age; done
bootferry support open bootferry-support/*.age --key keygen.key --to by-keygen`);
  const read = (folder: string) =>
    readdirSync(join(directory, folder)).map((name) => [name, readFileSync(join(directory, folder, name), "utf8")]);
  expect(read("by-age").map(([name]) => name)).toContain("manifest.json");
  expect(read("by-age")).toEqual(read("by-keygen"));
});

it("opens what age has sealed, when it is one of our archives", () => {
  const { directory, sh } = openScene();
  sh(`bootferry key generate support --for support --no-passphrase
bootferry agent export-logs --to . --recipient "$(cat support.pub)"
age --decrypt --identity support.key bootferry-support/*.age | age --encrypt --recipients-file support.pub > again.age
bootferry support open again.age --key support.key --to got`);
  expect(readdirSync(join(directory, "got"))).toContain("kernel.txt");
});

it("age takes a key with a passphrase, which it asks for on a terminal", () => {
  const { sh } = openScene();
  const said = sh(`bootferry key generate support --for support
echo hello | age --encrypt --recipients-file support.pub > sealed.age
cat > type.py <<'PY'
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp("age", ["age", "--decrypt", "--identity", "support.key", "--output", "opened", "sealed.age"])
said = b""
while b"passphrase" not in said: said += os.read(terminal, 1024)
os.write(terminal, b"correct horse\\n")
try:
    while os.read(terminal, 1024): pass
except OSError: pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
PY
python3 type.py
cat opened`);
  expect(said).toMatch(/hello\n$/);
});

it("leaves a full medium as it was", () => {
  const { directory, env, sh } = openScene();
  sh("bootferry key generate support --for support --no-passphrase");
  const script = `mount -t tmpfs -o size=64k none "$1"
cat /dev/zero > "$1/release"
"$2" "$3" agent export-logs --to "$1" --recipient "$(cat support.pub)"
status=$?
find "$1" -mindepth 1
exit $status`;
  writeFileSync(join(directory, "fill.sh"), script);
  sh("mkdir full");
  const args = ["--mount", "bash", "fill.sh", join(directory, "full"), process.execPath, MAIN];
  const { status, stdout, stderr } = spawnSync("unshare", args, { cwd: directory, env, encoding: "utf8" });
  expect([status, stdout.trim()]).toEqual([5, join(directory, "full/release")]);
  expect(stderr).toMatch(/bootferry-support.*\[HOST_NO_SPACE\]/);
});

it("mounts a stick by its label, writes to it and leaves it to be pulled out", () => {
  const { directory, sh } = openScene();
  const said = sh(`bootferry key generate support --for support --no-passphrase
truncate -s 16M stick.img
mkfs.ext4 -q -L BOOTFERRY stick.img
device=$(losetup --find --show stick.img)
trap 'losetup --detach $device' EXIT
bootferry agent export-logs --device $device --recipient "$(cat support.pub)" --json > result.json
! grep "^$device " /proc/mounts
mkdir mnt && mount -o ro $device mnt
cp -r mnt/bootferry-support . ; umount mnt
echo $device`);
  const { file, device } = JSON.parse(readFileSync(join(directory, "result.json"), "utf8"));
  expect(device).toBe(said.trim().split("\n").at(-1));
  expect(file).toMatch(/^bootferry-support\/.+\.tar\.zst\.age$/);
  sh(`bootferry support open ${file} --key support.key --to got`);
  expect(readdirSync(join(directory, "got"))).toContain("manifest.json");
});

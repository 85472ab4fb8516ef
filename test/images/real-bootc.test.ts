/**
 * test/real-bootc/run, which a person starts on a real bootc host, on the stand-in for bootc: so that what it expects is what a host
 * shows that keeps bootc's contract. It is for a whole machine, so it gets one in a mount namespace of its own, as root.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { toAbsPath } from "../../src/path.ts";
import { bootcImage } from "../support/bootc-double/bootc-images.ts";
import { openDoubleMachine } from "../support/bootc-double/machine.ts";
import { writeOciLayout } from "../support/oci-fixtures.ts";

const CLONE = join(import.meta.dirname, "..", "..");
const RUN = join(CLONE, "test/real-bootc/run");

/** Of this machine, what a host may change: all gone when the namespace is. */
const HIDDEN = ["/var/lib/bootferry", "/var/lib/bootferry-real-test", "/run/bootferry", "/etc/bootferry", "/boot"];

/** Programs that stand for those of a host. Units are what was last said of them. */
const PROGRAMS = {
  bootferry: `exec node ${CLONE}/src/cli/main.ts "$@"`,
  bootc: `exec ${CLONE}/test/support/bootc-double/bin/bootc "$@"`,
  ostree: `exec ${CLONE}/test/support/bootc-double/bin/ostree "$@"`,
  skopeo: "echo skopeo version 0",
  "systemd-inhibit": 'while case $1 in --*) true ;; *) false ;; esac; do shift; done; exec "$@"',
  systemctl: `
    unit=; for word in "$@"; do unit=$word; done
    case $* in
      is-active*) [ -e "$UNITS/$unit" ] ;;
      start*) touch "$UNITS/$unit" ;;
      mask*) rm -f "$UNITS/$unit" ;;
      is-enabled*) exit 1 ;;
    esac`,
} as const;

/** Switches the machine on again, as often as the script asks for it; what is sick fails a check. */
const DRIVE = `
set -eu
for directory in $HIDDEN; do mount -t tmpfs none $directory; done
boots=0
switch_on() {
  boots=$((boots + 1))
  printf '00000000-0000-4000-8000-%012d\\n' $boots >"$WORK/boot-id"
  umount /proc/sys/kernel/random/boot_id 2>/dev/null || :
  mount --bind "$WORK/boot-id" /proc/sys/kernel/random/boot_id
  rm -rf /etc/bootferry/health.d
  case $(bootc status --format=json | node -p 'JSON.parse(require("fs").readFileSync(0)).status.booted.image.version') in
    sick*)
      mkdir -p /etc/bootferry/health.d/required
      printf '#!/bin/sh\\nexit 1\\n' >/etc/bootferry/health.d/required/99-sick
      chmod 755 /etc/bootferry/health.d/required/99-sick
      ;;
  esac
}
switch_on
"$RUN" --yes --images "$WORK/images" --no-reboot
while [ "$(cat /var/lib/bootferry-real-test/stage)" != done ] && [ $boots -lt 12 ]; do
  bootc-double-boot
  switch_on
  "$RUN" --go-on || break
done
"$RUN" --show
`;

it.each([
  { backend: "ostree", version: "1.16.9" },
  { backend: "composefs", version: "1.16.10" },
] as const)("a $backend host with bootc $version shows what is expected", async ({ backend, version }) => {
  const work = toAbsPath(mkdtempSync(join(tmpdir(), "real-bootc-")));
  const made = HIDDEN.filter((directory) => !existsSync(directory)); // to have something to mount onto
  using machine = openDoubleMachine({ version, backend, bootloader: backend === "ostree" ? "grub" : "systemd" });
  try {
    await machine.provision(bootcImage("1.0"));
    for (const mark of ["good1", "good2", "sick"]) {
      await writeOciLayout(toAbsPath(join(work, "images", mark)), [
        { tag: "image", images: [bootcImage(`${mark}.0`)] },
      ]);
    }
    for (const directory of ["bin", "units"]) mkdirSync(join(work, directory));
    for (const [name, text] of Object.entries(PROGRAMS)) {
      writeFileSync(join(work, "bin", name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    }
    for (const directory of made) mkdirSync(directory);
    const path = [join(work, "bin"), join(CLONE, "test/support/bootc-double/bin"), process.env["PATH"]].join(":");
    const env = { ...process.env, PATH: path, WORK: work, UNITS: join(work, "units"), RUN, HIDDEN: HIDDEN.join(" ") };
    const { status, stdout, stderr } = spawnSync("unshare", ["--mount", "bash", "-c", DRIVE], {
      encoding: "utf8",
      env: { ...env, BOOTC_DOUBLE_STATE: machine.stateDirectory },
    });
    expect(stdout.split("\n").at(-2), `${stdout}${stderr}`).toBe("as expected");
    expect(status).toBe(0);
  } finally {
    rmSync(work, { recursive: true, force: true });
    for (const directory of made) if (existsSync(directory)) rmdirSync(directory);
  }
});

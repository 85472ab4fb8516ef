/**
 * Words for a person before the device, on Debian's own Plymouth and by its `wall`: what bootferry-announce.service says is
 * seen, and why it is a unit of its own.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";

const SCRIPT = join(import.meta.dirname, "../../units/scripts/announce");
const TEXT = "Copying 42 % · Do not remove the stick";

/** Runs `script` (Python) beside a plymouthd that shows its splash on a terminal of its own; `seen()` is what it has drawn. */
function besidePlymouth(script: string): string {
  const root = mkdtempSync(join(tmpdir(), "bootferry-plymouth-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const file = join(root, "run.py");
  writeFileSync(
    file,
    `import os, pty, select, subprocess, sys, time
here, screen = pty.openpty()
daemon = subprocess.Popen(["plymouthd", "--no-daemon", "--mode=boot", "--no-boot-log", "--tty=" + os.ttyname(screen),
    "--kernel-command-line=plymouth.enable=1 plymouth.ignore-serial-consoles"], stdin=subprocess.DEVNULL)
run = lambda *words: subprocess.call(words)
def seen():
    drawn = b""
    while select.select([here], [], [], 1)[0]: drawn += os.read(here, 65536)
    return drawn.decode("utf8", "replace")
def leave(text):
    place = ${JSON.stringify(root)} + "/run/bootferry/announce"
    os.makedirs(place, exist_ok=True)
    open(place + "/plymouth.next", "w").write(text + "\\n")
os.environ["BOOTFERRY_TEST_ROOT"] = ${JSON.stringify(root)}
script, text = ${JSON.stringify(SCRIPT)}, ${JSON.stringify(TEXT)}
try:
    for attempt in range(100):
        if run("plymouth", "--ping") == 0: break
        time.sleep(0.1)
    run("plymouth", "show-splash")
    seen()
${script.replaceAll(/^/gm, "    ")}
finally:
    run("plymouth", "quit")
    daemon.terminate()
    daemon.wait()
`,
  );
  return execFileSync("python3", [file], { encoding: "utf8" });
}

it("shows the agent's words on the splash screen, and once more when it is asked to", () => {
  const said = besidePlymouth(`leave(text)
assert run(script) == 0
print(seen())
assert run(script) == 0
print("nothing new:", repr(seen()))
assert run(script, "--again") == 0
print("again:", seen())`);
  expect(said).toContain(TEXT);
  expect(said).toContain("nothing new: ''");
  expect(said.slice(said.indexOf("again:"))).toContain(TEXT);
});

it("is said with the rights that its unit leaves it", () => {
  const unit = readFileSync(join(SCRIPT, "../../system/bootferry-announce.service"), "utf8");
  const kept = /^CapabilityBoundingSet=CAP_(.*)$/m.exec(unit)?.[1]?.toLowerCase();
  const said = besidePlymouth(`leave(text)
assert run("setpriv", "--no-new-privs", "--bounding-set=-all,+${kept}", "sh", script) == 0
print(seen())`);
  expect(said).toContain(TEXT);
});

it("is said on the terminals of those who are logged in", () => {
  const root = mkdtempSync(join(tmpdir(), "bootferry-wall-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(
    join(root, "run.py"),
    `import os, pty, select, struct, subprocess
here, screen = pty.openpty()
line = os.ttyname(screen).removeprefix("/dev/").encode()
record = struct.pack("hi32s4s32s256shhiii4i20x", 7, os.getpid(), line, line[-4:], b"root", b"", 0, 0, 0, 1, 0, 0, 0, 0, 0)
open("/run/utmp", "wb").write(record)
os.makedirs("/run/bootferry/announce")
open("/run/bootferry/announce/wall.next", "w").write(${JSON.stringify(TEXT)} + "\\n")
subprocess.check_call([${JSON.stringify(SCRIPT)}])
drawn = b""
while select.select([here], [], [], 1)[0]: drawn += os.read(here, 65536)
print(drawn.decode("utf8"))
`,
  );
  const script = 'mount -t tmpfs none /run && exec python3 "$1"';
  const argv = ["--mount", "sh", "-ec", script, "sh", join(root, "run.py")];
  const said = execFileSync("unshare", argv, { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
  expect(said).toContain(TEXT);
});

it("is not heard from within a network namespace, such as that of bootferry-media@.service", () => {
  const said = besidePlymouth(`leave(text)
print("outside:", run("plymouth", "--ping"), "inside:", run("unshare", "--net", "plymouth", "--ping"))
run("unshare", "--net", "sh", script)
print("seen:", repr(seen()))`);
  expect(said).toBe("outside: 0 inside: 1\nseen: ''\n");
});

/**
 * What journald makes of the agent's entries and of our catalogs: a journald of its own, in a mount namespace, is sent
 * entries by `logger --journald` as the agent sends them, and asked by journalctl.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { EVENT_MESSAGE_IDS, NOTE_MESSAGE_IDS, STATE_MESSAGE_IDS } from "../../src/agent/message-ids.ts";

const REPOSITORY = join(import.meta.dirname, "../..");
/** Tells the journal of a refusal, as the agent does. */
const SPEAKER = fileURLToPath(new URL("./journal-speaker.ts", import.meta.url));
const IDS = [STATE_MESSAGE_IDS, NOTE_MESSAGE_IDS, EVENT_MESSAGE_IDS].flatMap((ids) => Object.values(ids));

/** Runs `script` beside a journald that is asked by `journal`, with our catalogs installed. */
function besideJournald(script: string): string {
  const scratch = mkdtempSync(join(tmpdir(), "bootferry-journald-"));
  onTestFinished(() => rmSync(scratch, { recursive: true, force: true }));
  const file = join(scratch, "run.sh");
  writeFileSync(
    file,
    `set -eu
mount -t tmpfs none /run
mount -t tmpfs none /usr/lib/systemd/catalog
mount -t tmpfs none /var/lib/systemd
mkdir -p /run/log/journal /var/lib/systemd/catalog
cp "${REPOSITORY}"/units/catalog/* /usr/lib/systemd/catalog/
journalctl --update-catalog
/lib/systemd/systemd-journald 2>/dev/null &
trap 'kill $!' EXIT
while [ ! -S /run/systemd/journal/socket ]; do sleep 0.1; done
journal() { journalctl --sync; journalctl --no-pager --quiet --directory "$(echo /run/log/journal/*)" "$@"; }
${script}`,
  );
  return execFileSync("unshare", ["--mount", "bash", file], { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } });
}

it("has every id in the catalog, in both languages", () => {
  const listed = besideJournald("journalctl --list-catalog; echo; LC_ALL=zh_CN.UTF-8 journalctl --list-catalog");
  const [english, chinese] = listed.split("\n\n").map((part) => part.trim().split("\n"));
  const idsOf = (lines: readonly string[] | undefined) => lines?.map((line) => line.slice(0, 32)).toSorted();
  expect(idsOf(english)).toEqual(IDS.toSorted());
  expect(idsOf(chinese)).toEqual(IDS.toSorted());
});

it("is filtered by id, has fields, and is explained", () => {
  // The agent's own words, by the log that it opens under systemd.
  const said = besideJournald(`JOURNAL_STREAM=1:1 "${process.execPath}" "${SPEAKER}" 2>/run/stderr
test ! -s /run/stderr
journal -o json MESSAGE_ID=${STATE_MESSAGE_IDS.refused}
echo
journal -o short -x MESSAGE_ID=${STATE_MESSAGE_IDS.refused}`);
  const end = said.indexOf("\n");
  const [json, explained] = [said.slice(0, end), said.slice(end)];
  expect(JSON.parse(json)).toMatchObject({
    MESSAGE: "The running system is unchanged. [TRUST_SEQUENCE_OLD]",
    PRIORITY: "4",
    SYSLOG_IDENTIFIER: "bootferry-agent",
    BOOTFERRY_STATE: "refused",
    BOOTFERRY_REMEDY: "Bring a newer release.",
    OBJECT_PID: expect.stringMatching(/^\d+$/),
  });
  expect(explained).toContain("Subject: A medium was refused");
  expect(explained).toContain("Reason: TRUST_SEQUENCE_OLD");
  expect(explained).toContain("Bring a newer release.");
});

it("is heard from behind the walls of bootferry-media@.service", () => {
  const unit = readFileSync(join(REPOSITORY, "units/system/bootferry-media@.service"), "utf8");
  const value = (key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1] ?? "";
  expect([value("ProtectSystem"), value("PrivateNetwork"), value("NoNewPrivileges")]).toEqual(["strict", "yes", "yes"]);
  expect(value("RestrictAddressFamilies").split(" ")).toContain("AF_UNIX");
  const kept = value("CapabilityBoundingSet").toLowerCase().replaceAll("cap_", "+").split(" ");
  // No network, nothing that can be written, no other capabilities than that unit has, and no way to more.
  const said = besideJournald(`export JOURNAL_STREAM=1:1
unshare --net --mount sh -ec '
  for place in / /run /tmp; do mount --bind $place $place; mount -o remount,bind,ro $place; done
  ! touch /run/x 2>/dev/null
  exec setpriv --no-new-privs --bounding-set=-all,${kept.join(",")} "${process.execPath}" "${SPEAKER}"'
journal -o cat MESSAGE_ID=${STATE_MESSAGE_IDS.refused}`);
  expect(said).toBe("The running system is unchanged. [TRUST_SEQUENCE_OLD]\n");
});

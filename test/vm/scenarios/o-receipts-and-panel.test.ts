/**
 * Scenario o: what a device tells. It writes receipts to the stick that updates it, in their own unit and before anybody is
 * told to pull it; its panel and its journal tell the same; and the workstation believes what comes home.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { STATE_MESSAGE_IDS } from "../../../src/agent/message-ids.ts";
import type { Receipt } from "../../../src/receipt/receipt.ts";
import { countersOf, untilBlessed } from "../rig/entries.ts";
import type { Machine } from "../rig/machine.ts";
import { askPanel } from "../rig/panel.ts";
import { bootferry, INSTALLED, release, UPDATE } from "../rig/releases.ts";
import { unsigned } from "../rig/spoil.ts";
import { directoryOfDevice, takeReceipts } from "../rig/stick-files.ts";
import { story } from "../rig/story.ts";
import { type PlugOptions, plug, pull } from "../rig/usb.ts";
import { withJournal } from "../rig/variants.ts";

const PATIENCE_SECONDS = 600; // as for a boot
const COUNTDOWN_SECONDS = 120; // long enough to look around under an emulated processor
const LAMP = "/run/bootferry/rig-lamp";
/** What a lamp is told, and how many media are mounted where the hook runs. */
const LAMP_HOOK = `#!/bin/sh
echo "$BOOTFERRY_STATE $BOOTFERRY_MEDIUM $(grep -cE ' /run/bootferry/(media|receipts)/' /proc/self/mounts)" >>${LAMP}
`;

const SET_UP = `set -e
cd /etc/bootferry
sed -i -e 's/^compatible/label = "Hall 3"\\n&/' -e 's/^delay-seconds.*/delay-seconds = ${COUNTDOWN_SECONDS}/' agent.toml
printf '\\n[receipts]\\nwrite-to-media = true\\n' >>agent.toml
for state in stored idle refused confirmed; do
  mkdir -p hooks.d/$state
  printf '%s' '${LAMP_HOOK.replaceAll("'", "'\\''")}' >hooks.d/$state/50-rig
  chmod 755 hooks.d/$state/50-rig
done
systemctl enable --now bootferry-panel.service`;

interface Shown {
  readonly devices: readonly { readonly receipts: readonly { readonly receipt: Receipt }[] }[];
}

story("o", "o: receipts on the stick, the panel, and the journal", ({ step, stage }) => {
  let device: Machine;
  let stick: string;

  const status = async () => JSON.parse(await device.run("cat /run/bootferry/status.json"));
  const lamp = async () => (await device.run(`cat ${LAMP} 2>/dev/null || true`)).trim().split("\n");
  const property = async (unit: string, name: string) =>
    (await device.run(`systemctl show --value -p ${name} ${unit}`)).trim();
  const failedUnits = async () => (await device.run("systemctl --failed --no-legend --plain")).trim();
  // The guest waits by itself: each command that is sent to it costs it a second.
  const untilTheLampSays = (line: string) =>
    device.run(`until [ "$(tail -n 1 ${LAMP} 2>/dev/null)" = "${line}" ]; do sleep 1; done`, PATIENCE_SECONDS);
  const untilAtRest = () =>
    device.run(
      "while { systemctl list-jobs --no-legend --plain; systemctl list-units --state=activating,deactivating --no-legend --plain; } | grep -q bootferry-; do sleep 2; done",
      PATIENCE_SECONDS,
    );
  const panelIsWell = async (version: string) => {
    expect(await property("bootferry-panel.service", "ActiveState")).toBe("active");
    const pid = await property("bootferry-panel.service", "MainPID");
    const uid = Number(await device.run(`stat -c %u /proc/${pid}`));
    expect(uid).toBeGreaterThanOrEqual(61184); // of the range of DynamicUser=
    expect(uid).toBeLessThanOrEqual(65519);
    const { status: answered, body } = await askPanel(device, "/status.json");
    expect(answered).toBe(200);
    expect(JSON.parse(body).running.version).toBe(version);
    expect(await askPanel(device, "/status.json", "evil.example:8372")).toMatchObject({ status: 421 });
  };
  /** A stick with what runs already goes in, is looked at and perhaps written to, and comes out. */
  const looksAt = async (name: string, file: string, options: PlugOptions = {}) => {
    await device.run(`rm -f ${LAMP}`);
    await plug(device, name, file, options);
    await untilTheLampSays("idle may-be-removed 0");
    await untilAtRest();
    await pull(device, name);
    expect(await failedUnits()).toBe("");
  };

  step("a device is told to write receipts, and its panel is switched on", async () => {
    device = await stage.installedMachine();
    await device.powerOn();
    await device.run(SET_UP);
    await device.run("until (exec 3<>/dev/tcp/127.0.0.1/8372) 2>/dev/null; do sleep 1; done", PATIENCE_SECONDS);
    await untilAtRest();
    await panelIsWell(`${INSTALLED}.0`);
    expect((await askPanel(device, "/?lang=en")).body).toContain("Insert an update stick at any time.");
  });

  step("a stick of which no release verifies gets nothing written", async () => {
    const good = await release({ sequence: UPDATE, variant: withJournal() });
    const bad = stage.stick("unsigned", unsigned(good, stage.path("unsigned")));
    const before = sha256(bad);
    await plug(device, "unsigned", bad);
    await untilTheLampSays("refused may-be-removed 0");
    await untilAtRest();
    expect(await property("bootferry-receipts@sda.service", "ConditionResult")).toBe("no");
    await pull(device, "unsigned");
    expect(sha256(bad)).toBe(before);
  });

  step('a good one takes receipts, and only then "you can remove it" is said', async () => {
    stick = stage.stick("stick", await release({ sequence: UPDATE, variant: withJournal() }));
    await device.run(`rm -f ${LAMP}`);
    device.console.forgetWhatWasSaid();
    await plug(device, "stick", stick);
    await device.hears(/Do not remove the medium yet: receipts are being written to it/);
    await device.run(`until grep -q '"restart":{' /run/bootferry/status.json; do sleep 1; done`, PATIENCE_SECONDS);
    expect(await lamp()).toEqual(["stored do-not-remove 0", "stored may-be-removed 0"]);
    expect((await status()).medium).toBe("may-be-removed");
    const [read, wrote, agent] = ["bootferry-media@sda", "bootferry-receipts@sda", "bootferry-agent"];
    expect(await property(`${wrote}.service`, "Result")).toBe("success");
    expect(await property(`${wrote}.service`, "ExecMainStatus")).toBe("0");
    const times = await Promise.all([
      property(`${read}.service`, "ExecMainExitTimestampMonotonic"),
      property(`${wrote}.service`, "ExecMainStartTimestampMonotonic"),
      property(`${wrote}.service`, "ExecMainExitTimestampMonotonic"),
      property(`${agent}.service`, "ExecMainStartTimestampMonotonic"),
    ]);
    expect(times.map(Number).toSorted((a, b) => a - b)).toEqual(times.map(Number));
    expect((await askPanel(device, "/?lang=en")).body).toContain("You can remove the stick");
  });

  step("the stick comes out with two receipts, and the device reboots by itself", async () => {
    await pull(device, "stick");
    expect(await outcomesOn(stick, "first")).toEqual(["1 enrolled", "2 refused"]);
    expect(await device.goesOff()).toBe("guest-reset");
    expect(countersOf(device)).toEqual(["+3"]);
  });

  step("the new release is confirmed; the panel and the journal say so", async () => {
    await device.powerOn();
    await untilBlessed(device, 2);
    await untilAtRest();
    await panelIsWell(`${UPDATE}.0`);
    expect((await askPanel(device, "/?lang=en")).body).toContain(`Updated to ${UPDATE}.0`);
    await device.run("journalctl --update-catalog");
    const entry = await device.run(`journalctl -b -x --no-pager MESSAGE_ID=${STATE_MESSAGE_IDS.confirmed}`);
    expect(entry).toContain(`rig-os ${UPDATE}.0 (sequence ${UPDATE}) runs and is confirmed.`);
    expect(entry).toContain("Subject: A new system is confirmed");
    const unit = await device.run(
      `journalctl -b --no-pager -u bootferry-health.service -o cat BOOTFERRY_STATE=confirmed`,
    );
    expect(unit).toContain("runs and is confirmed.");
    console.log(entry);
  });

  step("without a splash screen the announcements are taken up all the same", async () => {
    expect(await property("bootferry-announce.path", "ActiveState")).toBe("active");
    expect(await property("bootferry-announce.service", "Result")).toBe("success");
    expect(await device.run("command -v plymouth || ls /run/bootferry/announce")).toBe("plymouth.said\n");
    expect(await failedUnits()).toBe("");
  });

  step("plugged in again, the stick takes the outcome home", async () => {
    await looksAt("stick", stick);
    expect(await outcomesOn(stick, "second")).toEqual(["1 enrolled", "2 refused", "3 confirmed"]);
  });

  step("a stick that is locked does no harm", async () => {
    const contents = await release({ sequence: UPDATE, variant: withJournal() });
    const locked = stage.stick("locked", contents);
    const before = sha256(locked);
    await looksAt("locked", locked, { isWriteProtected: true });
    expect(sha256(locked)).toBe(before);
    const history = await device.run("bootferry agent history");
    console.log(history);
    expect(history.match(/no receipts on the medium/g)).toHaveLength(1);
  });

  step("the workstation believes the stick, and reports the device as well", async () => {
    const taken = stage.path("second");
    const at = (...args: readonly string[]) => bootferry(stage.directory, "receipt", ...args);
    console.log((await at("verify", taken)).stdout);
    const collected = JSON.parse((await at("collect", taken, "--ledger", "fleet.jsonl", "--json")).stdout);
    expect(collected).toMatchObject({ newReceipts: 3, failures: [] });
    const { devices } = JSON.parse((await at("report", "--ledger", "fleet.jsonl", "--json")).stdout);
    expect(devices).toMatchObject([
      { label: "Hall 3", standing: "well", running: { version: `${UPDATE}.0` }, last: { outcome: "confirmed" } },
    ]);
    console.log((await at("report", "--ledger", "fleet.jsonl", "--html", "report.html")).stdout);
    const result = readFileSync(join(directoryOfDevice(taken), "RESULT.txt"), "utf8");
    console.log(result);
    expect(result).toContain(`rig-os ${UPDATE}.0 (sequence ${UPDATE}) was installed, checked and kept.`);
  });

  /** Serials and outcomes, as the workstation shows them. */
  async function outcomesOn(file: string, name: string): Promise<readonly string[]> {
    const taken = takeReceipts(file, stage.path(name));
    const { stdout } = await bootferry(stage.directory, "receipt", "show", taken, "--json");
    const shown: Shown = JSON.parse(stdout);
    return shown.devices.flatMap(({ receipts }) => receipts.map(({ receipt: it }) => `${it.serial} ${it.outcome}`));
  }
});

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** The sample hooks, on a /sys made of files. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AGENT_STATES, isMediumNeeded } from "../../../src/agent/states.ts";

const SAMPLES = join(import.meta.dirname, "..", "..", "..", "units", "hooks.d-samples");
const LED = "sys/class/leds/green:status";
const ALL_TRIGGERS = "[none] kbd-capslock timer heartbeat default-on\n";

function machine(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "bootferry-hooks-"));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return root;
}

function run(root: string, script: string, env: Readonly<Record<string, string>>) {
  const { PATH } = process.env;
  const { status, stderr } = spawnSync("sh", [join(SAMPLES, script)], {
    encoding: "utf8",
    env: { PATH, BOOTFERRY_TEST_ROOT: root, ...env },
  });
  return { status, stderr };
}

describe("the lamp", () => {
  const withLed = (triggers: string) =>
    machine({
      "etc/bootferry/lamp.conf": "LED=green:status\n",
      [`${LED}/trigger`]: triggers,
      [`${LED}/brightness`]: "",
      [`${LED}/max_brightness`]: "255\n",
      [`${LED}/delay_on`]: "",
      [`${LED}/delay_off`]: "",
    });

  function shown(root: string): string {
    const read = (name: string) => readFileSync(join(root, LED, name), "utf8").trim();
    const trigger = read("trigger");
    if (trigger === "timer") return `blinks ${read("delay_on")}/${read("delay_off")}`;
    return trigger === "none" ? `at ${read("brightness")}` : trigger;
  }

  it.each(AGENT_STATES)("shows %s by what a person must do, without a word", (state) => {
    const root = withLed(ALL_TRIGGERS);
    const medium = isMediumNeeded(state) ? "do-not-remove" : "may-be-removed";
    expect(run(root, "lamp", { BOOTFERRY_STATE: state, BOOTFERRY_MEDIUM: medium })).toEqual({ status: 0, stderr: "" });
    const expected: Partial<Record<string, string>> = {
      ...{ idle: "at 0", confirmed: "at 255" },
      ...{ refused: "heartbeat", failed: "heartbeat", "rolled-back": "heartbeat", unassessed: "heartbeat" },
    };
    expect(shown(root)).toBe(expected[state] ?? (isMediumNeeded(state) ? "blinks 100/100" : "blinks 700/700"));
  });

  it.each(["storing", "refused"])("lights up for %s where the kernel cannot blink", (state) => {
    const root = withLed("[none] mmc0\n");
    run(root, "lamp", { BOOTFERRY_STATE: state, BOOTFERRY_MEDIUM: "do-not-remove" });
    expect(shown(root)).toBe("at 255");
  });

  it("says what is missing when no LED is named, or there is no such LED", () => {
    for (const conf of ["", "LED=red\n"]) {
      const { status, stderr } = run(machine({ "etc/bootferry/lamp.conf": conf }), "lamp", { BOOTFERRY_STATE: "idle" });
      expect(status).toBe(1);
      expect(stderr).toContain("set LED= in /etc/bootferry/lamp.conf");
    }
  });
});

describe("the buzzer", () => {
  /** What is written to `line` while the buzzer sounds: each "1" is a noise. */
  function noises(conf: string, line: string, state: string): string {
    const root = machine({ "etc/bootferry/buzzer.conf": conf, [`${dirname(line)}/period`]: "" });
    const script = 'mkfifo "$1" && exec 3<>"$1" && sh "$2" && echo end >&3 && sed "/end/q" <&3';
    const { stdout } = spawnSync("sh", ["-c", script, "sh", join(root, line), join(SAMPLES, "buzzer")], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], BOOTFERRY_TEST_ROOT: root, BOOTFERRY_STATE: state },
    });
    return stdout.replaceAll(/\s|end/g, "");
  }

  it.each([
    ["PWM=/sys/class/pwm/pwmchip0/pwm0\n", "sys/class/pwm/pwmchip0/pwm0/enable"],
    ["GPIO=/sys/class/gpio/gpio17/value\n", "sys/class/gpio/gpio17/value"],
  ])("sounds as often as the state says, and is silent at the end: %s", (conf, line) => {
    expect(["storing", "stored", "confirmed"].map((state) => noises(conf, line, state))).toEqual(["", "10", "1010"]);
  });

  it("drives a piezo at half of the period", () => {
    const pwm = "sys/class/pwm/pwmchip0/pwm0";
    const root = machine({ "etc/bootferry/buzzer.conf": `PWM=/${pwm}\nHERTZ=4000\n`, [`${pwm}/enable`]: "" });
    expect(run(root, "buzzer", { BOOTFERRY_STATE: "stored" })).toEqual({ status: 0, stderr: "" });
    const read = (name: string) => readFileSync(join(root, pwm, name), "utf8").trim();
    expect([read("period"), read("duty_cycle"), read("enable")]).toEqual(["250000", "125000", "0"]);
  });

  it("ends within the time that hooks have, also with its longest message", () => {
    const begun = performance.now();
    noises("GPIO=/sys/class/gpio/gpio17/value\n", "sys/class/gpio/gpio17/value", "rolled-back");
    expect(performance.now() - begun).toBeLessThan(5000);
  });

  it("says what is missing when nothing is configured", () => {
    const { status, stderr } = run(machine({}), "buzzer", { BOOTFERRY_STATE: "stored" });
    expect(status).toBe(1);
    expect(stderr).toContain("buzzer.conf");
  });
});

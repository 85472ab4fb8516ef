import { describe, expect, it } from "vitest";
import { AGENT_STATES } from "../../../src/agent/states.ts";
import { type AgentStatus, agentStatusSchema } from "../../../src/agent/status-file.ts";
import { describeScreen } from "../../../src/panel/view.ts";
import { en } from "../../../src/panel/words/en.ts";
import { zh } from "../../../src/panel/words/zh.ts";

const statusOf = (changes: Partial<AgentStatus>): AgentStatus =>
  agentStatusSchema.parse({
    ...{ version: 1, state: "idle", updatedAtUtc: "2026-11-20T10:05:30.000Z", message: "Nothing to do." },
    ...{ medium: "none", release: null, progress: null, code: null, remedy: null, refusals: [] },
    ...changes,
  });
const versions = {
  release: { name: "kiosk-os", version: "42.3.1", sequence: 42 },
  running: { name: "kiosk-os", version: "42.3.0" },
  previous: { name: "kiosk-os", version: "42.2.0" },
} as const;
const progress: NonNullable<AgentStatus["progress"]> = {
  phase: "reading",
  label: "reading the medium",
  doneBytes: 420_000_000,
  totalBytes: 1_000_000_000,
  remainingSeconds: 171,
};
const mebibyte = { ...progress, doneBytes: 0, totalBytes: 1 };
const refusal = { code: "TRUST_KEY_UNKNOWN", why: "signed by a strange key", remedy: "Check the medium." };

describe("a screen", () => {
  const words = [en, zh];
  const media = ["none", "do-not-remove", "may-be-removed"] as const;
  const cases = words.flatMap((language) =>
    AGENT_STATES.flatMap((state) => media.map((medium) => [language.tag, state, medium, language] as const)),
  );

  it.each(cases)("in %s of the state %s with the medium %s says all that it must", (_, state, medium, language) => {
    for (const known of [{}, versions]) {
      for (const more of [{}, { progress: mebibyte }, refusal, { restart: { inSeconds: 9, intoVersion: null } }]) {
        const screen = describeScreen(statusOf({ state, medium, ...known, ...more }), language);
        expect(screen.headline).toMatch(/^\S.{1,48}$/);
        expect(screen.headline).not.toMatch(/[.。]$/);
        expect(screen.detail).toMatch(/^\S.*[.?。？]$/);
        expect(JSON.stringify(screen)).not.toMatch(/undefined|\[object|NaN|null [a-z]/);
        expect(screen.stick === null).toBe(medium === "none");
        expect(screen.line).toContain(screen.headline);
        if (language === zh) expect(screen.headline + screen.detail).toMatch(/\p{Script=Han}/u);
        else expect(screen.headline + screen.detail).not.toMatch(/\p{Script=Han}/u);
      }
    }
  });

  it.each<[Partial<AgentStatus>, string, string]>([
    [{}, "Ready", "就绪"],
    [
      { state: "mounted", medium: "do-not-remove" },
      "Checking the stick · Do not remove the stick",
      "正在检查U盘 · 请不要拔出U盘",
    ],
    [
      { state: "storing", medium: "do-not-remove", progress },
      "Copying 42 % · about 3 min left · Do not remove the stick",
      "正在复制 42 % · 大约还需 3 分钟 · 请不要拔出U盘",
    ],
    [
      { state: "stored", medium: "may-be-removed" },
      "Installing 42.3.1 · You can remove the stick",
      "正在安装 42.3.1 · 可以拔出U盘了",
    ],
    [{ state: "staged", restart: { inSeconds: 30, intoVersion: "42.3.1" } }, "Restarting in 30 s", "30 秒后重启"],
    [{ state: "assessing" }, "Checking the new system", "正在检查新系统"],
    [{ state: "confirmed" }, "Updated to 42.3.1", "已更新到 42.3.1"],
    [
      { state: "rolled-back", why: "10-screen (exit status 3: the screen stays dark)" },
      "Went back to 42.3.0 because: 10-screen (exit status 3: the screen stays dark)",
      "已退回 42.3.0，原因：10-screen (exit status 3: the screen stays dark)",
    ],
    [
      { state: "refused", ...refusal },
      "Not installed because: signed by a strange key",
      "没有安装，原因：signed by a strange key",
    ],
    [
      { state: "failed", code: "MEDIA_REMOVED", medium: "may-be-removed" },
      "The stick was pulled out too early",
      "U盘拔出得太早",
    ],
    [
      { state: "rebooting", why: "not well" },
      "Going back to 42.2.0 because: not well",
      "正在退回 42.2.0，原因：not well",
    ],
  ])("in one line: %j", (changes, english, chinese) => {
    const status = statusOf({ ...versions, ...changes });
    expect([describeScreen(status, en).line, describeScreen(status, zh).line]).toEqual([english, chinese]);
  });

  it.each([
    [{ for: "person", window: null }, "It starts at the next restart. Restart this device when it suits you."],
    [{ for: "idle", window: null }, "It starts by itself as soon as this device is not in use."],
    [{ for: "window", window: "02:00-04:30" }, "It starts by itself between 02:00 and 04:30 UTC."],
    [{ for: "trusted-clock", window: "02:00-04:30" }, expect.stringContaining("02:00-04:30 UTC")],
  ] as const)("says what a release that is ready waits for: %j", (waits, detail) => {
    const screen = describeScreen(statusOf({ ...versions, state: "staged", waits }), en);
    expect(screen).toMatchObject({ headline: "42.3.1 is ready", detail });
  });

  it("never promises 100 % while work goes on, and takes what makes no sense", () => {
    const percentOf = (doneBytes: number, totalBytes: number) =>
      describeScreen(statusOf({ state: "storing", progress: { ...progress, doneBytes, totalBytes } }), en).progress
        ?.percent;
    expect([percentOf(10, 10), percentOf(20, 10), percentOf(-1, 10), percentOf(0, 0)]).toEqual([99, 99, 0, undefined]);
  });

  it("tells the remedy in its language where there is one, and marks what is in another", () => {
    const known = statusOf({ state: "refused", ...refusal });
    expect(describeScreen(known, zh)).toMatchObject({
      action: { text: zh.remedies["TRUST_KEY_UNKNOWN"], tag: "zh-Hans" },
      reason: { text: "signed by a strange key", tag: "en" },
    });
    const unknown = statusOf({ state: "failed", code: "toString", remedy: "Mend it." });
    expect(describeScreen(unknown, zh).action).toEqual({ text: "Mend it.", tag: "en" });
  });

  it("lists the last attempts with what went wrong, and when in UTC", () => {
    const recent: AgentStatus["recent"] = [
      {
        atUtc: "2026-11-20T10:00:59.000Z",
        state: "rolled-back",
        release: versions.running,
        code: "AGENT_UNHEALTHY",
        message: "dark",
        remedy: "Mend it.",
      },
      { atUtc: "2026-11-19T08:00:00.000Z", state: "refused", release: null, code: null, message: null, remedy: null },
    ];
    expect(describeScreen(statusOf({ recent }), en).history).toMatchObject([
      {
        at: "2026-11-20 10:00 UTC",
        tone: "bad",
        text: "42.3.0 was not well and was taken back",
        reason: { text: "dark" },
      },
      { text: "A release was not installed", reason: null, action: null },
    ]);
  });
});

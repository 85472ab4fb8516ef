/**
 * What people see through the life of a device: a real agent, real sticks, the real panel, a real browser. Each scene is
 * waited for on every screen, held to the rules that all scenes keep (rules.ts), and its picture kept.
 */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { PanelDevice } from "./device.ts";
import { PanelProcess } from "./panel-process.ts";
import { brokenRules } from "./rules.ts";
import { clearPictures, openBrowser, openScreens, type Screen, shoot } from "./screens.ts";

let device: PanelDevice;
let panel: PanelProcess;
let browser: Browser;
let screens: readonly Screen[];
/** What went against the policy of the page, or to another place than the panel. */
const complaints: string[] = [];

beforeAll(async () => {
  device = await PanelDevice.open();
  await device.makeLargeStick("42.3.1", 41);
  await device.makeStick("42.4.0", { sequence: 42, screen: "dark" });
  await device.makeStick("43.0.0", { sequence: 43, key: "stranger" });
  panel = await PanelProcess.start(device.sysroot, "--port", "0");
  browser = await openBrowser();
  clearPictures();
  screens = await openScreens(browser, panel.url);
  for (const { name, page } of screens) {
    page.on("console", (message) => complaints.push(`${name}: ${message.text()}`));
    page.on("request", (request) => {
      if (!request.url().startsWith(panel.url)) complaints.push(`${name} asked for ${request.url()}`);
    });
  }
});
afterAll(async () => {
  await browser?.close();
  await panel?.[Symbol.asyncDispose]();
  device?.[Symbol.dispose]();
});

type Pattern = RegExp;

interface Scene {
  readonly name: string;
  readonly en: Pattern;
  readonly zh: Pattern;
  /** What the stick's banner says, where there is one. */
  readonly stick?: "do-not-remove" | "may-be-removed";
  /** The picture for the documentation. */
  readonly chosen: string;
}

const STICK = {
  "do-not-remove": { en: "Do not remove the stick", zh: "请不要拔出U盘" },
  "may-be-removed": { en: "You can remove the stick", zh: "可以拔出U盘了" },
} as const;

async function seen({ name, en, zh, stick, chosen }: Scene): Promise<void> {
  for (const { page, language } of screens) {
    await page.getByRole("heading", { level: 1, name: language === "en" ? en : zh }).waitFor();
    const banner = page.locator("#stick");
    if (stick === undefined) expect(await banner.isVisible()).toBe(false);
    else await banner.getByText(STICK[stick][language]).waitFor();
  }
  await shoot(name, screens, chosen);
  for (const screen of screens) expect([screen.name, await brokenRules(screen)]).toEqual([screen.name, []]);
}

it("shows a device that waits for a stick, with what it runs", async () => {
  await seen({ name: "none-yet", en: /^Ready$/, zh: /^就绪$/, chosen: "" }); // no status.json: the device was just started
  await device.run();
  for (const { page } of screens) await page.getByText("kiosk-os 42.3.0").waitFor();
  await seen({ name: "idle", en: /^Ready$/, zh: /^就绪$/, chosen: "en-light-hd" });
});

it("shows a stick that is not meant for the device, and what to do", async () => {
  await device.run("--medium", "stick-43.0.0");
  await seen({
    name: "refused",
    en: /^Not installed$/,
    zh: /^没有安装$/,
    stick: "may-be-removed",
    chosen: "en-light-kiosk",
  });
  const [english, chinese] = ["en-light-hd", "zh-light-hd"].map((name) =>
    screens.find((screen) => screen.name === name),
  );
  expect(await english?.page.locator("#action").textContent()).toMatch(
    /^Check that the medium is meant for this device/,
  );
  expect(await chinese?.page.locator("#action").textContent()).toMatch(/^请确认这个U盘是给本设备用的/);
});

it("shows an update from the stick to its confirmation", async () => {
  device.hold("mounted", "reading", "stored");
  device.writeConfig("delayed.toml", "[reboot]\ndelay-seconds = 90\n");
  const agent = device.start("--medium", "stick-42.3.1", "--config", "delayed.toml");
  await seen({
    name: "checking",
    en: /^Checking the stick$/,
    zh: /^正在检查U盘$/,
    stick: "do-not-remove",
    chosen: "en-dark-kiosk",
  });

  device.letGo("mounted");
  await expect.poll(() => device.status()?.progress?.remainingSeconds ?? null, { timeout: 90_000 }).not.toBeNull();
  await seen({
    name: "copying",
    en: /^Copying \d\d %$/,
    zh: /^正在复制 \d\d %$/,
    stick: "do-not-remove",
    chosen: "en-dark-hd",
  });
  for (const { page, language } of screens) {
    const left = language === "en" ? /^about \d+ (s|min) left$/ : /^大约还需 \d+ (秒|分钟)$/;
    expect(await page.locator("#remaining").textContent()).toMatch(left);
  }

  device.letGo("reading");
  await seen({
    name: "installing",
    en: /^Installing 42\.3\.1$/,
    zh: /^正在安装 42\.3\.1$/,
    stick: "may-be-removed",
    chosen: "en-light-kiosk",
  });
  device.letGo("stored");
  await seen({
    name: "restarting",
    en: /^Restarting in \d+ s$/,
    zh: /^\d+ 秒后重启$/,
    stick: "may-be-removed",
    chosen: "en-dark-kiosk",
  });
  agent.kill("SIGTERM"); // somebody stops the agent amid its countdown
  await agent.ended;
  await seen({
    name: "ready",
    en: /^42\.3\.1 is ready$/,
    zh: /^42\.3\.1 已准备好$/,
    stick: "may-be-removed",
    chosen: "",
  });

  device.writeConfig("manual.toml", '[reboot]\npolicy = "manual"\n');
  await device.run("--config", "manual.toml");
  for (const { page, language } of screens) {
    await page
      .locator("#detail")
      .getByText(language === "en" ? "Restart this device when it suits you" : "请在方便的时候重启本设备")
      .waitFor();
  }
  await seen({
    name: "waiting",
    en: /^42\.3\.1 is ready$/,
    zh: /^42\.3\.1 已准备好$/,
    stick: "may-be-removed",
    chosen: "zh-light-kiosk",
  });

  await device.run();
  await seen({ name: "restarting-now", en: /^Restarting now$/, zh: /^正在重启$/, stick: "may-be-removed", chosen: "" });
  device.hold("assessing");
  await device.boot();
  const after = device.start();
  await seen({
    name: "assessing",
    en: /^Checking the new system$/,
    zh: /^正在检查新系统$/,
    stick: "may-be-removed",
    chosen: "en-light-kiosk",
  });
  device.letGo("assessing");
  await after.ended;
  await seen({
    name: "updated",
    en: /^Updated to 42\.3\.1$/,
    zh: /^已更新到 42\.3\.1$/,
    stick: "may-be-removed",
    chosen: "en-dark-hd",
  });
});

it("shows that a stick left in brings nothing new", async () => {
  await device.run("--medium", "stick-42.3.1");
  await seen({
    name: "nothing-new",
    en: /^Nothing new on the stick$/,
    zh: /^U盘上没有新版本$/,
    stick: "may-be-removed",
    chosen: "zh-dark-kiosk",
  });
});

it("shows that a sick system is left, why, and what to do", async () => {
  await device.run("--medium", "stick-42.4.0");
  await device.boot();
  device.hold("rebooting");
  const unwell = device.start();
  await seen({
    name: "going-back",
    en: /^Going back to 42\.3\.1$/,
    zh: /^正在退回 42\.3\.1$/,
    stick: "may-be-removed",
    chosen: "en-dark-kiosk",
  });
  device.letGo("rebooting");
  await unwell.ended;
  for (let tries = 0; tries < 4 && device.status()?.state !== "rolled-back"; tries++) {
    await device.boot();
    await device.run();
  }
  await seen({
    name: "went-back",
    en: /^Went back to 42\.3\.1$/,
    zh: /^已退回 42\.3\.1$/,
    stick: "may-be-removed",
    chosen: "en-light-hd",
  });
  for (const { page } of screens)
    expect(await page.locator("#reason").textContent()).toContain("the screen stays dark");
});

it("keeps its policy: nothing was complained of, nothing came from elsewhere", () => {
  expect(complaints).toEqual([]);
});

it("says that it is out of date when the panel is gone, and goes on when it is back", async () => {
  const { port } = panel;
  await panel.stop("SIGKILL");
  for (const { page } of screens) await page.getByRole("alert").waitFor();
  await shoot("lost", screens, "en-dark-kiosk");
  await device.run("--medium", "stick-43.0.0");
  panel = await PanelProcess.start(device.sysroot, "--port", port);
  for (const { page, language } of screens) {
    await page.getByRole("heading", { level: 1, name: language === "en" ? "Not installed" : "没有安装" }).waitFor();
    await page.getByRole("alert").waitFor({ state: "hidden" });
  }
  expect(await panel.stop("SIGTERM")).toBe(0);
});

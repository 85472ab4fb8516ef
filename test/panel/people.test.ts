/** The panel for those who use a keyboard, a screen reader, no scripts, or little motion; and what happens when its file goes. */
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PanelDevice } from "./device.ts";
import { PanelProcess } from "./panel-process.ts";
import { openBrowser } from "./screens.ts";

let device: PanelDevice;
let panel: PanelProcess;
let browser: Browser;
let page: Page;
const status = () => join(device.sysroot, "run/bootferry/status.json");

/** A device that has refused a stick. */
beforeAll(async () => {
  device = await PanelDevice.open();
  await device.makeStick("43.0.0", { sequence: 43, key: "stranger" });
  await device.run("--medium", "stick-43.0.0");
  cpSync(status(), `${status()}.kept`);
  panel = await PanelProcess.start(device.sysroot, "--port", "0", "--language", "en");
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await panel?.[Symbol.asyncDispose]();
  device?.[Symbol.dispose]();
});

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(60_000);
  const opened = await context.newPage();
  await opened.goto(panel.url);
  return opened;
}
beforeEach(async () => {
  cpSync(`${status()}.kept`, status());
  page = await open();
  await page.getByRole("heading", { level: 1, name: "Not installed" }).waitFor();
  return () => page.context().close();
});

describe("the panel", () => {
  it("is a document that a screen reader can tell", async () => {
    const told = (await page.locator("body").ariaSnapshot())
      .replaceAll(/[0-9a-f]{64}/g, "KEY")
      .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d/g, "DAY TIME");
    expect(told).toMatchInlineSnapshot(`
      "- banner:
        - paragraph:
          - text: Updates of this device
          - strong: kiosk-os 42.3.0
        - navigation "Language":
          - list:
            - listitem:
              - link "English":
                - /url: /?lang=en
            - listitem:
              - link "中文":
                - /url: /?lang=zh
      - main:
        - heading "Not installed" [level=1]
        - paragraph: "Nothing was changed: this device goes on with 42.3.0."
        - paragraph: Since DAY TIME UTC
        - paragraph: You can remove the stick
        - term: What to do
        - definition: "Check that the medium is meant for this device: its release is signed by a key that the trusted root does not name. Sign it with a key of the root, or give the root that names this key."
        - term: Reason
        - definition: no key that the root names has signed; signed by KEY
        - term: Code
        - definition:
          - code: TRUST_KEY_UNKNOWN
        - status: "Not installed Nothing was changed: this device goes on with 42.3.0. You can remove the stick"
      - contentinfo:
        - region "Last updates":
          - heading "Last updates" [level=2]
          - list:
            - listitem:
              - group:
                - text: A release was not installed
                - time: DAY TIME UTC"
    `);
  });

  it("reads out what has changed, once, and not each per cent", async () => {
    const announced = page.locator("#announcement");
    expect(await announced.getAttribute("aria-live")).toBe("polite");
    const said: unknown[] = [];
    await page.exposeFunction("said", (text: string) => said.push(text));
    await page.evaluate(
      "new MutationObserver(() => said(document.querySelector('#announcement').textContent)).observe(document.querySelector('#announcement'), { childList: true, subtree: true, characterData: true })",
    );
    const kept = JSON.parse(String(await (await fetch(`${panel.url}status.json`)).text()));
    const progress = { phase: "reading", label: "reading the medium", totalBytes: 100, remainingSeconds: null };
    for (const doneBytes of [30, 31, 32, 52]) {
      const now = { ...kept, state: "storing", medium: "do-not-remove", code: null, why: null, remedy: null };
      writeFileSync(status(), JSON.stringify({ ...now, progress: { ...progress, doneBytes } }));
      await page.getByRole("heading", { name: `Copying ${doneBytes} %` }).waitFor();
    }
    expect(said).toEqual([
      "Copying 25 % The new system is being copied to this device. Do not remove the stick",
      "Copying 50 % The new system is being copied to this device. Do not remove the stick",
    ]);
    const bar = page.getByRole("progressbar", { name: "Progress" });
    expect(await bar.getAttribute("max")).toBe("100");
    expect(await page.evaluate("document.querySelector('#progress').value")).toBe(52);
  });

  it("is reached with the keyboard: the languages, and what is behind an entry of the history", async () => {
    const focused = () => page.evaluate("document.activeElement.textContent");
    const outline = () => page.evaluate("getComputedStyle(document.activeElement).outlineStyle");
    const seen: unknown[] = [];
    for (let presses = 0; presses < 3; presses++) {
      await page.keyboard.press("Tab");
      seen.push(await focused());
      expect(await outline()).toBe("solid");
    }
    expect(seen).toEqual(["English", "中文", expect.stringMatching(/^A release was not installed/)]);
    const more = page.locator("#history .more");
    expect(await more.isVisible()).toBe(false);
    await page.keyboard.press("Enter");
    await more.waitFor();
    expect(await more.textContent()).toContain("no key that the root names has signed");
  });

  it("keeps an entry of the history open while the status changes", async () => {
    await page.locator("#history summary").click();
    const now = JSON.parse(String(await (await fetch(`${panel.url}status.json`)).text()));
    writeFileSync(status(), JSON.stringify({ ...now, state: "confirmed", why: null, code: null, remedy: null }));
    await page.getByRole("heading", { name: /^Updated/ }).waitFor();
    expect(await page.locator("#history .more").isVisible()).toBe(true);
  });

  it("changes its language by a link, and keeps it", async () => {
    await page.getByRole("link", { name: "中文" }).click();
    await page.getByRole("heading", { level: 1, name: "没有安装" }).waitFor();
    expect(await page.evaluate("document.documentElement.lang")).toBe("zh-Hans");
    rmSync(status());
    await page.getByRole("heading", { level: 1, name: "就绪" }).waitFor();
    expect(await page.locator("#reason").getAttribute("lang")).toBe("en");
  });

  it("moves nothing for those who wish for less motion", async () => {
    const now = JSON.parse(String(await (await fetch(`${panel.url}status.json`)).text()));
    writeFileSync(status(), JSON.stringify({ ...now, state: "mounted", medium: "do-not-remove" }));
    const animation = "getComputedStyle(document.querySelector('.disc .symbol')).animationName";
    await page.getByRole("heading", { name: "Checking the stick" }).waitFor();
    expect(await page.evaluate(animation)).toBe("breathe");
    await page.emulateMedia({ reducedMotion: "reduce" });
    expect(await page.evaluate(animation)).toBe("none");
  });

  it("tells all of it to a browser without scripts, which loads it again", async () => {
    const plain = await open({ javaScriptEnabled: false });
    await plain.getByRole("heading", { level: 1, name: "Not installed" }).waitFor();
    await plain.getByText("TRUST_KEY_UNKNOWN").waitFor();
    rmSync(status());
    await plain.getByRole("heading", { level: 1, name: "Ready" }).waitFor();
    await plain.context().close();
  });
});

describe("the panel whose file", () => {
  it("is removed shows a device that was just started, and goes on with the next agent", async () => {
    rmSync(join(device.sysroot, "run/bootferry"), { recursive: true });
    await page.getByRole("heading", { level: 1, name: "Ready" }).waitFor();
    await device.run();
    await page.getByRole("heading", { level: 1, name: "Not installed" }).waitFor();
    cpSync(status(), `${status()}.kept`);
  });

  it("is damaged keeps what it showed, then says that it is lost, and recovers", async () => {
    writeFileSync(status(), '{"version":1,"state":"sto');
    expect(await page.getByRole("alert").isVisible()).toBe(false);
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Not installed");
    await page.getByRole("alert").waitFor();
    cpSync(`${status()}.kept`, status());
    await page.getByRole("alert").waitFor({ state: "hidden" });
  });
});

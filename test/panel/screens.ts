/**
 * The panel in a real Chromium, on several screens at once: each a page with its language, scheme and size that stays
 * open through a whole run of the agent, as a kiosk's does.
 *
 *     .cache/panel-screenshots/NN-SCENE-SCREEN.png     of this run, for people to look at
 *     docs/images/panel-SCENE.png                      a chosen few, made small; only with UPDATE_IMAGES=1
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const CLONE = join(import.meta.dirname, "../..");
const SHOTS = join(CLONE, ".cache/panel-screenshots");
const IMAGES = join(CLONE, "docs/images");
const CHROMIUM = "/usr/bin/chromium";

const PATIENCE_MS = 120_000; // nine screens on a busy machine

const SIZES = { hd: { width: 1920, height: 1080 }, kiosk: { width: 800, height: 480 } } as const;
const PHONE = { width: 390, height: 844 };

export interface Screen {
  /** `en-dark-kiosk` */
  readonly name: string;
  readonly language: "en" | "zh";
  readonly page: Page;
}

/** @throws when Chromium is not installed, with what to do */
export async function openBrowser(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is not installed: run test/panel/setup.sh`);
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] }); // root has no sandbox
}

/** Forgets the pictures of an earlier run. */
export function clearPictures(): void {
  rmSync(SHOTS, { recursive: true, force: true });
  mkdirSync(SHOTS, { recursive: true });
}

/** Each language in each scheme on each size, and a phone. */
export async function openScreens(browser: Browser, url: string): Promise<readonly Screen[]> {
  const wanted = (["en", "zh"] as const).flatMap((language) =>
    (["light", "dark"] as const).flatMap((scheme) =>
      Object.entries(SIZES).map(([size, viewport]) => ({ language, scheme, size, viewport })),
    ),
  );
  const phone = { language: "en", scheme: "dark", size: "phone", viewport: PHONE } as const;
  return Promise.all([...wanted, phone].map((screen) => openScreen(browser, url, screen)));
}

interface Wanted {
  readonly language: "en" | "zh";
  readonly scheme: "light" | "dark";
  readonly size: string;
  readonly viewport: { readonly width: number; readonly height: number };
}

async function openScreen(
  browser: Browser,
  url: string,
  { language, scheme, size, viewport }: Wanted,
): Promise<Screen> {
  const context = await browser.newContext({
    viewport,
    reducedMotion: "reduce", // what moves on nine screens takes the machine from the agent
    colorScheme: scheme,
    locale: language === "zh" ? "zh-CN" : "en-GB",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.goto(url);
  return { name: `${language}-${scheme}-${size}`, language, page };
}

let taken = 0;

/** Keeps what each screen shows, without its animations, and the chosen one for the documentation. */
export async function shoot(scene: string, screens: readonly Screen[], chosen?: string): Promise<void> {
  taken += 1;
  const number = String(taken).padStart(2, "0");
  for (const { name, page } of screens) {
    const path = join(SHOTS, `${number}-${scene}-${name}.png`);
    await page.screenshot({ path, animations: "disabled" });
    if (name === chosen && process.env["UPDATE_IMAGES"] === "1") keepImage(path, `panel-${scene}.png`);
  }
}

function keepImage(path: string, name: string): void {
  mkdirSync(IMAGES, { recursive: true });
  execFileSync("pngquant", [
    "--force",
    "--strip",
    "--nofs",
    "--speed",
    "1",
    "--output",
    join(IMAGES, name),
    "32",
    path,
  ]);
}

/**
 * The page: one document without anything from elsewhere, complete as it is sent (also for browsers without scripts,
 * which load it again), and kept up to date by its script.
 *
 * The policy allows the style and the script that are in the page, by their digests, and connections to ourselves.
 */
import { createHash } from "node:crypto";
import { LANGUAGES, type Language, wordsIn } from "./language.ts";
import { SCRIPT } from "./page-script.ts";
import { STYLE } from "./page-style.ts";
import { SPRITE, symbol } from "./page-symbols.ts";
import type { Sight } from "./status-feed.ts";
import { describeScreen, type HistoryLine, type Phrase, type Screen } from "./view.ts";
import type { Words } from "./words/words.ts";

const digest = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src ${digest(STYLE)}`,
  `script-src ${digest(SCRIPT)}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** Changes with the page's style and script. */
export const PAGE_VERSION = createHash("sha256").update(STYLE).update(SCRIPT).update(SPRITE).digest("hex").slice(0, 12);

const NO_SCRIPT_REFRESH_SECONDS = 5;

/** The whole document. */
export function renderPage(sight: Sight, language: Language): string {
  const words = wordsIn(language);
  const screen = sight.kind === "seen" ? describeScreen(sight.status, words) : undefined;
  return `<!doctype html>
<html lang="${words.tag}" dir="ltr" data-language="${language}" data-page="${PAGE_VERSION}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(screen?.line ?? words.lost.headline)}</title>
<noscript><meta http-equiv="refresh" content="${NO_SCRIPT_REFRESH_SECONDS}"></noscript>
<style>${STYLE}</style>
</head>
<body${screen === undefined ? ' class="is-lost"' : ""}>
${SPRITE}
${header(words, language, screen)}
<div class="lost" id="lost" role="alert"${hiddenUnless(screen === undefined)}>${symbol("lost")}<p><b>${escapeHtml(words.lost.headline)}</b>${escapeHtml(words.lost.detail)}</p></div>
${scene(words, screen ?? BLANK(words))}
${history(words, screen?.history ?? [])}
<script>${SCRIPT}</script>
</body>
</html>
`;
}

/** Before anything is known. */
const BLANK = (words: Words): Screen => ({
  ...{ tag: words.tag, tone: "rest", symbol: "rest", headline: "…", announcement: "", detail: "" },
  ...{ remaining: null, stick: null, progress: null, reason: null, code: null, action: null },
  ...{ running: null, since: null, history: [], line: "" },
});

function header({ caption, title }: Words, current: Language, screen: Screen | undefined): string {
  const links = LANGUAGES.map((language) => {
    const { tag, languageName } = wordsIn(language);
    const mark = language === current ? ' aria-current="true"' : "";
    return `<li><a href="/?lang=${language}" lang="${tag}" hreflang="${tag}"${mark}>${escapeHtml(languageName)}</a></li>`;
  });
  const running = screen?.running ?? null;
  return `<header>
<p>${escapeHtml(title)} <strong id="running"${hiddenUnless(running !== null)}>${escapeHtml(running ?? "")}</strong></p>
<nav aria-label="${escapeHtml(caption.language)}"><ul>${links.join("")}</ul></nav>
</header>`;
}

function scene({ caption }: Words, screen: Screen): string {
  const { tone, progress, stick, reason, action, code, remaining, since } = screen;
  return `<main class="scene" id="scene" data-tone="${tone}">
<div class="hero">
<div class="disc">${symbol(screen.symbol, "symbol")}</div>
<div>
<h1 id="headline">${escapeHtml(screen.headline)}</h1>
<p class="remaining" id="remaining"${hiddenUnless(remaining !== null)}>${escapeHtml(remaining ?? "")}</p>
<p class="detail" id="detail">${escapeHtml(screen.detail)}</p>
<p class="since" id="since"${hiddenUnless(since !== null)}>${escapeHtml(since ?? "")}</p>
</div>
</div>
<div class="progress" id="progress-row"${hiddenUnless(progress !== null)}><progress id="progress" aria-label="${escapeHtml(caption.progress)}" max="100" value="${progress?.percent ?? 0}"></progress><p class="bytes" id="bytes">${escapeHtml(progress?.text ?? "")}</p></div>
<p class="stick" id="stick" data-needed="${stick?.isNeeded ?? false}"${hiddenUnless(stick !== null)}>${symbol(stick?.isNeeded ? "stick-in" : "stick-out", "stick-symbol")}<span id="stick-text">${escapeHtml(stick?.text ?? "")}</span></p>
<dl class="facts" id="facts"${hiddenUnless(reason !== null || action !== null || code !== null)}>
${fact("action", caption.action, action)}
${fact("reason", caption.reason, reason)}
<div id="code-row"${hiddenUnless(code !== null)}><dt>${escapeHtml(caption.code)}</dt><dd><code id="code">${escapeHtml(code ?? "")}</code></dd></div>
</dl>
<p class="unseen" id="announcement" role="status" aria-live="polite">${escapeHtml(screen.announcement)}</p>
</main>`;
}

function fact(id: string, caption: string, value: Phrase | null): string {
  const language = value === null ? "" : ` lang="${value.tag}"`;
  return `<div id="${id}-row"${hiddenUnless(value !== null)}><dt>${escapeHtml(caption)}</dt><dd class="${id}" id="${id}"${language}>${withCommands(value?.text ?? "")}</dd></div>`;
}

function history({ caption }: Words, entries: readonly HistoryLine[]): string {
  return `<footer class="history"><section aria-labelledby="history-caption"><h2 id="history-caption">${escapeHtml(caption.history)}</h2>
<p id="no-history"${hiddenUnless(entries.length === 0)}>${escapeHtml(caption.noHistory)}</p>
<ol id="history">${entries.map(entryItem).join("")}</ol></section></footer>`;
}

/** As page-script.ts makes them. */
function entryItem({ tone, symbol: name, text, at, reason, action }: HistoryLine): string {
  const line = `${symbol(name)}<span>${escapeHtml(text)}</span><time>${escapeHtml(at)}</time>`;
  const more = [reason, action].filter((value) => value !== null);
  const paragraphs = more.map((value) => `<p lang="${value.tag}">${withCommands(value.text)}</p>`).join("");
  const item =
    more.length === 0
      ? `<div class="entry">${line}</div>`
      : `<details><summary class="entry">${line}</summary><div class="more">${paragraphs}</div></details>`;
  return `<li data-tone="${tone}">${item}</li>`;
}

function hiddenUnless(isShown: boolean): string {
  return isShown ? "" : " hidden";
}

/** Remedies have commands in backquotes, for the terminal. */
function withCommands(text: string): string {
  const parts = text.split("`").map(escapeHtml);
  return parts.map((part, index) => (index % 2 === 0 ? part : `<code>${part}</code>`)).join("");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Messages quote what media say. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}

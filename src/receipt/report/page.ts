/**
 * The report as one page that stands alone: no other file, no network, and a Content-Security-Policy that lets nothing run
 * but the few lines of ours. Everything that devices say is escaped. The same fleet always gives the same bytes. Pure.
 */
import { createHash } from "node:crypto";
import { html, NOTHING, type SafeHtml } from "./html.ts";
import {
  deviceCards,
  devicesTable,
  findingCards,
  histories,
  type PageFacts,
  releasesTable,
  tiles,
} from "./page-parts.ts";
import { PAGE_SCRIPT } from "./page-script.ts";
import { PAGE_STYLE } from "./page-style.ts";

export function formatPage(facts: PageFacts): string {
  const { fleet, madeAtUtc, ledger } = facts;
  const devices = `${fleet.devices.length} ${fleet.devices.length === 1 ? "device" : "devices"}`;
  const body = html`<header>
<h1>Devices and their updates</h1>
<p class="soft">As of ${readable(madeAtUtc)}. ${devices}, from receipts in ${ledger}. Times are UTC.</p>
${tiles(facts)}
</header>
<main>
${section("todo", "What to do", deviceCards(fleet), "Nothing: every device is well.")}
${section("findings", "Not to be believed", findingCards(fleet), "")}
${section("devices", "All devices", devicesTable(facts), "No device has been heard of yet.")}
${section("releases", "What runs in the field", releasesTable(fleet), "")}
${section("history", "What happened", histories(fleet), "")}
</main>
<footer>
<p>Each device signs what it says with its own key, and this page shows what those receipts say: what a device believed, by its own
clock. A day after “≤” is when a receipt was collected from a device whose clock is not synchronised: it was seen then or before.</p>
</footer>`;
  return document(body);
}

/** `<style>` and `<script>` hold fixed texts of ours, so that their hashes say all that may take effect. */
function document(body: SafeHtml): string {
  const policy = [
    "default-src 'none'",
    `style-src '${hashOf(PAGE_STYLE)}'`,
    `script-src '${hashOf(PAGE_SCRIPT)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const head = html`<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Devices and their updates</title>`;
  return `<!doctype html>
<html lang="en">
<head>
${head.text}
<style>${PAGE_STYLE}</style>
</head>
<body>
${body.text}
<script>${PAGE_SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function section(id: string, title: string, content: SafeHtml, otherwise: string): SafeHtml {
  if (content.text === "" && otherwise === "") return NOTHING;
  const inner = content.text === "" ? html`<p class="soft">${otherwise}</p>` : content;
  return html`<section id="${id}"><h2>${title}</h2>${inner}</section>`;
}

/** `2026-11-20 10:00` */
function readable(atUtc: string): string {
  return atUtc.slice(0, 16).replace("T", " ");
}

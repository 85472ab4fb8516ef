/**
 * What the page does in the browser: puts each screen that the server sends into its places, and says so when it hears
 * nothing. Text goes in as text; nothing that comes is ever read as markup or script.
 *
 * EventSource reconnects by itself when the connection breaks, and gives up when the answer is another one; a server that
 * is silent is noticed by its missing heartbeat. In all cases the page says that it is out of date, and tries again.
 */
export const SCRIPT = `
"use strict";
const SILENCE_MS = 15000;
const AGAIN_MS = 4000;
const at = (id) => document.getElementById(id);
const fill = (id, text) => { if (at(id).textContent !== text) at(id).textContent = text; };
const show = (id, isShown) => { at(id).hidden = !isShown; };
let source, silence, historyText = "";

function lost(isLost) {
  show("lost", isLost);
  document.body.classList.toggle("is-lost", isLost);
}
function phrase(id, value) {
  show(id + "-row", value !== null);
  if (value === null) return at(id).replaceChildren();
  if (at(id).textContent !== value.text.replaceAll("\\u0060", "")) at(id).replaceChildren(...withCommands(value.text));
  at(id).lang = value.tag;
}
function withCommands(text) {
  return text.split("\\u0060").map((part, index) => index % 2 === 0 ? part : element("code", "", part));
}
function apply(screen) {
  document.title = screen.line;
  at("scene").dataset.tone = screen.tone;
  at("symbol").setAttribute("href", "#s-" + screen.symbol);
  fill("headline", screen.headline);
  show("remaining", screen.remaining !== null);
  fill("remaining", screen.remaining ?? "");
  fill("detail", screen.detail);
  fill("announcement", screen.announcement);
  show("progress-row", screen.progress !== null);
  at("progress").value = screen.progress?.percent ?? 0;
  fill("bytes", screen.progress?.text ?? "");
  show("stick", screen.stick !== null);
  at("stick").dataset.needed = String(screen.stick?.isNeeded ?? false);
  at("stick-symbol").setAttribute("href", screen.stick?.isNeeded ? "#s-stick-in" : "#s-stick-out");
  fill("stick-text", screen.stick?.text ?? "");
  phrase("reason", screen.reason);
  phrase("action", screen.action);
  show("code-row", screen.code !== null);
  fill("code", screen.code ?? "");
  show("facts", screen.reason !== null || screen.action !== null || screen.code !== null);
  show("running", screen.running !== null);
  fill("running", screen.running ?? "");
  show("since", screen.since !== null);
  fill("since", screen.since ?? "");
  history(screen.history);
}
function history(entries) {
  const text = JSON.stringify(entries);
  if (text === historyText) return;
  historyText = text;
  at("history").replaceChildren(...entries.map(entryItem));
  show("no-history", entries.length === 0);
}
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}
function entryItem(entry) {
  const item = element("li", "");
  item.dataset.tone = entry.tone;
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", "#s-" + entry.symbol);
  const symbol = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  symbol.setAttribute("class", "symbol");
  symbol.setAttribute("aria-hidden", "true");
  symbol.append(use);
  const line = [symbol, element("span", "", entry.text), element("time", "", entry.at)];
  const more = [entry.reason, entry.action].filter((value) => value !== null).map((value) => {
    const made = element("p", "", ...withCommands(value.text));
    made.lang = value.tag;
    return made;
  });
  if (more.length === 0) item.append(element("div", "entry", ...line));
  else item.append(element("details", "", element("summary", "entry", ...line), element("div", "more", ...more)));
  return item;
}
function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => { lost(true); connect(); }, SILENCE_MS);
}
function connect() {
  source?.close();
  source = new EventSource("/events?lang=" + document.documentElement.dataset.language);
  source.addEventListener("page", ({ data }) => { if (data !== document.documentElement.dataset.page) location.reload(); });
  source.addEventListener("screen", ({ data }) => { heard(); apply(JSON.parse(data)); lost(false); });
  source.addEventListener("beat", heard);
  source.addEventListener("lost", () => { heard(); lost(true); });
  source.addEventListener("error", () => {
    lost(true);
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, AGAIN_MS);
  });
  heard();
}
connect();
`;

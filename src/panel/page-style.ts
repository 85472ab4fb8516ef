/**
 * How the page looks: read from three metres on a kiosk, from arm's length on a phone, in the dark and in the sun.
 *
 * Sizes follow the screen. Logical properties only, so that a language written from right to left needs no other style.
 * What moves does so in few steps: small devices draw with their processor, and copy with it.
 * Each tone's colour has at least 4.5:1 on its background in both schemes (test/panel holds it).
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #12181f; --quiet: #4a5563; --line: #d3d9e0; --sheet: #ffffff;
  --rest: #46566a; --busy: #0a57b0; --soon: #8a4b00; --good: #0b6a3a; --bad: #b0201a; --on-tone: #ffffff;
  --tint: 9%;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0c1116; --ink: #f2f5f8; --quiet: #aeb9c6; --line: #33404d; --sheet: #141b22;
    --rest: #a9b8c9; --busy: #7ab8ff; --soon: #ffc24b; --good: #5fd695; --bad: #ff9d94; --on-tone: #0c1116;
    --tint: 12%;
  }
}
* { box-sizing: border-box; margin: 0; }
html { background: var(--ground); color: var(--ink); }
body {
  --unit: clamp(1rem, min(1.75vw, 3.2vh), 3rem);
  font-family: "Inter", "Noto Sans", "Noto Sans CJK SC", "Source Han Sans SC", system-ui, sans-serif;
  font-size: var(--unit); line-height: 1.4; min-block-size: 100vh; min-block-size: 100svh;
  display: flex; flex-direction: column;
}
[data-tone="rest"] { --tone: var(--rest); }
[data-tone="busy"] { --tone: var(--busy); }
[data-tone="soon"] { --tone: var(--soon); }
[data-tone="good"] { --tone: var(--good); }
[data-tone="bad"] { --tone: var(--bad); }
.symbol {
  inline-size: 1em; block-size: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 2;
  stroke-linecap: round; stroke-linejoin: round;
}
header, main, footer { inline-size: 100%; padding-inline: clamp(1rem, 4vw, 6rem); }
header {
  display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: .2em 1.5em;
  padding-block: .65em; font-size: max(1rem, .8em); color: var(--quiet); border-block-end: 1px solid var(--line);
}
header strong {
  color: var(--ink); font-weight: 600; overflow-wrap: anywhere; display: inline-block; margin-inline-start: .5em;
  padding: .1em .6em; border: 1px solid var(--line); border-radius: .4em; background: var(--sheet);
}
nav ul { display: flex; gap: .25em; list-style: none; padding: 0; margin-inline: -.6em; }
nav a { color: inherit; padding: .3em .6em; border-radius: .4em; display: inline-block; }
nav a[aria-current] { color: var(--ink); font-weight: 600; text-decoration: none; }
:focus-visible { outline: .18em solid var(--busy); outline-offset: .12em; }
.scene {
  flex: 1 0 auto; display: flex; flex-direction: column; justify-content: center; gap: 1.1em;
  padding-block: 1.2em; background: color-mix(in srgb, var(--tone) var(--tint), var(--ground));
  border-block-start: .35em solid var(--tone);
}
.hero { display: grid; grid-template-columns: auto 1fr; column-gap: clamp(1rem, 3vw, 4rem); align-items: center; }
.disc {
  display: grid; place-items: center; inline-size: 1.9em; block-size: 1.9em; border-radius: 50%;
  background: var(--tone); color: var(--on-tone); font-size: clamp(2.2rem, min(6.4vw, 13vh), 8rem);
}
.disc .symbol { inline-size: 1.15em; block-size: 1.15em; }
h1 {
  font-size: clamp(2.1rem, min(7.2vw, 14.5vh), 9.5rem); line-height: 1.08; font-weight: 700; letter-spacing: -.015em;
  overflow-wrap: anywhere; text-wrap: balance; font-variant-numeric: tabular-nums;
}
:lang(zh) h1, h1:lang(zh) { letter-spacing: 0; }
.remaining { font-size: 1.5em; font-weight: 600; color: var(--tone); margin-block-start: .15em; }
.detail { font-size: 1.15em; margin-block-start: .6em; max-inline-size: 46em; text-wrap: pretty; }
.progress { display: grid; gap: .3em; }
progress {
  appearance: none; inline-size: 100%; block-size: 1.15em; border: 0; border-radius: 1em; overflow: hidden;
  background: color-mix(in srgb, var(--tone) 24%, var(--ground)); color: var(--tone);
}
progress::-webkit-progress-bar { background: transparent; }
progress::-webkit-progress-value { background: var(--tone); border-radius: 1em; transition: inline-size .6s linear; }
progress::-moz-progress-bar { background: var(--tone); border-radius: 1em; }
.bytes { color: var(--quiet); font-variant-numeric: tabular-nums; text-align: end; }
.stick {
  display: flex; align-items: center; gap: .6em; inline-size: fit-content; max-inline-size: 100%;
  font-size: 1.45em; font-weight: 700; line-height: 1.2; padding: .5em .9em; border-radius: .6em;
}
.stick[data-needed="true"] { background: #ffc24b; color: #1d1300; }
.stick .symbol { font-size: 1.25em; }
.stick[data-needed="false"] { color: var(--good); border: .12em solid currentColor; background: var(--sheet); }
.facts { display: grid; gap: .7em; background: var(--sheet); border-inline-start: .3em solid var(--tone); padding: .8em 1.1em; border-radius: .3em; }
.facts dt { font-size: max(.85rem, .72em); font-weight: 700; color: var(--quiet); }
.facts dd { overflow-wrap: anywhere; max-inline-size: 60em; }
.facts .action { font-size: 1.1em; font-weight: 600; }
.facts code, .entry code { font-family: "Noto Sans Mono", ui-monospace, monospace; font-size: .9em; }
.since { color: var(--quiet); font-variant-numeric: tabular-nums; }
.history { padding-block: .8em 1.2em; border-block-start: 1px solid var(--line); background: var(--ground); }
.history h2 { font-size: max(.95rem, .8em); font-weight: 700; color: var(--quiet); margin-block-end: .3em; }
.history ol { list-style: none; padding: 0; font-size: max(1rem, .85em); }
.history li + li { border-block-start: 1px solid var(--line); }
.entry { display: flex; align-items: baseline; flex-wrap: wrap; gap: .2em .7em; padding-block: .4em; }
.entry .symbol { color: var(--tone); align-self: center; }
.entry time { color: var(--quiet); font-variant-numeric: tabular-nums; margin-inline-start: auto; }
.entry { padding-inline-end: 1.7em; }
summary.entry { cursor: pointer; border-radius: .3em; position: relative; }
summary.entry::after {
  content: "+" / ""; position: absolute; inset-inline-end: .3em; inset-block-start: .4em; color: var(--quiet); font-weight: 700;
}
[open] > summary.entry::after { content: "−" / ""; }
.more { padding: 0 0 .7em 1.7em; display: grid; gap: .3em; overflow-wrap: anywhere; max-inline-size: 60em; }
.lost { display: flex; gap: .8em; align-items: center; background: var(--bad); color: var(--on-tone); padding: .7em clamp(1rem, 4vw, 6rem); }
.lost .symbol { font-size: 2em; }
.lost b { display: block; font-size: 1.2em; }
.is-lost .scene { filter: grayscale(1); }
[hidden] { display: none !important; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (max-width: 40rem) {
  .hero { grid-template-columns: 1fr; row-gap: .8em; }
  .stick { inline-size: 100%; font-size: 1.25em; }
  .entry time { flex-basis: 100%; margin-inline-start: 1.7em; }
}
@keyframes breathe { 50% { opacity: .55; } }
[data-tone="busy"] .disc .symbol { animation: breathe 2.4s steps(3, jump-none) infinite; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation: none !important; transition: none !important; }
}
@media (forced-colors: active) { .disc, .stick, progress { border: 1px solid; } }
`;

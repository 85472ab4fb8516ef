/** How the report looks: on a wide screen, on a phone, on paper, by day and by night. No font and no picture is fetched. */

export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f4f5f7; --sheet: #ffffff; --ink: #171c26; --soft: #566072; --line: #dfe3ea; --link: #1a56b0;
  --well: #17733f; --well-bg: #e4f4ea; --attention: #8a5a00; --attention-bg: #fdf0d2;
  --trouble: #b3261e; --trouble-bg: #fde7e5; --doubtful: #6d35b0; --doubtful-bg: #f1e7fb;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f131a; --sheet: #181e28; --ink: #e8ecf3; --soft: #9fa9ba; --line: #2c3543; --link: #8db9ff;
    --well: #6fd39a; --well-bg: #15301f; --attention: #f0c265; --attention-bg: #35290d;
    --trouble: #ff9a91; --trouble-bg: #3c1714; --doubtful: #cfa5ff; --doubtful-bg: #2b1b40;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main, header, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2.25rem; }
h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; letter-spacing: -0.01em; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; }
h3 { font-size: 1rem; margin: 0; }
p { margin: 0.25rem 0; max-width: 70ch; }
a { color: var(--link); }
code, .id { font-family: ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; font-size: 0.84em; }
.soft, .id { color: var(--soft); }
.small { font-size: 0.875rem; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: 0.75rem; list-style: none; margin: 1.5rem 0 0; padding: 0; }
.tiles li { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem; padding: 0.9rem 1rem 0.8rem; border-top: 0.3rem solid var(--line); }
.tiles b { display: block; font-size: 2rem; line-height: 1.1; font-variant-numeric: tabular-nums; }
.tiles .well { border-top-color: var(--well); } .tiles .attention { border-top-color: var(--attention); }
.tiles .trouble { border-top-color: var(--trouble); } .tiles .doubtful { border-top-color: var(--doubtful); }
.badge { display: inline-block; padding: 0.1rem 0.6rem; border-radius: 1rem; font-size: 0.875rem; font-weight: 600; white-space: nowrap; }
.badge.well { color: var(--well); background: var(--well-bg); } .badge.attention { color: var(--attention); background: var(--attention-bg); }
.badge.trouble { color: var(--trouble); background: var(--trouble-bg); } .badge.doubtful { color: var(--doubtful); background: var(--doubtful-bg); }
.badge.well::before { content: "\\2713\\a0"; } .badge.attention::before { content: "!\\a0"; }
.badge.trouble::before { content: "\\2715\\a0"; } .badge.doubtful::before { content: "\\25c6\\a0"; }
.cards { display: grid; gap: 0.75rem; }
.card { background: var(--sheet); border: 1px solid var(--line); border-left: 0.35rem solid var(--line); border-radius: 0.75rem; padding: 1rem 1.25rem; overflow-wrap: anywhere; }
.card.well { border-left-color: var(--well); } .card.attention { border-left-color: var(--attention); }
.card.trouble { border-left-color: var(--trouble); } .card.doubtful { border-left-color: var(--doubtful); }
.card .top { display: flex; flex-wrap: wrap; gap: 0.25rem 0.75rem; align-items: baseline; margin-bottom: 0.35rem; }
.lead::first-letter { text-transform: uppercase; }
.todo { margin-top: 0.5rem; padding-left: 1.4rem; position: relative; font-weight: 600; }
.todo code { font-weight: 600; overflow-wrap: anywhere; }
.todo::before { content: "\\2192"; position: absolute; left: 0; }
.sheet { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem; overflow: hidden; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: 0.6rem 0.9rem; border-top: 1px solid var(--line); overflow-wrap: anywhere; }
thead th { border-top: 0; font-size: 0.8125rem; color: var(--soft); font-weight: 600; white-space: nowrap; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th button:hover, th button:focus-visible { text-decoration: underline; }
th[aria-sort="ascending"] button::after { content: " \\25b2"; } th[aria-sort="descending"] button::after { content: " \\25bc"; }
tbody th { font-weight: 600; }
td .id, th .id { display: block; font-weight: 400; }
meter { width: 100%; min-width: 6rem; height: 0.9rem; }
input[type="search"] { font: inherit; color: inherit; background: var(--sheet); border: 1px solid var(--line); border-radius: 0.5rem; padding: 0.35rem 0.7rem; width: min(22rem, 100%); margin-bottom: 0.75rem; }
details { background: var(--sheet); border: 1px solid var(--line); border-radius: 0.75rem; margin-bottom: 0.5rem; }
summary { padding: 0.6rem 1rem; cursor: pointer; }
details table { border-top: 1px solid var(--line); }
:target { outline: 0.15rem solid var(--link); outline-offset: 0.15rem; }
footer { padding: 2.5rem 1.5rem; color: var(--soft); font-size: 0.875rem; }
@media (max-width: 46rem) {
  body { font-size: 17px; }
  main, header, footer { padding-left: 1rem; padding-right: 1rem; }
  table, tbody, tr, td, tbody th { display: block; }
  thead { display: none; }
  tr { border-top: 1px solid var(--line); padding: 0.5rem 0; }
  tbody tr:first-child { border-top: 0; }
  td, tbody th { border: 0; padding: 0.15rem 1rem; }
  td[data-label]::before { content: attr(data-label) ": "; color: var(--soft); }
  td:empty { display: none; }
}
@media print {
  :root { --ground: #fff; --sheet: #fff; --ink: #000; --soft: #444; --line: #bbb; --link: #000; }
  body { font-size: 10pt; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  input[type="search"] { display: none; }
  .card, details, tr, .tiles li { break-inside: avoid; }
  .badge { border: 1px solid currentColor; background: none !important; }
  details::details-content { content-visibility: visible; block-size: auto; }
  h2 { break-after: avoid; }
}
`;

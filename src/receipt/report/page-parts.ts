/** The parts of the report's page, one function each. Pure. */
import { formatGap } from "../ledger/ledger.ts";
import type { Fleet, ReportedDevice, ReportedFinding, ReportedOutcome, Standing } from "./fleet.ts";
import { html, NOTHING, type SafeHtml } from "./html.ts";
import { lastSeenWords, OUTCOME_WORDS, releaseWords, STANDING_WORDS, WANTED_WORDS } from "./words.ts";

export interface PageFacts {
  readonly fleet: Fleet;
  readonly madeAtUtc: string;
  /** As the person named it. */
  readonly ledger: string;
  readonly notSeenSinceUtc: string | null;
  readonly release: string | null;
}

type Tone = Standing | "plain";

const OUTCOME_TONES: Readonly<Record<ReportedOutcome["outcome"], Tone>> = {
  enrolled: "well",
  confirmed: "well",
  unassessed: "attention",
  refused: "attention",
  "rolled-back": "trouble",
  failed: "trouble",
};

export function tiles({ fleet, notSeenSinceUtc, release }: PageFacts): SafeHtml {
  const { devices, strangers } = fleet;
  const count = (isCounted: (device: ReportedDevice) => boolean) => devices.filter(isCounted).length;
  const suspicious = count(({ findings }) => findings.length > 0) + strangers.length;
  const shown: readonly (readonly [number, string, Tone])[] = [
    [devices.length, devices.length === 1 ? "device" : "devices", "plain"],
    [count(({ standing }) => standing === "well"), "well", "well"],
    [count(({ standing }) => standing === "attention"), "to be looked at", "attention"],
    [count(({ standing }) => standing === "trouble"), "in trouble", "trouble"],
  ];
  const asked: (readonly [number, string, Tone])[] = [];
  if (release !== null) asked.push([count(({ wanted }) => wanted === "has-it"), `have ${release}`, "well"]);
  if (notSeenSinceUtc !== null) {
    asked.push([count(({ isUnseen }) => isUnseen), `not seen since ${notSeenSinceUtc.slice(0, 10)}`, "attention"]);
  }
  if (suspicious > 0) asked.push([suspicious, "with doubtful receipts", "doubtful"]);
  return html`<ul class="tiles">${[...shown, ...asked].map(([value, what, tone]) => html`<li class="${tone}"><b>${value}</b>${what}</li>`)}</ul>`;
}

/** One card for each device that is not well. */
export function deviceCards({ devices }: Fleet): SafeHtml {
  const cards = devices.filter(({ standing, missing }) => standing !== "well" || missing.length > 0).map(deviceCard);
  return cards.length === 0 ? NOTHING : html`<div class="cards">${cards}</div>`;
}

function deviceCard(device: ReportedDevice): SafeHtml {
  const { id, label, standing, running, last, lastSeen, isUnseen, missing, findings } = device;
  const { reason, health, outcome, release } = last;
  const isBad = outcome !== "confirmed" && outcome !== "enrolled";
  const what = release === null ? OUTCOME_WORDS[outcome] : `${OUTCOME_WORDS[outcome]}: ${releaseWords(release)}`;
  return html`<article class="card ${standing}">
<div class="top"><h3><a href="#device-${id}">${label}</a></h3>${badge(STANDING_WORDS[standing], standing)}<span class="soft small">runs ${releaseWords(running)}, last seen ${lastSeenWords(lastSeen)}</span></div>
${isBad ? html`<p class="lead">${what} on ${whenOf(last)}.</p>` : NOTHING}
${isBad && reason !== null ? html`<p>${reason.message} <code class="soft">${reason.code}</code></p>` : NOTHING}
${isBad && health !== null ? html`<p class="soft">${health}</p>` : NOTHING}
${isBad && reason !== null ? html`<p class="todo">${prose(reason.remedy)}</p>` : NOTHING}
${isUnseen ? html`<p>Nothing newer than ${lastSeenWords(lastSeen)} has come from it.</p><p class="todo">Visit it, and collect the stick afterwards.</p>` : NOTHING}
${missing.length > 0 ? html`<p class="soft">Receipts ${missing.slice(0, 8).map(formatGap).join(", ")} are missing; the sticks of the earlier visits may have them.</p>` : NOTHING}
${findings.length > 0 ? html`<p><a href="#findings">Some of its receipts must not be believed.</a></p>` : NOTHING}
</article>`;
}

export function findingCards({ devices, strangers }: Fleet): SafeHtml {
  const known = devices.flatMap(({ label, id, findings }) => findings.map((it) => findingCard(label, id, it)));
  const unknown = strangers.flatMap(({ device, findings }) =>
    findings.map((it) => findingCard("a device that nobody knows", device, it)),
  );
  const cards = [...known, ...unknown];
  return cards.length === 0 ? NOTHING : html`<div class="cards">${cards}</div>`;
}

function findingCard(label: string, id: string, finding: ReportedFinding): SafeHtml {
  const { title, message, remedy, serials, collectedAtUtc, from, medium } = finding;
  const which = serials.length === 0 ? "" : ` (receipt ${serials.join(", ")})`;
  const stick = medium === null ? "" : `, medium ${medium.slice(0, 8)}`;
  return html`<article class="card doubtful">
<div class="top"><h3>${label}</h3>${badge(title, "doubtful")}<span class="id">${id}</span></div>
<p class="lead">${message}${which}.</p>
<p class="soft small">Collected ${collectedAtUtc.slice(0, 10)} from ${from}${stick}.</p>
<p class="todo">${prose(remedy)}</p>
</article>`;
}

export function devicesTable({ fleet, release }: PageFacts): SafeHtml {
  if (fleet.devices.length === 0) return NOTHING;
  const asked = release === null ? NOTHING : html`<th scope="col">${release}</th>`;
  return html`<input type="search" aria-label="Find a device" placeholder="Find a device" hidden>
<div class="sheet"><table data-sortable>
<thead><tr><th scope="col">Device</th><th scope="col">Standing</th><th scope="col">Runs</th><th scope="col">Last outcome</th>${asked}<th scope="col">Last seen</th></tr></thead>
<tbody>${fleet.devices.map((device) => deviceRow(device))}</tbody>
</table></div>`;
}

const STANDING_ORDER = { trouble: "0", doubtful: "1", attention: "2", well: "3" } as const;

function deviceRow(device: ReportedDevice): SafeHtml {
  const { id, label, compatible, architecture, standing, running, last, lastSeen, wanted } = device;
  const type = `${compatible}, ${architecture}`;
  const asked = wanted === null ? NOTHING : html`<td data-label="Wanted">${WANTED_WORDS[wanted]}</td>`;
  const code = last.reason === null ? NOTHING : html`<span class="id">${last.reason.code}</span>`;
  return html`<tr>
<th scope="row" data-sort="${label}"><a href="#device-${id}">${label}</a><span class="id">${type}</span></th>
<td data-sort="${STANDING_ORDER[standing]}">${badge(STANDING_WORDS[standing], standing)}</td>
<td data-label="Runs" data-sort="${running?.sequence ?? 0}">${releaseWords(running)}</td>
<td data-label="Last outcome" data-sort="${last.outcome}">${OUTCOME_WORDS[last.outcome]}${last.release === null ? "" : ` ${last.release.version}`}${code}</td>${asked}
<td data-label="Last seen" data-sort="${lastSeen.atUtc}">${lastSeenWords(lastSeen)}</td>
</tr>`;
}

export function releasesTable({ releases, devices }: Fleet): SafeHtml {
  if (releases.length === 0) return NOTHING;
  const rows = releases.map(
    ({ release, devices: count }) => html`<tr>
<th scope="row">${releaseWords(release)}${release === null ? NOTHING : html`<span class="id">sequence ${release.sequence}</span>`}</th>
<td data-label="Devices">${count} of ${devices.length}</td>
<td><meter min="0" max="${devices.length}" value="${count}">${count}</meter></td>
</tr>`,
  );
  return html`<div class="sheet"><table><thead><tr><th scope="col">Release</th><th scope="col">Devices</th><th scope="col">Share</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

/** What each device has said, newest first; closed on the screen and open on paper. */
export function histories({ devices }: Fleet): SafeHtml {
  return html`${devices.map(
    ({ id, label, keyId, agentVersion, backend, history }) => html`<details id="device-${id}">
<summary><b>${label}</b> <span class="id">${id}</span></summary>
<p class="soft small card">Key ${keyId.slice(0, 16)}, bootferry ${agentVersion}, ${backend === "bootc" ? "bootc host" : "native engine"}.</p>
<table><thead><tr><th scope="col">Receipt</th><th scope="col">When</th><th scope="col">Outcome</th><th scope="col">Why</th></tr></thead>
<tbody>${history.map(historyRow)}</tbody></table>
</details>`,
  )}`;
}

function historyRow(it: ReportedOutcome): SafeHtml {
  const { serial, outcome, release, reason } = it;
  const what = release === null ? "" : ` ${releaseWords(release)}`;
  return html`<tr><td data-label="Receipt">${serial}</td><td data-label="When">${whenOf(it)}</td>
<td>${badge(OUTCOME_WORDS[outcome], OUTCOME_TONES[outcome])}${what}</td>
<td>${reason === null ? NOTHING : html`${reason.message} <code class="soft">${reason.code}</code>`}</td></tr>`;
}

function whenOf({ atUtc, isClockTrusted }: Pick<ReportedOutcome, "atUtc" | "isClockTrusted">): string {
  const time = atUtc.slice(0, 16).replace("T", " ");
  return isClockTrusted ? time : `${time} (by its own clock)`;
}

/** What stands between two backticks is a command. */
function prose(text: string): SafeHtml {
  return html`${text.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`))}`;
}

function badge(text: string, tone: Tone): SafeHtml {
  return html`<span class="badge ${tone}">${text}</span>`;
}

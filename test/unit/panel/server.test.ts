import { createHash } from "node:crypto";
import { type IncomingHttpHeaders, type RequestOptions, request } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { noJournal } from "../../../src/agent/journal.ts";
import { type AgentStatus, describeJournal } from "../../../src/agent/status-file.ts";
import { openPanel, type Panel } from "../../../src/panel/server.ts";
import type { Sight } from "../../../src/panel/status-feed.ts";

let panel: Panel;
let sight: Sight;
const listeners = new Set<(sight: Sight) => void>();
const feed = {
  look: () => sight,
  subscribe(listener: (sight: Sight) => void) {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
};
function tell(changes: Partial<AgentStatus>): void {
  sight = { kind: "seen", status: { ...describeJournal(noJournal()), ...changes } };
  for (const listener of listeners) listener(sight);
}
const SOON = { timeout: 30_000, interval: 10 }; // on a busy machine
const OPTIONS = { address: "127.0.0.1", port: 0, language: "en", isLanguageFixed: false } as const;

beforeEach(async () => {
  tell({});
  panel = await openPanel(feed, OPTIONS);
});
afterEach(() => panel[Symbol.asyncDispose]());

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const ask = (path: string, options: RequestOptions = {}) =>
  new Promise<Answer>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: panel.port, path, agent: false, ...options }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({
          status: response.statusCode,
          headers: response.headers,
          body: Buffer.concat(chunks).toString("utf8"),
        }),
      );
    });
    sent.on("error", reject).end();
  });

/** A client of /events: what it has heard so far. */
function listen(path = "/events") {
  let text = "";
  const { promise: status, resolve: answered } = Promise.withResolvers<number | undefined>();
  const sent = request({ host: "127.0.0.1", port: panel.port, path, agent: false }, (response) => {
    answered(response.statusCode);
    response.on("data", (chunk) => (text += chunk));
    response.on("error", () => undefined); // the server ends it
  });
  sent.on("error", () => undefined).end();
  const screens = () =>
    [...text.matchAll(/^event: screen\ndata: (.*)$/gm)].map(([, data = ""]) => JSON.parse(data).headline as string);
  return { status, heard: () => text, screens, leave: () => sent.destroy() };
}

describe("the panel", () => {
  it("answers with the page, the status and a refusal of all else", async () => {
    const page = await ask("/");
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.body).toContain(">Ready</h1>");
    const status = await ask("/status.json");
    expect(JSON.parse(status.body)).toEqual(sight.kind === "seen" && sight.status);
    for (const path of ["/favicon.ico", "/..%2f..%2fetc/passwd", "//evil.example/", "/status.json/"]) {
      expect((await ask(path)).status).toBe(404);
    }
  });

  it("answers to HEAD without a body, and to no other method", async () => {
    for (const path of ["/", "/status.json", "/events"]) {
      expect(await ask(path, { method: "HEAD" })).toMatchObject({ status: 200, body: "" });
    }
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
      expect(await ask("/", { method })).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    }
  });

  it.each(["evil.example", "evil.example:8372", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example"])(
    "tells nothing to a page that calls it %s",
    async (host) => {
      for (const path of ["/", "/status.json", "/events"]) {
        const answer = await ask(path, { headers: { host } });
        expect([answer.status, answer.body]).toEqual([421, "This panel answers to this machine's own names only.\n"]);
      }
    },
  );

  it.each(["localhost", "127.0.0.1", "[::1]"])("answers to %s", async (name) => {
    expect((await ask("/", { headers: { host: `${name}:${panel.port}` } })).status).toBe(200);
  });

  it("lets a page load nothing but its own style and script, and nobody keep or frame it", async () => {
    const { headers, body } = await ask("/");
    const policy = String(headers["content-security-policy"]);
    const digests = [/<style>(.*)<\/style>/s, /<script>(.*)<\/script>/s].map((pattern) => {
      const [, text = ""] = pattern.exec(body) ?? [];
      return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    });
    expect(policy.split("; ")).toEqual([
      ...["default-src 'none'", `style-src ${digests[0]}`, `script-src ${digests[1]}`, "connect-src 'self'"],
      ...["base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
    ]);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "cross-origin-resource-policy": "same-origin",
    });
    expect(body).not.toMatch(/ style=|https?:\/\/(?!www\.w3\.org\/2000\/svg)|\son[a-z]+=/);
  });

  it("shows what a medium says as text", async () => {
    tell({
      state: "refused",
      why: `<script>alert("1")</script>&'`,
      code: "TRUST_KEY_UNKNOWN",
      remedy: "Run `<b>` now.",
    });
    const { body } = await ask("/");
    expect(body).toContain("Run <code>&lt;b&gt;</code> now.");
    expect(body).toContain("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;");
    expect(body.match(/<script>/g)).toHaveLength(1);
  });

  it.each([
    ["/", {}, "Ready"],
    ["/", { "accept-language": "zh-CN" }, "就绪"],
    ["/?lang=zh", { "accept-language": "en" }, "就绪"],
    ["/?lang=en", { "accept-language": "zh" }, "Ready"],
    ["/?lang=%3Cscript%3E", { "accept-language": "fr" }, "Ready"],
  ])("speaks the language of %s with %j: %s", async (path, headers, headline) => {
    expect((await ask(path, { headers })).body).toContain(`>${headline}</h1>`);
  });

  it("speaks the language that it was started with to who asks for none", async () => {
    await panel[Symbol.asyncDispose]();
    panel = await openPanel(feed, { ...OPTIONS, language: "zh", isLanguageFixed: true });
    expect((await ask("/", { headers: { "accept-language": "en" } })).body).toContain(">就绪</h1>");
    expect((await ask("/?lang=en")).body).toContain(">Ready</h1>");
  });

  it("says that it is lost when the status cannot be read", async () => {
    sight = { kind: "lost" };
    expect((await ask("/status.json")).status).toBe(503);
    expect((await ask("/")).body).toContain('<body class="is-lost">');
  });

  it("says that its port is taken, and by which remedy it is not", async () => {
    await expect(openPanel(feed, { ...OPTIONS, port: panel.port })).rejects.toMatchObject({ code: "PANEL_PORT_TAKEN" });
  });
});

describe("the panel's events", () => {
  it("begin with what is, and go on with each change, numbered", async () => {
    const client = listen("/events?lang=zh");
    await vi.waitFor(() => expect(client.screens()).toEqual(["就绪"]), SOON);
    expect(client.heard()).toMatch(/^retry: \d+\nevent: page\ndata: [0-9a-f]{12}\n\n/);
    tell({ state: "mounted", medium: "do-not-remove" });
    tell({ state: "confirmed" });
    await vi.waitFor(() => expect(client.screens()).toHaveLength(3), SOON);
    const ids = [...client.heard().matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    client.leave();
    await vi.waitFor(() => expect(listeners.size).toBe(0), SOON); // nothing is watched for nobody
  });

  it("tell that the status is lost, and when it is there again", async () => {
    const client = listen();
    await vi.waitFor(() => expect(client.screens()).toHaveLength(1), SOON);
    sight = { kind: "lost" };
    for (const listener of listeners) listener(sight);
    await vi.waitFor(() => expect(client.heard()).toContain("event: lost"), SOON);
    tell({ state: "confirmed" });
    await vi.waitFor(() => expect(client.screens()).toHaveLength(2), SOON);
    client.leave();
  });

  it("are for a bounded number of clients, and for the next one when one has left", async () => {
    const clients = Array.from({ length: 32 }, () => listen());
    for (const client of clients) await vi.waitFor(() => expect(client.screens()).toHaveLength(1), SOON);
    expect((await ask("/events")).status).toBe(503);
    expect((await ask("/")).status).toBe(200);
    clients.pop()?.leave();
    await vi.waitFor(async () => {
      const late = listen();
      clients.push(late);
      expect(await late.status).toBe(200);
    }, SOON);
    for (const client of clients) client.leave();
  });

  it("drop a client that does not read, and serve the others", async () => {
    const reader = listen();
    const idle = connect(panel.port, "127.0.0.1", () => {
      idle.write(`GET /events HTTP/1.1\r\nHost: 127.0.0.1:${panel.port}\r\n\r\n`);
      idle.pause();
    });
    idle.on("error", () => undefined); // it is dropped
    await vi.waitFor(() => expect(reader.screens()).toHaveLength(1), SOON);
    await vi.waitFor(() => expect(idle.readyState).toBe("open"), SOON);
    const long = "x".repeat(64 << 10);
    for (let round = 0; round < 400; round++) {
      tell({ state: "failed", why: `${round} ${long}` });
      await new Promise((resolve) => setImmediate(resolve));
    }
    tell({ state: "confirmed" });
    await vi.waitFor(() => expect(reader.screens().at(-1)).toMatch(/^Updated/), SOON);
    const closed = new Promise((resolve) => idle.on("close", resolve));
    idle.resume();
    await closed;
    reader.leave();
  });

  it("end when the panel is stopped", async () => {
    const client = listen();
    await vi.waitFor(() => expect(client.screens()).toHaveLength(1), SOON);
    await panel[Symbol.asyncDispose]();
    panel = await openPanel(feed, OPTIONS);
    client.leave();
  });
});

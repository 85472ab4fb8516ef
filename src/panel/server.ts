/**
 * The panel's web server: one page, its status as JSON, and the events that keep the page up to date.
 *
 *     GET /              the page, in the language of ?lang=, else of Accept-Language
 *     GET /events        server-sent events: `page`, `screen`, `lost`, `beat`
 *     GET /status.json   what the agent wrote
 *
 * It only tells, and only this machine: loopback addresses, GET and HEAD, requests that name this machine as their host
 * (DNS rebinding). Nothing of a request is used but its path, its language and that name.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { errnoOf } from "../error.ts";
import { isOwnHost, type LoopbackAddress } from "./address.ts";
import { PanelError } from "./error.ts";
import { type EventStreams, openEventStreams } from "./event-streams.ts";
import { isLanguage, type Language, preferredLanguage } from "./language.ts";
import { CONTENT_SECURITY_POLICY, PAGE_VERSION, renderPage } from "./page.ts";
import type { StatusFeed } from "./status-feed.ts";

export interface PanelOptions {
  readonly address: LoopbackAddress;
  /** 0 lets the kernel choose. */
  readonly port: number;
  /** For who asks for none that we speak. */
  readonly language: Language;
  /** Speaks `language` whatever the browser likes, unless a person asks for another one. */
  readonly isLanguageFixed: boolean;
}

export interface Panel extends AsyncDisposable {
  readonly port: number;
}

const SECURITY_HEADERS = {
  "Content-Security-Policy": CONTENT_SECURITY_POLICY,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "X-Frame-Options": "DENY",
} as const;

const MAX_CONNECTIONS = 64;
const HEADERS_TIMEOUT_MS = 5000;
const MAX_HEADER_BYTES = 8 << 10;

/** @throws PanelError PANEL_PORT_TAKEN, PANEL_LISTEN_FAILED */
export async function openPanel(feed: StatusFeed, options: PanelOptions): Promise<Panel> {
  const streams = openEventStreams(feed, PAGE_VERSION);
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_TIMEOUT_MS });
  server.maxConnections = MAX_CONNECTIONS;
  server.requestTimeout = HEADERS_TIMEOUT_MS;
  await listen(server, options);
  const place = server.address();
  const port = typeof place === "object" && place !== null ? place.port : options.port;
  server.on("request", (request, response) => {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const answer = answerTo(request, { port, feed, streams, options });
    if (answer.kind === "events") streams.serve(response, answer.language);
    else send(response, answer);
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      streams[Symbol.dispose]();
      server.closeAllConnections();
      await closed;
    },
  };
}

type Answer =
  | { readonly kind: "events"; readonly language: Language }
  | { readonly kind: "whole"; readonly type: string; readonly body: string }
  | { readonly kind: "refusal"; readonly status: number; readonly sentence: string };

interface Site {
  readonly port: number;
  readonly feed: StatusFeed;
  readonly streams: Pick<EventStreams, "hasRoom">;
  readonly options: PanelOptions;
}

function answerTo({ method, headers, url: target }: IncomingMessage, { port, feed, streams, options }: Site): Answer {
  if (!isOwnHost(headers.host, port)) return refusal(421, "This panel answers to this machine's own names only.");
  if (method !== "GET" && method !== "HEAD") return refusal(405, "This panel only shows.");
  const [path = "", query = ""] = (target ?? "").split("?");
  const language = languageOf(new URLSearchParams(query).get("lang"), headers, options);
  switch (path) {
    case "/":
      return whole("text/html; charset=utf-8", renderPage(feed.look(), language));
    case "/status.json":
      return statusOf(feed);
    case "/events":
      if (method === "HEAD") return whole("text/event-stream; charset=utf-8", "");
      return streams.hasRoom ? { kind: "events", language } : refusal(503, "Too many pages are open.");
    default:
      return refusal(404, "There is nothing here.");
  }
}

function whole(type: string, body: string): Answer {
  return { kind: "whole", type, body };
}

function refusal(status: number, sentence: string): Answer {
  return { kind: "refusal", status, sentence };
}

function statusOf(feed: StatusFeed): Answer {
  const sight = feed.look();
  if (sight.kind === "lost") return refusal(503, "The status of this device cannot be read.");
  return whole("application/json", `${JSON.stringify(sight.status)}\n`);
}

function languageOf(asked: string | null, headers: IncomingMessage["headers"], options: PanelOptions): Language {
  if (isLanguage(asked)) return asked;
  if (options.isLanguageFixed) return options.language;
  return preferredLanguage(headers["accept-language"]) ?? options.language;
}

/** Node leaves the body out of an answer to HEAD. */
function send(response: ServerResponse, answer: Exclude<Answer, { kind: "events" }>): void {
  const isRefused = answer.kind === "refusal";
  const body = isRefused ? `${answer.sentence}\n` : answer.body;
  if (isRefused) response.setHeader("Connection", "close"); // a body that came with it is not read
  if (isRefused && answer.status === 405) response.setHeader("Allow", "GET, HEAD");
  const type = isRefused ? "text/plain; charset=utf-8" : answer.type;
  const head = { "Content-Type": type, "Content-Length": Buffer.byteLength(body) };
  response.writeHead(isRefused ? answer.status : 200, head).end(body);
}

async function listen(server: Server, { address, port }: PanelOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: address, port, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  }).catch((error: unknown) => {
    const errno = errnoOf(error);
    if (errno === undefined) throw error;
    const place = `${address} port ${port}`;
    if (errno === "EADDRINUSE")
      throw new PanelError("PANEL_PORT_TAKEN", `${place} is in use already`, { cause: error });
    throw new PanelError("PANEL_LISTEN_FAILED", `cannot listen on ${place}: ${errno}`, { cause: error });
  });
}

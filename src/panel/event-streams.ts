/**
 * Server-sent events (WHATWG HTML, section 9.2): each client has the screen in its language, at once and at each change.
 *
 * Clients are few (a kiosk's browser, a technician's) and may be hostile all the same, since every program of the device
 * can reach us: their number is bounded, and who does not read is dropped.
 */
import type { ServerResponse } from "node:http";
import { type Language, wordsIn } from "./language.ts";
import type { Sight, StatusFeed } from "./status-feed.ts";
import { describeScreen } from "./view.ts";

export interface EventStreams extends Disposable {
  /** Whether there is room for one more. */
  readonly hasRoom: boolean;
  /** Serves a client until it goes; the head of the response is ours. */
  serve(response: ServerResponse, language: Language): void;
}

const MAX_CLIENTS = 32;
const RETRY_MS = 2000;
/** The page takes it for lost when it hears nothing for three of them. */
const HEARTBEAT_MS = 5000;
const MAX_UNREAD_BYTES = 256 << 10; // some 40 screens

/** @param pageVersion changes with the page: one that was loaded from an earlier version loads itself anew */
export function openEventStreams(feed: StatusFeed, pageVersion: string): EventStreams {
  const clients = new Map<ServerResponse, Language>();
  let nextId = 0;
  let unsubscribe: (() => void) | undefined;
  let timer: NodeJS.Timeout | undefined;

  const send = (response: ServerResponse, text: string) => {
    response.write(text);
    if (response.writableLength > MAX_UNREAD_BYTES) response.destroy();
  };
  const tell = (sight: Sight) => {
    nextId += 1;
    for (const [response, language] of clients) send(response, formatSight(sight, language, nextId));
  };
  const leave = (response: ServerResponse) => {
    clients.delete(response);
    if (clients.size > 0) return;
    clearInterval(timer);
    unsubscribe?.();
    unsubscribe = undefined;
  };
  const begin = () => {
    unsubscribe = feed.subscribe(tell);
    timer = setInterval(() => {
      for (const response of [...clients.keys()]) send(response, "event: beat\ndata:\n\n");
    }, HEARTBEAT_MS);
  };
  return {
    get hasRoom() {
      return clients.size < MAX_CLIENTS;
    },
    serve(response, language) {
      if (unsubscribe === undefined) begin();
      clients.set(response, language);
      response.on("close", () => leave(response));
      response.on("error", () => leave(response)); // it has gone amid a write
      response.writeHead(200, { "Content-Type": "text/event-stream; charset=utf-8" });
      send(response, `retry: ${RETRY_MS}\nevent: page\ndata: ${pageVersion}\n\n`);
      send(response, formatSight(feed.look(), language, nextId));
    },
    [Symbol.dispose]() {
      for (const response of [...clients.keys()]) response.end();
    },
  };
}

function formatSight(sight: Sight, language: Language, id: number): string {
  const data = sight.kind === "seen" ? JSON.stringify(describeScreen(sight.status, wordsIn(language))) : "";
  return `id: ${id}\nevent: ${sight.kind === "seen" ? "screen" : "lost"}\ndata: ${data}\n\n`;
}

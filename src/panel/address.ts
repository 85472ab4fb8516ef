/** Where the panel listens, and by which names a browser may ask for it. */
import { PanelError } from "./error.ts";

export type LoopbackAddress = "127.0.0.1" | "::1";

export const DEFAULT_PORT = 8372;

/** @throws PanelError PANEL_ADDRESS_NOT_LOOPBACK for everything that others than this machine could reach */
export function parseLoopbackAddress(text: string): LoopbackAddress {
  if (text === "127.0.0.1" || text === "::1") return text;
  throw new PanelError("PANEL_ADDRESS_NOT_LOOPBACK", `the panel listens on 127.0.0.1 or ::1 only, not on "${text}"`);
}

/** The origin of the panel, as a browser writes it. */
export function panelOrigin(address: LoopbackAddress, port: number): string {
  return `http://${address === "::1" ? "[::1]" : address}:${port}`;
}

/**
 * Whether a request's Host header names this machine's loopback. A page of a stranger whose name suddenly resolves to
 * 127.0.0.1 (DNS rebinding) is of one origin with us for its browser, and known by its name alone.
 */
export function isOwnHost(host: string | undefined, port: number): boolean {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  const own = names.flatMap((name) => (port === 80 ? [name, `${name}:80`] : [`${name}:${port}`]));
  return host !== undefined && own.includes(host.toLowerCase());
}

/** PEM as OpenSSL writes it (RFC 7468): one labelled block of base64 lines; text around the block is ignored. */
import { parseBase64 } from "./base64.ts";

const LINE_CHARACTERS = 64;
const BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----\r?\n([A-Za-z0-9+/=\r\n]*?)\r?\n?-----END \1-----/;

export interface PemBlock {
  readonly label: string;
  readonly der: Buffer;
}

/** The first block of `text`, or undefined when there is none or its base64 is not strict. */
export function parsePem(text: string): PemBlock | undefined {
  const [, label, body] = BLOCK.exec(text) ?? [];
  if (label === undefined || body === undefined) return undefined;
  const der = parseBase64(body.replace(/[\r\n]/g, ""));
  return der === undefined || der.length === 0 ? undefined : { label, der };
}

export function formatPem({ label, der }: PemBlock): string {
  const lines = der.toString("base64").match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ""].join("\n");
}

/** `PATH[:TAG]` of the oci transport as containers/image splits it: at the first colon. */
import { BootcFailure } from "./context.ts";

export interface OciReference {
  readonly path: string;
  readonly tag: string | undefined;
}

const TAG_PATTERN = /^[\w][\w.-]{0,127}$/;

/** @throws BootcFailure */
export function parseOciReference(text: string): OciReference {
  const at = text.indexOf(":");
  if (at < 0) return { path: text, tag: undefined };
  const tag = text.slice(at + 1);
  if (!TAG_PATTERN.test(tag)) throw new BootcFailure(`Invalid image ${tag}`);
  return { path: text.slice(0, at), tag };
}

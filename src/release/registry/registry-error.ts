/**
 * What skopeo's refusal means. It ends with status 1 whatever has happened, so its words are all there is; they are those of
 * containers/image and of the registry API. What is not recognised keeps its words and a general remedy.
 */
import { HostError } from "../../host/error.ts";
import { ReleaseError, type ReleaseErrorCode } from "../error.ts";

/** The first that fits counts. */
const MEANING: readonly (readonly [RegExp, ReleaseErrorCode])[] = [
  [/x509: |tls: |certificate|server gave HTTP response to HTTPS client/, "RELEASE_REGISTRY_TLS"],
  [
    /unauthorized|authentication required|invalid username\/password|requested access to the resource is denied|denied: /i,
    "RELEASE_REGISTRY_UNAUTHORIZED",
  ],
  [/manifest unknown|name unknown|repository name not known|status 404|404 \(Not Found\)/i, "RELEASE_REGISTRY_UNKNOWN"],
  [
    /pinging container registry|connection refused|connection reset|no such host|i\/o timeout|no route to host|unreachable/,
    "RELEASE_REGISTRY_UNREACHABLE",
  ],
];

/** @param what was tried, as the beginning of the message */
export function registryError(error: unknown, what: string): unknown {
  if (!(error instanceof HostError)) return error;
  if (error.code === "HOST_TOOL_TIMEOUT") {
    return new ReleaseError("RELEASE_REGISTRY_UNREACHABLE", `${what}: ${error.message}`, { cause: error });
  }
  if (error.code !== "HOST_TOOL_FAILED") return error;
  const said = skopeoSaid(error.message);
  if (/no space left on device/.test(said)) return new HostError("HOST_NO_SPACE", `${what}: ${said}`, { cause: error });
  const code = MEANING.find(([pattern]) => pattern.test(said))?.[1] ?? "RELEASE_REGISTRY_FAILED";
  return new ReleaseError(code, `${what}: ${said}`, { cause: error });
}

/** `time="…" level=fatal msg="…"`: the message of the last such line, else all that was said. */
function skopeoSaid(message: string): string {
  const quoted = [...message.matchAll(/ level=fatal msg=("(?:[^"\\]|\\.)*")/g)].at(-1)?.[1];
  if (quoted === undefined) return message;
  return quoted.slice(1, -1).replace(/\\(.)/g, "$1");
}

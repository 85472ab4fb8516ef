/** Debian's docker-registry on loopback, as a site would run it: plain, or with TLS and a password. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const USER = "ann";
const PASSWORD = "correct horse";

export interface SiteRegistry extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** The blob of that digest in the registry's storage. */
  blobFile(digest: string): string;
}

/**
 * @param directory for its files, which must not be there yet; with `secured` it holds afterwards `certs/ca.crt` for --cert-dir
 *   and `auth.json` for --authfile
 */
export async function startRegistry(
  directory: string,
  { secured }: { readonly secured: boolean },
): Promise<SiteRegistry> {
  const file = (...names: string[]) => join(directory, ...names);
  mkdirSync(file("certs"), { recursive: true });
  if (secured) makeSecrets(file);
  const http = secured
    ? `{addr: "127.0.0.1:0", tls: {certificate: ${file("certs", "ca.crt")}, key: ${file("key.pem")}}}`
    : `{addr: "127.0.0.1:0"}`;
  const auth = secured ? `auth: {htpasswd: {realm: site, path: ${file("htpasswd")}}}\n` : "";
  writeFileSync(
    file("config.yml"),
    `version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: ${file("storage")}}}\n${auth}http: ${http}\n`,
  );
  const server = spawn("docker-registry", ["serve", file("config.yml")], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => server.once("close", () => resolve()));
  const host = await listeningHost(server.stderr);
  if (secured) logIn(host, file);
  return {
    host,
    blobFile(digest) {
      const hex = digest.replace("sha256:", "");
      return file("storage", "docker/registry/v2/blobs/sha256", hex.slice(0, 2), hex, "data");
    },
    async [Symbol.asyncDispose]() {
      server.kill();
      await ended;
    },
  };
}

function makeSecrets(file: (...names: string[]) => string): void {
  const certificate = [
    "-keyout",
    file("key.pem"),
    "-out",
    file("certs", "ca.crt"),
    "-days",
    "2",
    "-subj",
    "/CN=registry",
  ];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", ...certificate],
      ...["-addext", "subjectAltName=IP:127.0.0.1"],
    ],
    { stdio: "pipe" },
  );
  writeFileSync(file("htpasswd"), execFileSync("htpasswd", ["-Bbn", "-C", "4", USER, PASSWORD]));
}

function logIn(host: string, file: (...names: string[]) => string): void {
  const where = ["--authfile", file("auth.json"), "--cert-dir", file("certs")];
  execFileSync("skopeo", ["login", ...where, "--username", USER, "--password-stdin", host], { input: PASSWORD });
}

/** It takes a free port and says which. */
async function listeningHost(log: NodeJS.ReadableStream): Promise<string> {
  const said: string[] = [];
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: log });
    lines.on("line", (line) => {
      said.push(line);
      const [, host] = /listening on (127\.0\.0\.1:\d+)/.exec(line) ?? [];
      if (host !== undefined) resolve(host); // and go on reading: a full pipe would stop the server
    });
    lines.on("close", () => reject(new Error(`docker-registry ended: ${said.join("\n")}`)));
  });
}

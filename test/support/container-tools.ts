/**
 * skopeo and podman in miniature, as far as apps need them: a container storage is a file in which each name has the
 * manifest of its image. Images are copied from real layouts, whole and checked; every other program is run as it is.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HostError } from "../../src/host/error.ts";
import type { Exec, ExecResult } from "../../src/host/exec.ts";
import { parseManifest } from "../../src/oci/document.ts";
import { openLayout } from "../../src/oci/layout.ts";
import { readVerifiedBlob, verifyBlob } from "../../src/oci/verified-blob.ts";
import { toAbsPath } from "../../src/path.ts";

export interface ContainerTools {
  readonly exec: Exec;
  /** What was run: `skopeo copy`, `podman rmi docker.io/acme/ui:7` … */
  readonly calls: string[];
  /** The names in the storage, sorted. */
  names(): readonly string[];
  /** As if a person had pulled an image. */
  pull(name: string, manifest: string): void;
  /** Names that a running container uses: they cannot be removed. */
  readonly inUse: Set<string>;
  /** Name → id of a stopped container of it that a quadlet has left behind: it keeps the name until it is removed. */
  readonly leftContainers: Map<string, string>;
  /** Tools that are not installed. */
  readonly missing: Set<string>;
  /** Called before a tool does anything: a test may throw here, as a power cut would. */
  beforeCall: (call: string) => void;
}

/** @param file outlives everything that the device forgets */
export function containerTools(file: string, otherwise: Exec): ContainerTools {
  const read = (): Record<string, string> => (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {});
  const write = (images: Record<string, string>) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(images));
  };
  const change = (name: string, manifest: string | undefined) => {
    const { [name]: _, ...others } = read();
    write(manifest === undefined ? others : { ...others, [name]: manifest });
  };
  const done = (exitCode = 0, stdout: string | Buffer = ""): ExecResult => {
    return { exitCode, stdout: Buffer.from(stdout), stderrTail: "" };
  };
  const skopeo = async (args: readonly string[]): Promise<ExecResult> => {
    const name = nameOf(args.at(-1) ?? "");
    if (args.includes("inspect")) {
      const manifest = read()[name];
      return manifest === undefined ? done(1) : done(0, Buffer.from(manifest, "base64"));
    }
    const bytes = await readImage(args.at(-2) ?? "");
    change(name, bytes.toString("base64"));
    return done();
  };
  const podman = (args: readonly string[]): ExecResult => {
    const name = args.at(-1) ?? "";
    if (args.includes("exists")) return done(name in read() ? 0 : 1);
    if (args.includes("ps")) {
      const [, ancestor = ""] = /ancestor=(.*)/.exec(args.find((word) => word.startsWith("ancestor=")) ?? "") ?? [];
      return done(0, `${tools.leftContainers.get(ancestor) ?? ""}\n`);
    }
    if (args.includes("rm")) {
      for (const [image, id] of tools.leftContainers) if (args.includes(id)) tools.leftContainers.delete(image);
      return done();
    }
    if (!args.includes("rmi")) throw new Error(`podman ${args.join(" ")} is not known here`);
    if (tools.inUse.has(name) || tools.leftContainers.has(name)) return done(2);
    if (!(name in read())) return done(1);
    change(name, undefined);
    return done();
  };
  const tools: ContainerTools = {
    calls: [],
    inUse: new Set(),
    leftContainers: new Map(),
    missing: new Set(),
    beforeCall: () => undefined,
    names: () => Object.keys(read()).sort(),
    pull: (name, manifest) => change(name, Buffer.from(manifest).toString("base64")),
    async exec(argv, options) {
      const [tool, ...args] = argv;
      const inner = commandInNamespace(argv);
      if (inner !== undefined) return tools.exec(inner, options);
      if (tool !== "skopeo" && tool !== "podman") return otherwise(argv, options);
      if (tools.missing.has(tool)) throw new HostError("HOST_TOOL_MISSING", `${tool} is not installed`);
      if (args.includes("--version")) return done(0, `${tool} version 1\n`);
      const verb = args.find((word) => ["copy", "inspect", "rmi", "exists", "ps", "rm"].includes(word));
      const call = `${tool} ${verb} ${nameOf(args.at(-1) ?? "")}`;
      tools.beforeCall(call);
      tools.calls.push(call);
      const result = tool === "skopeo" ? await skopeo(args) : podman(args);
      if (result.exitCode === 0 || options.accept?.includes(result.exitCode)) return result;
      throw new HostError("HOST_TOOL_FAILED", `${call}: exit status ${result.exitCode}`);
    },
  };
  return tools;
}

/** What `unshare … sh -c SCRIPT sh COMMAND` runs in a mount namespace in which bootc's storage can be written. */
export function commandInNamespace(argv: readonly string[]): readonly [string, ...string[]] | undefined {
  const script = argv.indexOf("-c") + 1;
  const [tool, ...args] = argv.slice(script + 2);
  if (argv[0] !== "unshare" || script === 0 || tool === undefined) return undefined;
  return argv[script]?.startsWith("mount -o remount,rw /sysroot && exec ") ? [tool, ...args] : undefined;
}

/** `containers-storage:[…]NAME`, or NAME. */
function nameOf(reference: string): string {
  return reference.replace(/^containers-storage:(\[[^\]]*\])?/, "");
}

/** Reads an image of a layout to its end. @returns its manifest */
async function readImage(reference: string): Promise<Buffer> {
  const [, directory = "", tag] = /^oci:([^:]+):(.+)$/.exec(reference) ?? [];
  const index = JSON.parse(readFileSync(join(directory, "index.json"), "utf8"));
  const entry = index.manifests.find(
    ({ annotations }: { annotations?: Record<string, string> }) =>
      annotations?.["org.opencontainers.image.ref.name"] === tag,
  );
  if (entry === undefined) throw new HostError("HOST_TOOL_FAILED", `no image ${reference}`);
  const layout = openLayout(toAbsPath(directory));
  const bytes = await readVerifiedBlob(layout, entry, 1 << 20);
  const { config, layers } = parseManifest(bytes, reference);
  for (const blob of [config, ...layers]) await verifyBlob(layout, blob);
  return bytes;
}

/** What goes into a support archive, and what is said of what does not. */
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { HOST_DEVICE_PATHS, simulatedDevicePaths } from "../../../src/config/device-paths.ts";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { below } from "../../../src/path.ts";
import { collectSupport, type SupportSource } from "../../../src/support/collect.ts";
import { deviceSources } from "../../../src/support/device-sources.ts";
import { scratchDirectory } from "../agent/scratch.ts";

const HEAD = { createdAtUtc: "2026-11-20T10:15:00.000Z", device: "kiosk", agentVersion: "1.0.0" };
const source = (name: string, read: SupportSource["read"]): SupportSource => ({ name, read });

describe("collecting", () => {
  it("names what could not be had and takes the rest, without secrets", async () => {
    const { manifest, files } = await collectSupport(
      [
        source("a.txt", async () => 'password = "hunter2"\n'),
        source("b.txt", async () => Promise.reject(new HostError("HOST_TOOL_MISSING", "journalctl is not installed"))),
        source("c.txt", async () => undefined),
      ],
      HEAD,
    );
    expect(files.map(({ name }) => name)).toEqual(["manifest.json", "a.txt"]);
    expect(files[1]?.bytes.toString()).toBe("password = <redacted>\n");
    expect(manifest.missing).toEqual([{ name: "b.txt", why: "journalctl is not installed [HOST_TOOL_MISSING]" }]);
    expect(JSON.parse(String(files[0]?.bytes))).toEqual(manifest);
  });

  it("keeps the end of what is too long, from a whole line on, and says so", async () => {
    const lines = Array.from({ length: 900_000 }, (_, index) => `line ${index}`).join("\n");
    const { manifest, files } = await collectSupport([source("long.txt", async () => lines)], HEAD);
    const text = String(files[1]?.bytes);
    expect(text).toMatch(/^line \d+\n/);
    expect(text.endsWith("line 899999")).toBe(true);
    expect(manifest.files[0]).toMatchObject({ name: "long.txt", isCut: true, size: text.length });
    expect(text.length).toBeLessThanOrEqual(8 << 20);
  });

  it("stops when the archive is full, and goes on with what still fits", async () => {
    const large = "x".repeat(8 << 20);
    const sources = Array.from({ length: 9 }, (_, index) => source(`${index}.txt`, async () => large));
    const { manifest } = await collectSupport(sources, HEAD);
    expect(manifest.files).toHaveLength(8);
    expect(manifest.missing).toEqual([{ name: "8.txt", why: "the archive is full" }]);
  });
});

describe("the sources of a device", () => {
  it("are its records and configuration, never its keys, nor what a link leads to", async () => {
    const sysroot = scratchDirectory();
    const paths = simulatedDevicePaths(sysroot);
    const put = (path: string, text: string) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    put(join(paths.stateDirectory, "history.jsonl"), "{}\n");
    put(join(paths.stateDirectory, "journal.json.damaged"), "{");
    put(join(paths.stateDirectory, "device.key"), "-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n");
    put(join(sysroot, "secret"), "secret");
    symlinkSync(join(sysroot, "secret"), join(paths.stateDirectory, "verdicts.json"));
    const config: Readonly<Record<string, string>> = {
      "/etc/bootferry/agent.toml": "[device]\n",
      "/usr/lib/bootferry/agent.toml.d/10-acme.toml": "not = [toml",
    };
    const files = {
      readFile: async (path: string) => (config[path] === undefined ? undefined : Buffer.from(config[path])),
      listDirectory: async (path: string) => (path.startsWith("/usr/lib") ? ["10-acme.toml"] : []),
    };
    const exec: Exec = async () => Promise.reject(new Error("no tool is asked about a simulated device"));
    const { manifest } = await collectSupport(await deviceSources({ exec, paths, files, sinceUtc: undefined }), HEAD);
    expect(manifest.files.map(({ name }) => name)).toEqual([
      "state-history.jsonl",
      "state-journal.json.damaged",
      "config-etc-bootferry-agent.toml",
      "config-usr-lib-bootferry-agent.toml.d-10-acme.toml",
    ]);
    expect(manifest.missing.map(({ name }) => name)).toEqual(["state-verdicts.json"]);
  });

  it("ask the journals from the day that is given on, and survive without any tool", async () => {
    const asked: string[] = [];
    const exec: Exec = async (argv) => {
      asked.push(argv.join(" "));
      throw new HostError("HOST_TOOL_MISSING", `${argv[0]} is not installed`);
    };
    const paths = { ...HOST_DEVICE_PATHS, stateDirectory: below(scratchDirectory(), "none") };
    const files = { readFile: async () => undefined, listDirectory: async () => [] };
    const sources = await deviceSources({ exec, paths, files, sinceUtc: new Date("2026-11-20T00:00:00Z") });
    const { manifest } = await collectSupport(sources, HEAD);
    expect(asked.filter((line) => line.includes("--since=2026-11-20 00:00:00 UTC"))).toHaveLength(3);
    expect(manifest.missing.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["config", "journal-bootferry.txt", "journal-kernel.txt", "units.txt"]),
    );
  });
});

/**
 * Stores a release and stops for good before a given step: the process that a test kills. Arguments: store, layout,
 * target as JSON, name of the step, how many of them to let pass. It says "stopped" when it has come so far.
 */
import type { VerifiedRelease } from "../../src/bundle/verify-release.ts";
import { execOnHost } from "../../src/host/exec.ts";
import { openLayout } from "../../src/oci/layout.ts";
import { parseAbsPath } from "../../src/path.ts";
import { ingestRelease } from "../../src/store/ingest.ts";
import { openObjectStore } from "../../src/store/object-store.ts";
import { hostStoreFilesystem, type StoreFilesystem } from "../../src/store/store-filesystem.ts";

const [directory = "", layout = "", target = "", stepName = "", passing = ""] = process.argv.slice(2);
let passed = 0;

function stopAt(name: string): void {
  if (name !== stepName || ++passed <= Number(passing)) return;
  process.stdout.write("stopped\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // until the test kills us
}

const host = hostStoreFilesystem(execOnHost, parseAbsPath(directory));
const filesystem: StoreFilesystem = {
  ...host,
  write(fd, bytes) {
    stopAt("write");
    host.write(fd, bytes);
  },
  rename(from, to) {
    stopAt("rename");
    host.rename(from, to);
  },
  sync() {
    stopAt("sync");
    return host.sync();
  },
};
const store = await openObjectStore(parseAbsPath(directory), {
  exec: execOnHost,
  fsVerity: "off",
  filesystem,
  limits: { maxBufferedBytes: 4096, publishBatchBytes: 1 },
});
const release = { statement: { name: "kiosk-os", version: "1", sequence: 1 } } as unknown as VerifiedRelease;
await ingestRelease(store, openLayout(parseAbsPath(layout)), release, JSON.parse(target));

/** What the images of the scenarios are made of beside the base: each is a small layer that does one thing. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { FixtureEntry } from "../../support/oci-fixtures.ts";
import { CACHE, CLONE } from "./cache.ts";
import type { ImageVariant } from "./images.ts";
import { toolBytes } from "./tool.ts";

const HEALTH_CHECK = "usr/lib/bootferry/health.d/required/50-rig";

/** A release that works: another version, and a health check of its own that passes. */
export const GOOD: ImageVariant = {
  name: "good",
  entries: [...marker("good"), check("echo the kiosk answers")],
};

/** Boots, but is not well, and says why. */
export const UNHEALTHY: ImageVariant = {
  name: "unhealthy",
  entries: [...marker("unhealthy"), check("echo the screen stays dark; exit 1")],
};

/** Works, and takes some seconds to say so. */
export const SLOWLY_ASSESSED: ImageVariant = {
  name: "slowly-assessed",
  entries: [...marker("slowly-assessed"), check("sleep 10")],
};

/**
 * Works, and has what the guests lack so that their console hears the agent: `logger`, and the catalog that explains its entries.
 * What bootferry logs goes to the journal alone then, as on a device.
 */
export function withJournal(): ImageVariant {
  const [logger, catalog] = ["usr/bin/logger", "usr/lib/systemd/catalog/bootferry.catalog"];
  return {
    name: "with-journal",
    entries: [
      ...marker("with-journal"),
      check("echo the kiosk answers"),
      { name: logger, mode: 0o755, content: toolBytes("tar", "-xOf", join(CACHE, "root.tar"), `./${logger}`) },
      { name: catalog, content: readFileSync(join(CLONE, "units/catalog/bootferry.catalog")) },
    ],
  };
}

/** A file of more than 64 bytes, so that it is an object, that says which image this is. */
export function marker(name: string): readonly FixtureEntry[] {
  return [{ name: "usr/lib/rig/variant", content: `${name}\n${"-".repeat(100)}\n` }];
}

function check(script: string): FixtureEntry {
  return { name: HEALTH_CHECK, mode: 0o755, content: `#!/bin/sh\n# Health check of the VM tests.\n${script}\n` };
}

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { requireNode } from "../../../src/cli/require-node.ts";

const { engines } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));

describe("the Node that runs bootferry", () => {
  it.each(["24.0.0", "24.11.1", "100.0.0", process.versions.node])("may be %s", (running) => {
    expect(() => requireNode(running, engines.node)).not.toThrow();
  });

  it.each(["20.20.2", "8.17.0", "22.24.0"])("must not be %s, and that is said", (running) => {
    expect(() => requireNode(running, engines.node)).toThrow(
      expect.objectContaining({
        code: "CLI_NODE_TOO_OLD",
        message: `bootferry needs Node 24 or newer, and this is Node ${running}`,
      }),
    );
  });
});

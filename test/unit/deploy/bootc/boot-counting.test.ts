import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { simulatedDevicePaths } from "../../../../src/config/device-paths.ts";
import { makeBootcEngine } from "../../../../src/deploy/bootc/backend.ts";
import { armCounting, disarmCounting } from "../../../../src/deploy/bootc/boot-counting.ts";
import { HostError } from "../../../../src/host/error.ts";
import { digestOf } from "../../../../src/oci/digest.ts";
import { type AbsPath, below, parseAbsPath } from "../../../../src/path.ts";
import { type HostSketch, hostWith } from "./hosts.ts";

const COUNTS = `set pager=1
if [ -n "\${boot_counter}" -a "\${boot_success}" = "0" ]; then
  if [ "\${boot_counter}" = "0" -o "\${boot_counter}" = "-1" ]; then
    set default=1
    set boot_counter=-1
  else
    decrement boot_counter
  fi
fi
`;

describe("who counts the tries", () => {
  let root: AbsPath;
  let said: string[];
  beforeEach(() => {
    root = parseAbsPath(mkdtempSync(`${tmpdir()}/counting-`));
    said = [];
  });
  afterEach(() => rmSync(root, { recursive: true }));

  interface Machine extends HostSketch {
    readonly directory?: string;
    readonly config?: string;
    readonly hasEnvironment?: boolean;
    readonly enabled?: string;
    readonly toolFails?: boolean;
  }

  const open = ({ directory = "grub2", config = COUNTS, hasEnvironment = true, ...rest }: Machine) => {
    const { enabled, toolFails, ...sketch } = rest;
    const paths = simulatedDevicePaths(root);
    mkdirSync(below(paths.boot, directory), { recursive: true });
    writeFileSync(below(paths.boot, directory, "grub.cfg"), config);
    if (hasEnvironment) writeFileSync(below(paths.boot, directory, "grubenv"), "# GRUB Environment Block\n");
    const engine = makeBootcEngine({
      paths,
      tries: 3,
      exec: async ([tool, ...args]) => {
        const answer = { stdout: Buffer.alloc(0), stderrTail: "" };
        if (tool === "systemctl") return { ...answer, exitCode: args.at(-1) === enabled ? 0 : 1 };
        if (toolFails) throw new HostError("HOST_TOOL_FAILED", `${tool}: read-only file system`);
        said.push([tool, ...args.map((arg) => arg.replace(`${paths.boot}/`, ""))].join(" "));
        return { ...answer, exitCode: 0 };
      },
    });
    return { engine, host: hostWith({ booted: digestOf("image"), ...sketch }) };
  };

  it.each([
    ["grub2", "grub2-editenv"],
    ["grub", "grub-editenv"],
  ])("is GRUB where its configuration counts: %s", async (directory, tool) => {
    const { engine, host } = open({ directory });
    expect(await armCounting(engine, host)).toBe("grub");
    await disarmCounting(engine, host);
    expect(said).toEqual([
      `${tool} ${directory}/grubenv set boot_counter=3 boot_success=0`,
      `${tool} ${directory}/grubenv set boot_success=1`,
      `${tool} ${directory}/grubenv unset boot_counter`,
    ]);
  });

  it.each(["greenboot-healthcheck.service", "greenboot-grub2-set-counter.service"])(
    "is greenboot where it is at work, and we touch nothing: %s",
    async (enabled) => {
      const { engine, host } = open({ enabled });
      expect(await armCounting(engine, host)).toBe("greenboot");
      expect(said).toEqual([]);
    },
  );

  it.each([
    ["a configuration that does not count", { config: "blscfg\n" }],
    ["one that only knows the words", { config: "# boot_counter boot_success\nset default=1\n" }],
    ["no environment, which GRUB cannot make", { hasEnvironment: false }],
    ["a boot partition that is read-only", { toolFails: true }],
    ["systemd-boot", { composefs: "Bls" }],
    ["grub-cc, which does not count", { composefs: "Bls", bootloader: "grub-cc" }],
  ] as const)("is nobody but us with %s", async (_what, machine) => {
    const { engine, host } = open(machine);
    expect(await armCounting(engine, host)).toBe("us");
    expect(said).toEqual([]);
  });

  it("is GRUB on composefs, too", async () => {
    const { engine, host } = open({ composefs: "Bls", bootloader: "grub" });
    expect(await armCounting(engine, host)).toBe("grub");
  });
});

import { beforeAll, describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { makeRelease, openWorld, type SignedRelease, writeMedium } from "./agent-fixture.ts";

let v1: SignedRelease;
let v2: SignedRelease;

beforeAll(async () => {
  [v1, v2] = await Promise.all([makeRelease(1), makeRelease(2)]);
});

const device = (kname: string, facts: object) => ({
  ...{ kname, path: `/dev/${kname}`, type: "part", size: 4096, ro: false, rm: true, hotplug: true },
  ...{ label: "BOOTFERRY", fstype: "vfat", mountpoints: [null], ...facts },
});
const DEVICES = {
  blockdevices: [
    {
      ...device("sdb", { label: null, fstype: null, type: "disk" }),
      children: [device("sdb1", {}), device("sdb2", { label: "DATA" })],
    },
    device("mmcblk1", { type: "disk", fstype: "exfat" }),
    device("dm-0", { type: "crypt" }),
  ],
};

/** Confirms an update on a machine with units. @returns what was started */
async function confirmWith(answer: (tool: string) => string): Promise<readonly string[]> {
  const started: string[] = [];
  const exec: Exec = async ([tool, ...args]) => {
    if (tool === "systemctl") started.push(args.join(" "));
    return { exitCode: 0, stdout: Buffer.from(answer(tool)), stderrTail: "" };
  };
  const world = await openWorld(v1, { exec });
  await world.run(writeMedium([v2]));
  world.device.boot();
  const { kind } = await world.run(undefined, { paths: { ...world.paths, isSimulated: false } });
  expect(kind).toBe("confirmed");
  return started;
}

describe("media that waited for the confirmation", () => {
  it("are looked at once it is there, without being pulled out", async () => {
    expect(await confirmWith(() => JSON.stringify(DEVICES))).toEqual([
      "start --no-block bootferry-media@sdb1.service bootferry-media@mmcblk1.service",
    ]);
  });

  it("are none when none is in", async () => {
    expect(await confirmWith(() => '{"blockdevices":[]}')).toEqual([]);
  });

  it.each(["lsblk", "systemctl"])(
    "do not keep the system from being confirmed on a machine without %s",
    async (missing) => {
      const answer = (tool: string) => {
        if (tool === missing) throw new HostError("HOST_TOOL_MISSING", `${tool} is not installed`);
        return JSON.stringify(DEVICES);
      };
      await confirmWith(answer);
    },
  );
});

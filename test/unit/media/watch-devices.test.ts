import { describe, expect, it } from "vitest";
import type { BlockDevice } from "../../../src/media/block-device.ts";
import type { HintSource } from "../../../src/media/hint-source.ts";
import { compareDevices, type DeviceEvent, type WatchPorts, watchDevices } from "../../../src/media/watch-devices.ts";
import { blankDisk, scriptedExec } from "../../support/machines.ts";

/** What lsblk shows at each look; the last picture stays. */
type Picture =
  | readonly { readonly kname: string; readonly label?: string; readonly serial?: string; readonly size?: number }[]
  | Error;

const lsblk = (picture: Exclude<Picture, Error>) =>
  JSON.stringify({
    blockdevices: picture.map(({ kname, label, serial = "S", size = 1 }) => ({
      ...{ kname, path: `/dev/${kname}`, type: "disk", size, ro: false, rm: true, hotplug: true, mountpoints: [null] },
      ...{ serial, fstype: label === undefined ? null : "vfat", label: label ?? null },
    })),
  });

interface Stage {
  readonly sources?: readonly HintSource[];
  /** Called in place of each wait, with its length: may hint. */
  readonly onSleep?: (ms: number) => void;
}

/** Watches until all pictures were shown and looked at once more; every wait ends at once. */
async function watch(
  pictures: readonly [Picture, ...Picture[]],
  { sources = [], onSleep = () => undefined }: Stage = {},
) {
  const stop = new AbortController();
  const waits: number[] = [];
  let looks = 0;
  const { exec } = scriptedExec(([tool]) => {
    if (tool !== "lsblk") return undefined;
    const picture = pictures[Math.min(looks++, pictures.length - 1)] ?? [];
    if (looks > pictures.length) stop.abort();
    return picture instanceof Error ? { exitCode: 1 } : lsblk(picture);
  });
  const ports: WatchPorts = {
    exec,
    listMountedVolumes: async () => [],
    isUdevRunning: () => true,
    sources,
    sleep: async (ms) => {
      waits.push(ms);
      onSleep(ms);
    },
  };
  const events: DeviceEvent[] = [];
  const said: string[] = [];
  const onReady = (source: string) => said.push(`ready, told by ${source}`);
  const loud = { ...ports, onHint: (source: string) => said.push(`hint of ${source}`) };
  for await (const event of watchDevices(loud, stop.signal, onReady)) events.push(event);
  const words = events.map(
    ({ kind, device }) => `${kind} ${device.kernelName}${device.label ? ` ${device.label}` : ""}`,
  );
  return { words, waits, said };
}

const broken = new Error("lsblk fails");

describe("watching devices", () => {
  it.each<[string, readonly [Picture, ...Picture[]], readonly string[]]>([
    ["what is there, once", [[{ kname: "sda" }], [{ kname: "sda" }]], ["present sda"]],
    ["what appears", [[], [{ kname: "sda" }]], ["appeared sda"]],
    ["what vanishes", [[{ kname: "sda" }], []], ["present sda", "vanished sda"]],
    [
      "a label that comes later",
      [[], [{ kname: "sda" }], [{ kname: "sda", label: "X" }]],
      ["appeared sda", "changed sda X"],
    ],
    [
      "another stick under the same name, the old one's departure first",
      [[{ kname: "sda", serial: "1" }], [{ kname: "sda", serial: "2" }]],
      ["present sda", "vanished sda", "appeared sda"],
    ],
    [
      "a card that is put into a reader, and taken out",
      [[{ kname: "sda", size: 0 }], [{ kname: "sda", size: 9 }], [{ kname: "sda", size: 0 }]],
      ["present sda", "vanished sda", "appeared sda", "vanished sda", "appeared sda"],
    ],
    [
      "nothing of a look that fails, and goes on",
      [[{ kname: "sda" }], broken, [{ kname: "sda" }, { kname: "sdb" }]],
      ["present sda", "appeared sdb"],
    ],
  ])("tells %s", async (_, pictures, expected) => {
    expect((await watch(pictures)).words).toEqual(expected);
  });

  it("says so when the first look fails", async () => {
    await expect(watch([broken])).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
  });

  it("looks every two seconds without a source of hints, and every ten with one", async () => {
    expect((await watch([[], []])).waits).toEqual([2000, 2000]);
    expect((await watch([[], []], { sources: [fakeSource().source] })).waits).toEqual([10_000, 10_000]);
  });

  it("looks soon after a hint, and some times more: disk, partitions and labels come one after the other", async () => {
    const { source, hint } = fakeSource();
    let isFirst = true;
    const { waits } = await watch([[], [], [], [], [], []], {
      sources: [source],
      onSleep: () => {
        if (isFirst) hint();
        isFirst = false;
      },
    });
    expect(waits).toEqual([10_000, 300, 700, 1000, 2000, 4000, 10_000]);
  });

  it("is not starved by a source that never stops hinting", async () => {
    const { source, hint } = fakeSource();
    const { words, said } = await watch([[], [{ kname: "sda" }], [{ kname: "sda" }]], {
      sources: [source],
      onSleep: hint,
    });
    expect(words).toEqual(["appeared sda"]);
    expect(said).toEqual(["ready, told by fake", "hint of fake"]); // no word for each of them, which would flood a log
  });

  it("takes the first source that works, and closes it in the end", async () => {
    const [broken, good, unused] = [fakeSource({ works: false }), fakeSource(), fakeSource()];
    await watch([[]], { sources: [broken.source, good.source, unused.source] });
    expect([broken.state(), good.state(), unused.state()]).toEqual(["not opened", "closed", "not opened"]);
  });
});

function fakeSource({ works = true } = {}) {
  let state = "not opened";
  let hint = () => undefined as unknown;
  const source: HintSource = {
    name: "fake",
    async open(hintIn) {
      if (!works) return undefined;
      state = "open";
      hint = hintIn;
      return {
        isAlive: () => state === "open",
        async [Symbol.asyncDispose]() {
          state = "closed";
        },
      };
    },
  };
  return { source, hint: () => void hint(), state: () => state };
}

describe("two pictures of the devices", () => {
  const picture = (...devices: readonly BlockDevice[]) => new Map(devices.map((device) => [device.kernelName, device]));

  it("are compared by what a watcher wants to know, not by mounts", () => {
    const before = picture(blankDisk());
    expect([...compareDevices(before, picture(blankDisk({ mountPoints: ["/mnt"] })))]).toEqual([]);
    expect([...compareDevices(before, picture(blankDisk({ uuid: "2" })))].map(({ kind }) => kind)).toEqual(["changed"]);
  });
});

/** Each source of hints against what it listens to: a fake of usb-detection and of udevadm, and a real directory. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HostError } from "../../../src/host/error.ts";
import type { FollowLines } from "../../../src/host/line-process.ts";
import type { HintSource } from "../../../src/media/hint-source.ts";
import { labelHints } from "../../../src/media/label-hints.ts";
import { udevHints } from "../../../src/media/udev-hints.ts";
import { type UsbDetection, usbHints } from "../../../src/media/usb-hints.ts";
import { parseAbsPath } from "../../../src/path.ts";

/** Opens the source; `hinted` resolves with the next hint. */
async function open(source: HintSource) {
  let wake: () => void = () => undefined;
  const hinted = new Promise<void>((resolve) => {
    wake = resolve;
  });
  const opened = await source.open(() => wake(), new AbortController().signal);
  return { opened, hinted };
}

function fakeUsb() {
  const listeners = new Set<() => void>();
  let isMonitoring = false;
  const usb: UsbDetection = {
    startMonitoring: () => {
      isMonitoring = true;
    },
    stopMonitoring: () => {
      isMonitoring = false;
    },
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
  };
  return {
    usb,
    plug: () => {
      for (const listener of listeners) listener();
    },
    state: () => ({ isMonitoring, listeners: listeners.size }),
  };
}

const RUNNING = () => true;

describe("hints of usb-detection", () => {
  it("come when something is plugged in, until it is closed: its thread would keep the process alive", async () => {
    const { usb, plug, state } = fakeUsb();
    const { opened, hinted } = await open(usbHints({ load: async () => usb, isUdevRunning: RUNNING }));
    plug();
    await hinted;
    expect(opened?.isAlive()).toBe(true);
    await opened?.[Symbol.asyncDispose]();
    expect(state()).toEqual({ isMonitoring: false, listeners: 0 });
  });

  it.each<[string, () => Promise<UsbDetection>]>([
    ["is not installed", () => Promise.reject(new Error("Cannot find package 'usb-detection'"))],
    ["was built for another Node", () => Promise.reject(new Error("NODE_MODULE_VERSION 115"))],
    [
      "cannot start",
      async () => ({
        ...fakeUsb().usb,
        startMonitoring: () => {
          throw new Error("no udev");
        },
      }),
    ],
  ])("are left out without a word when it %s", async (_, load) => {
    expect((await open(usbHints({ load, isUdevRunning: RUNNING }))).opened).toBeUndefined();
  });

  it("are left out where udev does not run: it would listen to nobody", async () => {
    const load = () => Promise.reject(new Error("must not be loaded"));
    expect((await open(usbHints({ load, isUdevRunning: () => false }))).opened).toBeUndefined();
  });
});

describe("hints of udev", () => {
  const lines: FollowLines = async function* (argv, signal) {
    if (argv[0] !== "udevadm") throw new Error(`unexpected ${argv.join(" ")}`);
    yield "UDEV  [1234.5] add /devices/pci0000:00/usb1/block/sdb (block)";
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };

  it("come with each line of its monitor, until it is closed", async () => {
    const { opened, hinted } = await open(udevHints({ followLines: lines, isUdevRunning: RUNNING }));
    await hinted;
    expect(opened?.isAlive()).toBe(true);
    await opened?.[Symbol.asyncDispose]();
    expect(opened?.isAlive()).toBe(false);
  });

  it("are left out where udev does not run", async () => {
    expect((await open(udevHints({ followLines: lines, isUdevRunning: () => false }))).opened).toBeUndefined();
  });

  it("end without an error when the monitor ends", async () => {
    // biome-ignore lint/correctness/useYield: it fails before its first line
    const failing: FollowLines = async function* () {
      throw new HostError("HOST_TOOL_MISSING", "udevadm is not installed");
    };
    const { opened } = await open(udevHints({ followLines: failing, isUdevRunning: RUNNING }));
    await new Promise((resolve) => setImmediate(resolve));
    expect(opened?.isAlive()).toBe(false);
    await opened?.[Symbol.asyncDispose]();
  });
});

describe("hints of /dev/disk/by-label", () => {
  it("come when a label appears, even the first one", async () => {
    const directory = mkdtempSync(join(tmpdir(), "by-label-"));
    try {
      const { opened, hinted } = await open(labelHints(parseAbsPath(directory)));
      mkdirSync(join(directory, "by-label"));
      symlinkSync("../../sdb1", join(directory, "by-label", "BOOTFERRY"));
      await hinted;
      expect(opened?.isAlive()).toBe(true);
      await opened?.[Symbol.asyncDispose]();
      expect(opened?.isAlive()).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it("are left out where there is no such directory", async () => {
    expect((await open(labelHints(parseAbsPath("/nonexistent/disk")))).opened).toBeUndefined();
  });
});

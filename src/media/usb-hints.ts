/**
 * Hints from usb-detection, a native module that listens to udev without a child process. It is optional: it needs
 * libudev and a compiler when it is installed, and a machine without it uses the next source, without a word.
 */
import { createRequire } from "node:module";
import type { HintSource } from "./hint-source.ts";

/** The part of usb-detection that we use. It tells of USB devices, not of the disks in them, which come a moment later. */
export interface UsbDetection {
  startMonitoring(): void;
  stopMonitoring(): void;
  on(event: "change", listener: () => void): unknown;
  off(event: "change", listener: () => void): unknown;
}

/** Loads usb-detection, or fails in whatever way a native module can. */
export type LoadUsbDetection = () => Promise<UsbDetection>;

/**
 * Not by `import`: a bundle has to find it in the node_modules beside it, if there are any, and the single executable
 * takes itself for /usr/lib/bootferry (units/package/executable.ts) and can import nothing from a disk.
 */
export const loadUsbDetection: LoadUsbDetection = async () => createRequire(import.meta.url)("usb-detection");

export interface UsbHintPorts {
  readonly load: LoadUsbDetection;
  /** It listens to udevd: where none runs, it would load and never say a word. */
  readonly isUdevRunning: () => boolean;
}

export function usbHints({ load, isUdevRunning }: UsbHintPorts): HintSource {
  return {
    name: "usb-detection",
    async open(hint) {
      if (!isUdevRunning()) return undefined;
      let usb: UsbDetection;
      try {
        usb = await load();
        usb.startMonitoring();
      } catch {
        return undefined; // absent, built for another Node, no libudev: all are reasons to take the next source
      }
      usb.on("change", hint);
      let isAlive = true;
      return {
        isAlive: () => isAlive,
        async [Symbol.asyncDispose]() {
          isAlive = false;
          usb.off("change", hint);
          usb.stopMonitoring(); // else its thread keeps the process alive
        },
      };
    },
  };
}

/** What a device has left on a vfat stick, looked at from outside when the stick is out. */
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { tool } from "./tool.ts";

/** Everything of it that has to do with receipts, as a workstation would find it below the mount point. */
export function takeReceipts(stick: string, directory: string): string {
  mkdirSync(join(directory, "bootferry"), { recursive: true });
  tool("mcopy", "-s", "-i", stick, "::/bootferry-receipts", directory);
  tool("mcopy", "-i", stick, "::/bootferry/medium.json", join(directory, "bootferry"));
  return directory;
}

/** The directory of the one device that has written to the stick. */
export function directoryOfDevice(taken: string): string {
  const [id, ...others] = readdirSync(join(taken, "bootferry-receipts"));
  if (id === undefined || others.length > 0) throw new Error(`${taken} has receipts of ${id} ${others.join(" ")}`);
  return join(taken, "bootferry-receipts", id);
}

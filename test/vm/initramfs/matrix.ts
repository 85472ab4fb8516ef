/**
 * One row of the matrix: a kernel, what the boot entry asks for, what was done to the disk, and what must come of it.
 *
 * A boot either gets the deployment as it was asked for, or says why not and reboots. There is no third outcome: the
 * rows of failures also prove that init of the deployment was never started.
 */
import { join } from "node:path";
import { expect, it } from "vitest";
import { CACHE } from "../rig/cache.ts";
import { type BootOnce, bootOnce } from "./boot-once.ts";
import type { KernelName } from "./kernels.ts";
import { type MatrixDisk, matrixDisk } from "./sealed-disk.ts";
import { INIT_PATH } from "./tiny-image.ts";

export interface Row {
  readonly title: string;
  readonly kernel: KernelName;
  readonly verity: "required" | "on" | "off";
  /** Boots the store that was never sealed. */
  readonly unsealed?: boolean;
  /** Kernel arguments of the boot entry that have another value, by their names. */
  readonly kargs?: Readonly<Record<string, string>>;
  /** Changes the disk before the boot. */
  readonly spoil?: (disk: string, entry: Entry) => void;
  /** What init must have seen; a list of one fact each. Left out for a boot that must fail. */
  readonly facts?: Readonly<Record<string, string | RegExp>>;
  /** What the console must say besides. */
  readonly said?: RegExp;
  /** What the console must say before it reboots. Left out for a boot that must succeed. */
  readonly refusal?: RegExp;
}

/** What the boot entry of the disk names. */
export interface Entry {
  readonly deployment: string;
  readonly imageHex: string;
}

/** A test that boots the row's machine once. */
export function matrixTest(row: Row): void {
  it(row.title, async () => {
    const disk = await matrixDisk();
    const name = row.title.replace(/[^a-z0-9]+/gi, "-").slice(0, 60);
    const kargs = { ...argumentsOf(disk), "bootferry.verity": row.verity, panic: "1", ...row.kargs };
    const boot = await bootOnce({
      ...{ name, kernel: row.kernel, directory: join(CACHE, "run/initramfs") },
      disk: row.unsealed ? disk.unsealed : disk.sealed,
      commandLine: ["root=/dev/vda", "rw", `init=${INIT_PATH}`, ...Object.entries(kargs).map((pair) => pair.join("="))],
      spoil: (copy) => row.spoil?.(copy, entryOf(disk)),
    });
    check(row, boot);
  });
}

function check(row: Row, boot: BootOnce): void {
  const said = `the end of the console:\n${boot.tail}`;
  if (row.refusal !== undefined) {
    expect(boot.text, said).toMatch(row.refusal);
    expect(boot.end, said).toBe("guest-reset");
    expect([...boot.facts], said).toEqual([]);
    return;
  }
  expect(boot.facts.get("end"), said).toBe("ok");
  expect(boot.end, said).toBe("guest-shutdown");
  if (row.said !== undefined) expect(boot.text, said).toMatch(row.said);
  for (const [fact, value] of Object.entries(row.facts ?? {})) {
    const seen = `${fact}; ${said}`;
    if (typeof value === "string") expect(boot.facts.get(fact), seen).toBe(value);
    else expect(boot.facts.get(fact), seen).toMatch(value);
  }
}

function argumentsOf({ kargs }: MatrixDisk): Readonly<Record<string, string>> {
  return Object.fromEntries(
    kargs.map((karg): [string, string] => [karg.slice(0, karg.indexOf("=")), karg.slice(karg.indexOf("=") + 1)]),
  );
}

function entryOf(disk: MatrixDisk): Entry {
  const kargs = argumentsOf(disk);
  const imageHex = kargs["composefs.digest"]?.replace(/^v1-sha256-12:/, "");
  const deployment = kargs["bootferry.deployment"];
  if (imageHex === undefined || deployment === undefined) throw new Error(`not an entry of ours: ${disk.kargs}`);
  return { deployment, imageHex };
}

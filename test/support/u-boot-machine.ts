/**
 * A machine with U-Boot in a directory: its environment in a file, in two copies, the tools that change it, and what it
 * does at a start. Its bootcmd starts extlinux.conf, its altbootcmd extlinux/bootferry.conf.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { parseUBootEnvironment } from "../../src/boot/u-boot-environment.ts";

const COPY_BYTES = 0x2000;

export interface UBootMachine {
  readonly boot: string;
  readonly config: string;
  readonly environment: string;
}

/** Its files stand beside the boot partition's own, where nobody looks. */
export function uBootMachine(boot: string): UBootMachine {
  return { boot, config: join(boot, "fw_env.config"), environment: join(boot, "environment.bin") };
}

/** As it leaves the factory. */
export function prepareUBoot(machine: UBootMachine): void {
  const { config, environment } = machine;
  writeFileSync(config, `# two copies\n${environment} 0x0 0x2000\n${environment} 0x2000 0x2000\n`);
  const variables = new Map([
    ["altbootcmd", "sysboot mmc 0:1 any $scriptaddr /extlinux/bootferry.conf"],
    ["bootcmd", "sysboot mmc 0:1 any $scriptaddr /extlinux/extlinux.conf"],
  ]);
  writeFileSync(environment, Buffer.concat([formatCopy(variables, 1), Buffer.alloc(COPY_BYTES)]));
}

export function readVariables({ environment }: UBootMachine): ReadonlyMap<string, string> {
  return parseUBootEnvironment(copiesOf(readFileSync(environment)));
}

/** As U-Boot and its tools do: into the older copy. */
function writeVariables(machine: UBootMachine, variables: ReadonlyMap<string, string>): void {
  const bytes = readFileSync(machine.environment);
  const copies = copiesOf(bytes);
  const isWhole = (copy: Buffer) => crc32(copy.subarray(5)) === copy.readUInt32LE(0);
  const flags = copies.map((copy) => (isWhole(copy) ? (copy[4] ?? 0) : -1));
  const isSecondNewer = (flags[1] ?? -1) > (flags[0] ?? -1);
  const copy = formatCopy(variables, Math.max(...flags) + 1);
  copy.copy(bytes, isSecondNewer ? 0 : COPY_BYTES);
  writeFileSync(machine.environment, bytes);
}

/** fw_setenv with a script on its input. */
export function setVariables(machine: UBootMachine, script: string): void {
  const variables = new Map(readVariables(machine));
  for (const line of script.split("\n").filter((text) => text !== "")) {
    const [, name = "", value = ""] = /^([^=]+)=(.*)$/.exec(line) ?? [];
    if (value === "") variables.delete(name);
    else variables.set(name, value);
  }
  writeVariables(machine, variables);
}

export interface UBootStart {
  readonly label: string;
  readonly commandLine: string;
}

/** The label of one start. */
export function bootUBoot(machine: UBootMachine): string {
  return startUBoot(machine).label;
}

/** One start, counted as with CONFIG_BOOTCOUNT_ENV. @throws Error when U-Boot would stop at its prompt */
export function startUBoot(machine: UBootMachine): UBootStart {
  const variables = new Map(readVariables(machine));
  let command = "bootcmd";
  if (variables.get("upgrade_available") === "1") {
    const count = Number(variables.get("bootcount") ?? "0") + 1;
    writeVariables(machine, variables.set("bootcount", String(count)));
    const limit = Number(variables.get("bootlimit") ?? "0");
    if (limit > 0 && count > limit) command = "altbootcmd";
  }
  const [, file = ""] = /^sysboot mmc 0:1 any \S+ (\S+)$/.exec(variables.get(command) ?? "") ?? [];
  const label = chooseLabel(machine.boot, readFileSync(join(machine.boot, file), "utf8"));
  const [, append = ""] = /^ {2}append (.*)$/m.exec(label) ?? [];
  // cli_simple_process_macros
  const commandLine = append.replace(/\$\{(\w+)\}/g, (_whole, name: string) => variables.get(name) ?? "");
  return { label: nameOf(label), commandLine };
}

function nameOf(label: string): string {
  return label.slice(0, label.indexOf("\n"));
}

/** The default label, else the others in their order. */
function chooseLabel(boot: string, text: string): string {
  const labels = text.split(/^label /m).slice(1);
  const [, standard] = /^default (\S+)$/m.exec(text) ?? [];
  if (!/^prompt 0\ntimeout 0$/m.test(text)) throw new Error("U-Boot waits at its menu");
  const inOrder = [...labels.filter((label) => nameOf(label) === standard), ...labels];
  for (const label of inOrder) {
    const files = [...label.matchAll(/^ {2}(?:linux|initrd) (\S+)$/gm)].map(([, path = ""]) => path);
    if (files.length > 0 && files.every((path) => existsSync(join(boot, path)))) return label;
  }
  throw new Error("U-Boot has nothing that it can start");
}

function copiesOf(bytes: Buffer): readonly Buffer[] {
  return [bytes.subarray(0, COPY_BYTES), bytes.subarray(COPY_BYTES)];
}

function formatCopy(variables: ReadonlyMap<string, string>, flag: number): Buffer {
  const data = Buffer.alloc(COPY_BYTES - 5);
  data.write([...variables].map(([name, value]) => `${name}=${value}\0`).join(""), "latin1");
  const head = Buffer.alloc(5);
  head.writeUInt32LE(crc32(data), 0);
  head.writeUInt8(flag & 0xff, 4);
  return Buffer.concat([head, data]);
}

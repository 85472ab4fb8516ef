import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type AbsPath, below, toAbsPath } from "../../../src/path.ts";
import { deviceIdOf } from "../../../src/receipt/device-id.ts";
import { ensureMediumId, formatMediumId, parseMediumId, readMediumId } from "../../../src/receipt/medium-id.ts";
import { readPlainFile } from "../../../src/receipt/plain-file.ts";

const ID = "ab".repeat(16);
const random = (bytes: number) => Buffer.alloc(bytes, 0xab);

let medium: AbsPath;
beforeEach(() => {
  medium = toAbsPath(mkdtempSync(`${tmpdir()}/medium-id-`));
  onTestFinished(() => rmSync(medium, { recursive: true, force: true }));
  mkdirSync(below(medium, "bootferry"));
});

function codeOf(act: () => unknown): string | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  }
}

describe("the id of a medium", () => {
  it("is written once, and then kept whatever stands there (BF-9.8)", () => {
    expect(readMediumId(medium)).toBeUndefined();
    ensureMediumId(medium, random);
    expect(readMediumId(medium)).toBe(ID);
    ensureMediumId(medium, (bytes) => Buffer.alloc(bytes, 1));
    expect(readMediumId(medium)).toBe(ID);
    writeFileSync(below(medium, "bootferry/medium.json"), "something else");
    ensureMediumId(medium, random);
    expect(readFileSync(below(medium, "bootferry/medium.json"), "utf8")).toBe("something else");
    expect(codeOf(() => readMediumId(medium))).toBe("OCI_JSON_INVALID");
  });

  it.each([
    ["RECEIPT_MEDIUM_ID_INVALID", '{"id":"stick"}'],
    ["RECEIPT_MEDIUM_ID_INVALID", `{"id":"${ID}","owner":"x"}`],
    ["OCI_JSON_DUPLICATE_KEY", `{"id":"${ID}","id":"${ID}"}`],
    ["OCI_JSON_TOO_LARGE", `{"id":"${ID}"}${" ".repeat(4096)}`],
  ])("is refused with %s when it is %s", (code, text) => {
    expect(codeOf(() => parseMediumId(Buffer.from(text)))).toBe(code);
  });

  it("is not looked for through links", () => {
    const elsewhere = below(medium, "elsewhere");
    mkdirSync(elsewhere);
    writeFileSync(below(elsewhere, "medium.json"), formatMediumId(ID));
    symlinkSync("../elsewhere/medium.json", below(medium, "bootferry/medium.json"));
    expect(codeOf(() => readMediumId(medium))).toBe("RECEIPT_NOT_PLAIN");
    rmSync(below(medium, "bootferry"), { recursive: true });
    symlinkSync("elsewhere", below(medium, "bootferry"));
    expect(codeOf(() => readMediumId(medium))).toBe("RECEIPT_NOT_PLAIN");
    expect(codeOf(() => ensureMediumId(medium, random))).toBe("RECEIPT_NOT_PLAIN");
  });
});

describe("a plain file of a medium", () => {
  it("is read whole, or not at all when it has a byte too many", () => {
    const file = below(medium, "file");
    writeFileSync(file, "12345");
    expect(readPlainFile(file, 5)?.toString()).toBe("12345");
    expect(codeOf(() => readPlainFile(file, 4))).toBe("RECEIPT_TOO_LARGE");
    expect(readPlainFile(below(medium, "absent"), 5)).toBeUndefined();
  });

  it("is neither a directory nor a FIFO, for whose writer nobody waits", () => {
    expect(codeOf(() => readPlainFile(medium, 5))).toBe("RECEIPT_NOT_PLAIN");
    execFileSync("mkfifo", [below(medium, "fifo")]);
    expect(codeOf(() => readPlainFile(below(medium, "fifo"), 5))).toBe("RECEIPT_NOT_PLAIN");
  });
});

describe("the id of a device", () => {
  it("is a hash from which the machine id cannot be read, and the same each time (BF-9.6)", () => {
    const machineId = "0123456789abcdef0123456789abcdef";
    // printf 'bootferry receipt device id v1\n0123456789abcdef0123456789abcdef' | sha256sum
    const said = execFileSync("sha256sum", { input: `bootferry receipt device id v1\n${machineId}` }).toString();
    expect(deviceIdOf(`${machineId}\n`, "key")).toBe(said.slice(0, 32));
  });

  it.each([undefined, "", "uninitialized\n", "0123"])("is that of the key where the machine id is %j", (machineId) => {
    expect(deviceIdOf(machineId, "key 1")).toMatch(/^[0-9a-f]{32}$/);
    expect(deviceIdOf(machineId, "key 1")).not.toBe(deviceIdOf(machineId, "key 2"));
    expect(deviceIdOf(machineId, "key 1")).toBe(deviceIdOf(undefined, "key 1"));
  });
});

import { crc32 } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseFwEnvConfig, parseUBootEnvironment } from "../../../src/boot/u-boot-environment.ts";

const copy = (text: string, flag?: number): Buffer => {
  const data = Buffer.alloc(64);
  data.write(text, "latin1");
  const head = Buffer.alloc(flag === undefined ? 4 : 5);
  head.writeUInt32LE(crc32(data), 0);
  if (flag !== undefined) head.writeUInt8(flag, 4);
  return Buffer.concat([head, data]);
};
const torn = (bytes: Buffer) => Buffer.from(bytes).fill(0xff, 20);

describe("parseUBootEnvironment", () => {
  it("reads one copy, values with = included, to the first empty name", () => {
    const environment = parseUBootEnvironment([copy("a=1\0bootcmd=run x; y=2\0noise\0\0stale=3\0")]);
    expect([...environment]).toEqual([
      ["a", "1"],
      ["bootcmd", "run x; y=2"],
    ]);
  });

  it.each([
    ["the newer flag", copy("v=1\0", 1), copy("v=2\0", 2), "2"],
    ["the first of equal ones", copy("v=1\0", 3), copy("v=2\0", 3), "1"],
    ["0 after 255", copy("v=1\0", 255), copy("v=2\0", 0), "2"],
    ["not 255 after 0", copy("v=1\0", 0), copy("v=2\0", 255), "1"],
    ["the other one when one was torn", copy("v=1\0", 1), torn(copy("v=2\0", 2)), "1"],
    ["the second when the first is empty flash", Buffer.alloc(69, 0xff), copy("v=2\0", 1), "2"],
  ])("takes of two copies %s", (_which, first, second, expected) => {
    expect(parseUBootEnvironment([first, second]).get("v")).toBe(expected);
  });

  it.each([[[Buffer.alloc(64, 0xff)]], [[torn(copy("v=1\0", 1)), Buffer.alloc(0)]]])(
    "refuses what is not whole",
    (copies) => {
      expect(() => parseUBootEnvironment(copies)).toThrow(
        expect.objectContaining({ code: "BOOT_ENVIRONMENT_DAMAGED" }),
      );
    },
  );
});

describe("parseFwEnvConfig", () => {
  it.each([
    ["/dev/mmcblk0 0x3f0000 0x8000\n", [{ device: "/dev/mmcblk0", offset: 0x3f0000, sizeBytes: 0x8000 }]],
    [
      "# NOR\n/dev/mtd1 0x0000 0x4000 0x10000 # first\n\n/dev/mtd2\t0 16384 65536\n",
      [
        { device: "/dev/mtd1", offset: 0, sizeBytes: 0x4000 },
        { device: "/dev/mtd2", offset: 0, sizeBytes: 16384 },
      ],
    ],
    ["/boot/uboot.env -0x2000 0x2000\n", [{ device: "/boot/uboot.env", offset: -0x2000, sizeBytes: 0x2000 }]],
  ])("reads %j", (text, places) => {
    expect(parseFwEnvConfig(text)).toEqual(places);
  });

  it.each(["", "uboot:\n  size: 1\n", "/dev/x 0 0\n", "/dev/x 0 0xffffffffff\n", "/a 0 64\n/b 0 64\n/c 0 64\n"])(
    "refuses %j",
    (text) => {
      expect(() => parseFwEnvConfig(text)).toThrow(expect.objectContaining({ code: "BOOT_ENVIRONMENT_DAMAGED" }));
    },
  );
});

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { simulateBoot } from "../../../src/boot/simulated-boot.ts";
import { type AbsPath, below, parseAbsPath } from "../../../src/path.ts";

let boot: AbsPath;
beforeEach(() => {
  boot = parseAbsPath(mkdtempSync(`${tmpdir()}/sim-`));
  mkdirSync(below(boot, "loader", "entries"), { recursive: true });
  writeFileSync(below(boot, "vmlinuz"), "kernel");
});
afterEach(() => rmSync(boot, { recursive: true, force: true }));

const put = (fileName: string, version: number, linux = "/vmlinuz") =>
  writeFileSync(
    below(boot, "loader", "entries", fileName),
    `sort-key os\nversion ${version}\nlinux ${linux}\noptions v=${version}\noptions quiet\n`,
  );
const files = () => readdirSync(below(boot, "loader", "entries")).sort();

describe("simulateBoot", () => {
  it("counts a sick entry down and then falls back, as a machine with systemd-boot was seen to do", () => {
    put("v1.conf", 1);
    put("v2+2.conf", 2);
    const seen = [1, 2, 3].map(() => `${simulateBoot(boot).fileName} | ${files().join(" ")}`);
    expect(seen).toEqual([
      "v2+2.conf | v1.conf v2+1-1.conf",
      "v2+1-1.conf | v1.conf v2+0-2.conf",
      "v1.conf | v1.conf v2+0-2.conf",
    ]);
  });

  it("hands the kernel its options, joined", () => {
    put("v1.conf", 1);
    expect(simulateBoot(boot).commandLine).toBe("v=1 quiet");
  });

  it("starts a bad entry when nothing else is left, and goes on counting", () => {
    put("v1+0-3.conf", 1);
    put("v2+0-2.conf", 2);
    expect(simulateBoot(boot).fileName).toBe("v2+0-2.conf");
    expect(files()).toEqual(["v1+0-3.conf", "v2+0-3.conf"]);
  });

  it("passes over an entry whose kernel is not there, and over what vfat lost", () => {
    put("v1.conf", 1);
    put("v2+3.conf", 2, "/gone");
    writeFileSync(below(boot, "loader", "entries", "v3.conf"), "");
    writeFileSync(below(boot, "loader", "entries", "auto-x.conf"), "linux /vmlinuz\n");
    expect(simulateBoot(boot).fileName).toBe("v1.conf");
  });

  it("boots a default even when its tries are used up: the reason why we refuse to arm with one", () => {
    put("v1.conf", 1);
    put("v2+0-3.conf", 2);
    writeFileSync(below(boot, "loader", "loader.conf"), "default v2*\n");
    expect(simulateBoot(boot).fileName).toBe("v2+0-3.conf");
  });

  it("says so when nothing boots", () => {
    expect(() => simulateBoot(boot)).toThrow(expect.objectContaining({ code: "BOOT_NOTHING_BOOTS" }));
  });
});

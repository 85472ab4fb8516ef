import { describe, expect, it } from "vitest";
import { type FormatPorts, labelMedium, makeFilesystem } from "../../../src/media/format-medium.ts";
import { type FormatRequest, planFormat } from "../../../src/media/plan-format.ts";
import { type Answer, blankDisk, scriptedExec } from "../../support/machines.ts";

const PLAIN: FormatRequest = { filesystem: "vfat", partitionTable: "gpt", label: "BOOTFERRY", isEncrypted: false };
const KEY = Buffer.from("correct horse");

function setUp(
  request: Partial<FormatRequest> = {},
  answer: (argv: readonly string[]) => Answer | undefined = () => undefined,
) {
  const { exec, calls, ran } = scriptedExec(answer);
  const notes: string[] = [];
  const signal = new AbortController();
  const ports: FormatPorts = {
    exec,
    hasTool: () => true,
    sleep: async () => undefined,
    exists: () => true,
    signal: signal.signal,
    note: (text) => notes.push(text.trim()),
  };
  const plan = planFormat(blankDisk(), { ...PLAIN, ...request });
  return { plan, ports, calls, ran, notes, abort: () => signal.abort(new Error("stopped")) };
}

const tools = (ran: readonly string[]) => ran.map((line) => line.split(" ").slice(0, 2).join(" "));

describe("making a medium", () => {
  it("runs the steps in order and says what it does", async () => {
    const { plan, ports, ran, notes } = setUp();
    await makeFilesystem(plan, undefined, ports);
    await labelMedium(plan, ports);
    expect(ran()).toEqual([...plan.steps, ...plan.labelSteps].map(({ argv }) => argv.join(" ")));
    expect(notes).toContain("make a file system (vfat)");
    expect(notes.filter((note) => !note.includes("udev")).at(-1)).toBe("label it BOOTFERRY");
  });

  it("hands the key over on stdin only, to the two steps that need it", async () => {
    const { plan, ports, calls } = setUp({ isEncrypted: true });
    await makeFilesystem(plan, KEY, ports);
    const withKey = calls.filter(({ options }) => options.stdin === KEY).map(({ argv }) => argv[1]);
    expect(withKey).toEqual(["luksFormat", "open"]);
    expect(calls.flatMap(({ argv }) => argv).join(" ")).not.toContain("correct horse");
  });

  it("touches nothing when a tool is missing, and names its package", async () => {
    const { plan, ports, ran } = setUp({ filesystem: "exfat" });
    const making = makeFilesystem(plan, undefined, { ...ports, hasTool: (name) => name !== "mkfs.exfat" });
    await expect(making).rejects.toMatchObject({
      code: "MEDIA_TOOL_MISSING",
      message: expect.stringContaining("mkfs.exfat (package exfatprogs)"),
    });
    expect(ran()).toEqual([]);
  });

  it("goes on without udev where there is none, and when its queue does not empty", async () => {
    const without = setUp();
    await makeFilesystem(without.plan, undefined, { ...without.ports, hasTool: (name) => name !== "udevadm" });
    expect(without.ran().join(" ")).not.toContain("udevadm");
    const slow = setUp({}, ([tool]) => (tool === "udevadm" ? { exitCode: 1 } : undefined));
    await makeFilesystem(slow.plan, undefined, slow.ports);
    expect(tools(slow.ran()).at(-1)).toBe("mkfs.vfat -I");
  });

  it("waits for the partition to appear", async () => {
    const { plan, ports, ran } = setUp();
    let looks = 0;
    await makeFilesystem(plan, undefined, { ...ports, exists: () => ++looks > 3 });
    expect(looks).toBe(4);
    expect(tools(ran()).at(-1)).toBe("mkfs.vfat -I");
  });

  it("gives up on a partition that does not appear, without a label", async () => {
    const { plan, ports, ran } = setUp();
    const making = makeFilesystem(plan, undefined, { ...ports, exists: () => false });
    await expect(making).rejects.toMatchObject({ code: "MEDIA_NO_PARTITION" });
    expect(tools(ran())).toEqual(["wipefs --all", "sfdisk --quiet", "udevadm settle"]);
  });

  it.each(["wipefs", "sfdisk", "cryptsetup", "mkfs.vfat"])(
    "leaves no label and no open container when %s fails",
    async (failing) => {
      const { plan, ports, ran } = setUp({ isEncrypted: true }, ([tool]) =>
        tool === failing ? { exitCode: 1 } : undefined,
      );
      await expect(makeFilesystem(plan, KEY, ports)).rejects.toMatchObject({ code: "HOST_TOOL_FAILED" });
      expect(ran().at(-1)).toBe("cryptsetup close bootferry-sdx1");
      expect(ran().join(" ")).not.toContain("BOOTFERRY");
    },
  );

  it("stops between two steps when it is asked to", async () => {
    const { plan, ports, ran, abort } = setUp({}, ([tool]) => {
      if (tool === "sfdisk") abort();
      return undefined;
    });
    await expect(makeFilesystem(plan, undefined, ports)).rejects.toThrow("stopped");
    expect(tools(ran())).toEqual(["wipefs --all", "sfdisk --quiet"]);
  });
});

import { describe, expect, it, onTestFinished } from "vitest";
import { chooseBackend, requireBootc, requireNative, requireNativeBooted } from "../../../src/cli/device-backend.ts";
import { formatHostJson } from "../../../src/deploy/host-status.ts";
import { HostError } from "../../../src/host/error.ts";
import type { Exec } from "../../../src/host/exec.ts";
import { digestOf } from "../../../src/oci/digest.ts";
import { bootable, installAndBoot, openTestDevice } from "../../support/device-fixtures.ts";
import { hostWith } from "../deploy/bootc/hosts.ts";

type Answer = "booted" | "null host" | "absent" | "fails";

/** A machine with a bootc that answers so. */
function bootcThat(answer: Answer): Exec {
  return async ([tool]) => {
    if (tool !== "bootc") throw new Error(`the test expected no ${tool}`);
    if (answer === "absent") throw new HostError("HOST_TOOL_MISSING", "bootc is not installed");
    if (answer === "fails") throw new HostError("HOST_TOOL_FAILED", "bootc status: exit status 1: must be root");
    const host = hostWith(answer === "booted" ? { booted: digestOf("image") } : {});
    return { exitCode: 0, stdout: Buffer.from(formatHostJson(host)), stderrTail: "" };
  };
}

async function machine(what: "empty" | "ours", isSimulated = false) {
  const device = await openTestDevice();
  onTestFinished(() => device[Symbol.dispose]());
  if (what === "ours") await installAndBoot(device, bootable("1.0"));
  return { paths: { ...device.paths, isSimulated }, loader: device.engine.loader };
}

describe("which backend deploys", () => {
  it.each([
    ["empty", "booted", "bootc"],
    ["empty", "null host", "native"],
    ["empty", "absent", "native"],
    ["empty", "fails", "native"],
    ["ours", "booted", "native"],
    ["ours", "absent", "native"],
  ] as const)("is found out: a device with deployments of ours (%s), a bootc (%s) → %s", async (what, answer, kind) => {
    expect(await chooseBackend(bootcThat(answer), await machine(what), "auto")).toBe(kind);
  });

  it("is what agent.toml says, without asking", async () => {
    const exec: Exec = () => Promise.reject(new Error("the test expected no question"));
    expect(await chooseBackend(exec, await machine("ours"), "bootc")).toBe("bootc");
    expect(await chooseBackend(exec, await machine("empty"), "native")).toBe("native");
    expect(await chooseBackend(exec, await machine("empty", true), "auto")).toBe("native");
  });
});

describe("verbs of one backend", () => {
  it("of ours say on a bootc host that bootc's own serve there", async () => {
    const host = await machine("empty");
    const refused = { code: "DEPLOY_NOT_NATIVE", remedy: expect.stringContaining("bootc rollback") };
    await expect(requireNative(bootcThat("booted"), host)).rejects.toMatchObject(refused);
    await expect(requireNativeBooted(bootcThat("booted"), host)).rejects.toMatchObject(refused);
    await expect(requireNativeBooted(bootcThat("absent"), host)).rejects.toMatchObject({ code: "DEPLOY_NOT_BOOTED" });
    await expect(requireNativeBooted(bootcThat("booted"), await machine("ours"))).resolves.toBeUndefined();
  });

  it("of bootc say elsewhere that they are not for this device", async () => {
    await expect(requireBootc(bootcThat("null host"))).rejects.toMatchObject({ code: "DEPLOY_NOT_BOOTC" });
    await expect(requireBootc(bootcThat("absent"))).rejects.toMatchObject({ code: "DEPLOY_BOOTC_MISSING" });
    await expect(requireBootc(bootcThat("booted"))).resolves.toBeUndefined();
  });
});

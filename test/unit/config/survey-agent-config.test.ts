import { describe, expect, it } from "vitest";
import { compareBytes, type DeviceFiles } from "../../../src/config/device-files.ts";
import { surveyAgentConfig } from "../../../src/config/survey-agent-config.ts";

const MAIN = "/etc/bootferry/agent.toml";
const DROP_IN = "/etc/bootferry/agent.toml.d/10-site.toml";
const MINIMAL = '[device]\ncompatible = "acme"\n[follow]\nname = "os"\n';

function deviceWith(files: Readonly<Record<string, string>>): DeviceFiles {
  return {
    readFile: async (path) => (files[path] === undefined ? undefined : Buffer.from(files[path])),
    listDirectory: async (path) =>
      Object.keys(files)
        .filter((file) => file.startsWith(`${path}/`))
        .map((file) => file.slice(path.length + 1))
        .sort(compareBytes),
  };
}

const keyOf = async (files: Record<string, string>, key: string) =>
  (await surveyAgentConfig(deviceWith(files))).keys.find((candidate) => candidate.key === key);

describe("a survey of agent.toml", () => {
  const files = { [MAIN]: MINIMAL, [DROP_IN]: "[install]\ntries = 5\n" };

  it.each([
    ["device.compatible", "acme", MAIN],
    ["install.tries", 5, DROP_IN],
    ["reboot.policy", "now", undefined],
    ["media.luks.unlock", ["token", "key-file"], undefined],
    ["reboot.window", undefined, undefined],
  ])("says of %s that it is %j, set in %s", async (key, value, from) => {
    expect(await keyOf(files, key)).toEqual({ key, value, from });
  });

  it("has the files in the order in which they count, and the configuration that the agent would read", async () => {
    const survey = await surveyAgentConfig(deviceWith(files));
    expect(survey).toMatchObject({ files: [MAIN, DROP_IN], problems: [], config: { install: { tries: 5 } } });
  });

  it("tells every problem, not the first alone", async () => {
    const { problems, config } = await surveyAgentConfig(
      deviceWith({ [MAIN]: '[device]\ncompatible = "acme"\ncolour = "red"\n[install]\ntries = 0\n' }),
    );
    expect(config).toBeUndefined();
    expect(problems.map(({ code }) => code).toSorted()).toEqual([
      "CONFIG_KEY_MISSING",
      "CONFIG_KEY_UNKNOWN",
      "CONFIG_VALUE_INVALID",
    ]);
  });

  it("shows what is set in a configuration that has problems, and no defaults", async () => {
    const broken = { [MAIN]: `${MINIMAL}[install]\ntries = 0\n` };
    expect(await keyOf(broken, "install.tries")).toEqual({ key: "install.tries", value: 0, from: MAIN });
    expect(await keyOf(broken, "reboot.policy")).toMatchObject({ value: undefined, from: undefined });
  });

  it.each([
    ["CONFIG_NOT_FOUND", {}, []],
    ["CONFIG_SYNTAX", { [MAIN]: "[device\n" }, [MAIN]],
  ])("names %s among the problems", async (code, given, found) => {
    const survey = await surveyAgentConfig(deviceWith(given));
    expect(survey).toMatchObject({ config: undefined, files: found, problems: [{ code }] });
  });
});

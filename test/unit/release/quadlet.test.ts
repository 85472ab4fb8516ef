import { describe, expect, it } from "vitest";
import { expandPercents, readImageKey } from "../../../src/release/quadlet.ts";

const IMAGE = "docker.io/acme/ui:7";

describe("readImageKey", () => {
  it.each([
    { what: "as it stands", text: `[Container]\nImage=${IMAGE}\n` },
    { what: "with white space around everything", text: `  [Container]  \r\n  Image  =  ${IMAGE}  \r\n` },
    { what: "after comments", text: `# [Image]\n;Image=a\n[Container]\n#Image=b\nImage=${IMAGE}\n; Image=c` },
    { what: "of the last line that sets it", text: `[Container]\nImage=first\nImage=\nImage=${IMAGE}` },
    { what: "of its own section alone", text: `[Image]\nImage=a\n[Container]\nImage=${IMAGE}\n[Service]\nImage=b` },
    {
      what: "of a section in two parts",
      text: `[Container]\nExec=x\n[Install]\nWantedBy=y\n[Container]\nImage=${IMAGE}`,
    },
    { what: "and no line that goes on", text: `[Container]\nImage=${IMAGE}\nExec=run \\\n# comment\n  Image=other` },
    { what: "over two lines", text: `[Container]\nImage= \\\n${IMAGE}` },
  ])("gives the image $what", ({ text }) => {
    expect(readImageKey(text, "Container")).toBe(IMAGE);
  });

  it.each(["", "Image=x", "[Container]", "[Image]\nImage=x", "[Container]\nImage=x\nImage=", "[Container]\nimage=x"])(
    "finds none in %j",
    (text) => {
      expect(readImageKey(text, "Container")).toBeUndefined();
    },
  );
});

describe("expandPercents", () => {
  it.each([
    ["docker.io/acme/ui:7", "docker.io/acme/ui:7"],
    ["a%%b", "a%b"],
    ["a%%%%b", "a%%b"],
    ["a%b", undefined],
    ["%%%i", undefined],
    ["a%", undefined],
  ])("makes of %s: %s", (value, expanded) => {
    expect(expandPercents(value)).toBe(expanded);
  });
});

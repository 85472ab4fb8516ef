import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { formatHostHuman, formatHostYaml } from "../../../src/deploy/format-host.ts";
import { parseHost } from "../../../src/deploy/host-status.ts";
import { HOST_FIXTURES } from "./host-fixtures.ts";

const human = (name: keyof typeof HOST_FIXTURES, isVerbose = false) =>
  formatHostHuman(parseHost(HOST_FIXTURES[name]), { isVerbose });

describe("formatHostHuman", () => {
  // The expected texts are those of bootc's own tests (crates/lib/src/status.rs).
  it.each([
    [
      "stagedBooted",
      `  Staged image: quay.io/example/someimage:latest
        Digest: sha256:16dc2b6256b4ff0d2ec18d2dbfb06d117904010c8cf9732cdb022818cf7a7566 (arm64)
       Version: nightly (2023-10-14T19:22:15Z)

● Booted image: quay.io/example/someimage:latest
        Digest: sha256:736b359467c9437c1ac915acaae952aad854e07eb4a16a94999a48af08c83c34 (arm64)
       Version: nightly (2023-09-30T19:22:16Z)
`,
    ],
    [
      "viaLocalOci",
      `● Booted image: oci:/var/mnt/osupdate
        Digest: sha256:47e5ed613a970b6574bfa954ab25bb6e85656552899aa518b5961d9645102b38 (amd64)
       Version: stream9.20240807.0
`,
    ],
    [
      "bootedPinned",
      `● Booted image: quay.io/centos-bootc/centos-bootc:stream9
        Digest: sha256:47e5ed613a970b6574bfa954ab25bb6e85656552899aa518b5961d9645102b38 (arm64)
       Version: stream9.20240807.0
        Pinned: yes

   Other image: quay.io/centos-bootc/centos-bootc:stream9
        Digest: sha256:47e5ed613a970b6574bfa954ab25bb6e85656552899aa518b5961d9645102b37 (arm64)
       Version: stream9.20240807.0
        Pinned: yes
`,
    ],
    [
      "rfeOstree",
      `  Staged ostree
         Commit: 1c24260fdd1be20f72a4a97a75c582834ee3431fbb0fa8e4f482bb219d633a45

● Booted ostree
         Commit: f9fa3a553ceaaaf30cf85bfe7eed46a822f7b8fd7e14c1e3389cbc3f6d27f791
`,
    ],
    ["stagedRollback", "System is not deployed via bootc.\n"],
    ["null", "System is not deployed via bootc.\n"],
  ] as const)("prints what bootc prints: %s", (name, expected) => {
    expect(human(name)).toBe(expected);
  });

  it("says more when asked: what is locked, and whether fs-verity is enforced", () => {
    expect(human("stagedDownloadOnly", true)).toMatch(/^ *Download-only: yes$/m);
    expect(human("stagedBooted", true)).toMatch(/^ *Download-only: no$/m);
    expect(human("stagedBooted", true)).toMatch(/^ *Signature: insecure$/m);
    expect(human("remoteAndOverlay", true)).toMatch(/^ *Signature: ostree-remote:fedora$/m);
    expect(human("composefs", true)).toMatch(/^ *FsVerity: Enforced$/m);
    for (const row of ["StateRoot", "Deploy serial", "Staged", "Commit", "Soft-reboot"]) {
      expect(human("onlyBooted", true)).toContain(`${row}: `);
    }
  });
});

describe("formatHostYaml", () => {
  it.each(Object.keys(HOST_FIXTURES) as (keyof typeof HOST_FIXTURES)[])("is YAML that says the same: %s", (name) => {
    const host = parseHost(HOST_FIXTURES[name]);
    expect(parseBlockYaml(formatHostYaml(host))).toEqual(JSON.parse(JSON.stringify(host)));
  });

  it("quotes what a parser would take for something else than text", () => {
    const host = parseHost(HOST_FIXTURES.onlyBooted);
    const version = (text: string) => {
      const booted = host.status.booted;
      if (booted?.image === null || booted === null) throw new Error("the fixture has an image");
      const image = { ...booted.image, version: text };
      return formatHostYaml({ ...host, status: { ...host.status, booted: { ...booted, image } } });
    };
    for (const text of ["1.0", "true", "no", "", "a: b", "x #y", "a:", "- x", "2024-01-01"]) {
      expect(version(text)).toContain(`version: ${JSON.stringify(text)}\n`);
    }
    expect(version("stream9")).toContain("version: stream9\n");
  });
});

/** A reader of block YAML, written for this test in another language, so that it shares no mistake with the writer. */
function parseBlockYaml(text: string): unknown {
  const program = `
import json, sys
lines = [l for l in sys.stdin.read().split("\\n") if l]
def scalar(s):
    if s.startswith('"'): return json.loads(s)
    return {"null": None, "true": True, "false": False}.get(s, int(s) if s.lstrip("-").isdigit() else s)
def block(i, indent):
    if lines[i].startswith(" " * indent + "- "):
        out = []
        while i < len(lines) and lines[i].startswith(" " * indent + "- "):
            lines[i] = " " * (indent + 2) + lines[i][indent + 2:]
            v, i = block(i, indent + 2)
            out.append(v)
        return out, i
    out = {}
    while i < len(lines) and len(lines[i]) - len(lines[i].lstrip()) == indent and not lines[i].lstrip().startswith("- "):
        k, _, rest = lines[i].strip().partition(":")
        rest = rest.strip()
        i += 1
        if rest: out[k] = scalar(rest); continue
        here = len(lines[i]) - len(lines[i].lstrip())
        out[k], i = block(i, here)
    return out, i
print(json.dumps(block(0, 0)[0]))
`;
  return JSON.parse(execFileSync("python3", ["-c", program], { input: text, encoding: "utf8" }));
}

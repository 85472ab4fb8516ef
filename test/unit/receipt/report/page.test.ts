import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { digestOf } from "../../../../src/oci/digest.ts";
import type { Fleet, ReportedDevice } from "../../../../src/receipt/report/fleet.ts";
import { html } from "../../../../src/receipt/report/html.ts";
import { formatPage } from "../../../../src/receipt/report/page.ts";
import type { KeyId } from "../../../../src/trust/keys.ts";

/** A device that says `text` wherever it may say something. */
function saying(text: string): ReportedDevice {
  const release = { name: text, version: text, sequence: 2, payloadDigest: digestOf("release") };
  const reason = { code: text, message: text, remedy: text };
  const last = {
    serial: 7,
    outcome: "rolled-back" as const,
    atUtc: text,
    isClockTrusted: false,
    release,
    reason,
    health: text,
  };
  const finding = {
    class: "forged" as const,
    title: text,
    message: text,
    remedy: text,
    serials: [3],
    collectedAtUtc: text,
    from: text,
  };
  return {
    ...{ id: text, label: text, compatible: text, architecture: text, backend: "native", agentVersion: text },
    ...{ keyId: text as KeyId, running: release, standing: "trouble", wanted: "failed", last, history: [last] },
    ...{ lastSeen: { atUtc: text, isExact: false }, isUnseen: true, missing: [{ first: 1, last: 2 }] },
    findings: [{ ...finding, medium: text }],
  };
}

function pageOf(text: string): string {
  const device = saying(text);
  const fleet: Fleet = {
    devices: [device],
    strangers: [{ device: text, findings: device.findings }],
    releases: [{ release: device.running, devices: 1 }],
  };
  return formatPage({ fleet, madeAtUtc: "2026-11-27T10:00:00Z", ledger: text, notSeenSinceUtc: text, release: text });
}

const tagsOf = (page: string) => [...page.matchAll(/<\/?([a-z0-9]+)((?:[^<>"]|"[^"]*")*)>/g)].map(([tag]) => tag);

describe("the page", () => {
  it("has the same elements, whatever devices say", () => {
    const shape = tagsOf(pageOf("x")).map((tag) => tag.replace(/"[^"]*"/g, ""));
    const hostile = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom(
        '"><script>alert(1)</script>',
        "<!--",
        "'onload='x",
        "</title></style>",
        "javascript:alert(1)",
        "\u202Egnp.exe",
      ),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        expect(tagsOf(pageOf(`x${text}`)).map((tag) => tag.replace(/"[^"]*"/g, ""))).toEqual(shape);
      }),
      { numRuns: 60 },
    );
  });

  it("shows characters that draw nothing as what they are", () => {
    expect(html`<b>${"a\u202Eb\u0007"}</b>`.text).toBe("<b>a\\u{202e}b\\u{7}</b>");
  });

  it("lets nothing take effect but its own style and script, and fetches nothing", () => {
    const page = pageOf("x");
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll("&#39;", "'");
    const hash = (name: string) => {
      const [, text = ""] = new RegExp(`<${name}>(.*?)</${name}>`, "s").exec(page) ?? [];
      return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
    };
    expect(policy).toBe(
      `default-src 'none'; style-src ${hash("style")}; script-src ${hash("script")}; base-uri 'none'; form-action 'none'`,
    );
    expect(page).not.toMatch(/\b(?:src|srcset|style|on[a-z]+)=/);
    expect(page).not.toMatch(/url\(|@import|https?:/);
    expect([...page.matchAll(/href="([^"]*)"/g)].every(([, target]) => target?.startsWith("#"))).toBe(true);
  });

  it("is the same for the same fleet", () => {
    expect(pageOf("x")).toBe(pageOf("x"));
  });
});

import { describe, expect, it } from "vitest";
import { isOwnHost, panelOrigin, parseLoopbackAddress } from "../../../src/panel/address.ts";
import type { PanelError } from "../../../src/panel/error.ts";

describe("where the panel listens", () => {
  it.each(["127.0.0.1", "::1"])("may be %s", (text) => {
    expect(parseLoopbackAddress(text)).toBe(text);
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "localhost", "127.0.0.2", "", "fe80::1", "127.0.0.1 "])(
    "is never %j",
    (text) => {
      expect(() => parseLoopbackAddress(text)).toThrow(
        expect.objectContaining({ code: "PANEL_ADDRESS_NOT_LOOPBACK" }) as PanelError,
      );
    },
  );

  it("is written as browsers write it", () => {
    expect([panelOrigin("127.0.0.1", 8372), panelOrigin("::1", 80)]).toEqual([
      "http://127.0.0.1:8372",
      "http://[::1]:80",
    ]);
  });
});

describe("the host that a request names", () => {
  it.each([
    ["127.0.0.1:8372", 8372, true],
    ["localhost:8372", 8372, true],
    ["LOCALHOST:8372", 8372, true],
    ["[::1]:8372", 8372, true],
    ["127.0.0.1", 80, true],
    ["127.0.0.1", 8372, false],
    ["127.0.0.1:80", 8372, false],
    ["evil.example:8372", 8372, false],
    ["127.0.0.1.evil.example:8372", 8372, false],
    ["localhost.:8372", 8372, false],
    ["", 8372, false],
    [undefined, 8372, false],
  ])("%j on port %i: %s", (host, port, isOwn) => {
    expect(isOwnHost(host, port)).toBe(isOwn);
  });
});

/** What is left for the splash screen and for terminals to say. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noJournal } from "../../../src/agent/journal.ts";
import { type AgentStatus, describeJournal } from "../../../src/agent/status-file.ts";
import { openAnnouncer } from "../../../src/cli/announcer.ts";
import { agentConfigSchema } from "../../../src/config/agent-config.ts";
import { scratchDirectory } from "../agent/scratch.ts";

const STORED: AgentStatus = {
  ...describeJournal(noJournal()),
  state: "stored",
  medium: "may-be-removed",
  release: { name: "os", version: "2.0", sequence: 2 },
};
const BOTH = { plymouth: true, wall: true, language: "en" } as const;

function openScene(config: Parameters<typeof openAnnouncer>[1] = BOTH) {
  const directory = scratchDirectory();
  const place = (name: string) => join(directory, "announce", name);
  const read = (name: string) => (existsSync(place(name)) ? readFileSync(place(name), "utf8") : undefined);
  const announce = openAnnouncer(directory, config);
  const takeUp = () => renameSync(place("wall.next"), place("wall.said"));
  return { directory, place, read, announce, takeUp };
}

describe("announcing", () => {
  it("tells the splash screen and no terminal unless asked to", () => {
    const { announce } = agentConfigSchema.parse({ device: { compatible: "acme" }, follow: { name: "os" } });
    expect(announce).toEqual({ plymouth: true, wall: false, language: "en" });
  });

  it("leaves one line, with what to do with the stick", () => {
    const { announce, read } = openScene();
    announce(STORED);
    expect(read("plymouth.next")).toMatch(/^[^\n]+ · You can remove the stick\n$/);
    expect(read("wall.next")).toBe(read("plymouth.next"));
  });

  it("speaks Chinese when it shall, and leaves nothing where it is switched off", () => {
    const { announce, read } = openScene({ plymouth: false, wall: true, language: "zh" });
    announce(STORED);
    expect(read("wall.next")).toMatch(/\p{Script=Han}/u);
    expect(read("plymouth.next")).toBeUndefined();
  });

  it("is silent about what changes nothing for a person", () => {
    const { announce, read } = openScene();
    announce({ ...STORED, state: "idle", medium: "none" });
    announce({ ...STORED, state: "mounted", medium: "do-not-remove" });
    expect(read("wall.next")).toBeUndefined();
  });

  it("counts no seconds: a countdown is said once", () => {
    const { announce, read, takeUp } = openScene();
    const counting = (inSeconds: number) =>
      announce({ ...STORED, state: "staged", restart: { inSeconds, intoVersion: "2.0" } });
    counting(30);
    expect(read("wall.next")).toContain("30");
    takeUp();
    counting(29);
    expect(read("wall.next")).toBeUndefined();
  });

  it("does not say again in another run what was said already", () => {
    const { directory, announce, read, takeUp } = openScene();
    announce(STORED);
    takeUp();
    openAnnouncer(directory, BOTH)(STORED);
    expect(read("wall.next")).toBeUndefined();
  });

  it("changes nothing where it cannot be written", () => {
    const { place, announce } = openScene();
    mkdirSync(place("plymouth.next"), { recursive: true });
    writeFileSync(place("wall.next.tmp"), "");
    expect(() => announce(STORED)).not.toThrow();
    const blocked = scratchDirectory();
    writeFileSync(join(blocked, "announce"), "");
    expect(() => openAnnouncer(join(blocked) as typeof blocked, BOTH)(STORED)).not.toThrow();
  });
});

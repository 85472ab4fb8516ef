/** The words in English. */
import type { WaitsFor, Words } from "./words.ts";

const STARTS: Readonly<Record<WaitsFor | "nothing", (window: string) => string>> = {
  nothing: () => "It starts at the next restart of this device.",
  person: () => "It starts at the next restart. Restart this device when it suits you.",
  idle: () => "It starts by itself as soon as this device is not in use.",
  window: (window) => `It starts by itself between ${window.replace("-", " and ")} UTC.`,
  "trusted-clock": (window) =>
    `This device does not know the time for certain and cannot keep to its window (${window} UTC). Restart it when it suits you.`,
};

const unchanged = (running: string) => `Nothing was changed: this device goes on with ${running}.`;

export const en: Words = {
  tag: "en",
  languageName: "English",
  title: "Updates of this device",

  newSystem: "the new system",
  systemBefore: "the system before",
  someRelease: "A release",

  idle: { headline: "Ready", detail: "Insert an update stick at any time." },
  nothingNew: {
    headline: "Nothing new on the stick",
    detail: "This device has what the stick brings, or has tried it.",
  },
  checkingStick: { headline: "Checking the stick", detail: "Is there an update on it, and is it genuine?" },
  checkingKept: (version) => ({
    headline: `Checking ${version}`,
    detail: "The update is on this device already and is tried once more.",
  }),
  copying: (version) => ({ headline: "Copying", detail: `${version} is being copied to this device.` }),
  comparing: (version) => ({
    headline: "Comparing",
    detail: `Finding out which parts of ${version} this device has already.`,
  }),
  installing: (version) => ({ headline: `Installing ${version}`, detail: "This device can be used meanwhile." }),
  ready: (version, waitsFor, window) => ({
    headline: `${version} is ready`,
    detail: STARTS[waitsFor ?? "nothing"](window),
  }),
  restartingIn: (seconds, version, before) => ({
    headline: `Restarting in ${seconds} s`,
    detail: `Then ${version} starts and is checked. If it is not well, this device goes back to ${before} by itself.`,
  }),
  restarting: (version, before) => ({
    headline: "Restarting now",
    detail: `Then ${version} starts and is checked. If it is not well, this device goes back to ${before} by itself.`,
  }),
  goingBack: (version, before) => ({
    headline: `Going back to ${before}`,
    detail: `${version} was not well. This device is restarting. Leave it switched on.`,
  }),
  assessing: (version, before) => ({
    headline: "Checking the new system",
    detail: `${version} runs. It stays if all is well, else this device goes back to ${before}. Leave it switched on.`,
  }),
  notWell: (version) => ({
    headline: `${version} is not well`,
    detail: "There is no other system on this device to go back to.",
  }),
  notWellAndKept: (version) => ({
    headline: `${version} is not well`,
    detail: "It was confirmed before its checks failed, and stays.",
  }),
  updated: (version) => ({ headline: `Updated to ${version}`, detail: "The new system was checked and all is well." }),
  wentBack: (running, version) => ({
    headline: `Went back to ${running}`,
    detail: `${version} was not well on this device, which runs as before.`,
  }),
  wentBackUnchecked: (running, version) => ({
    headline: `Went back to ${running}`,
    detail: `${version} did not stay up long enough to be checked. This device runs as before.`,
  }),
  refused: (running) => ({ headline: "Not installed", detail: unchanged(running) }),
  failed: (running) => ({ headline: "The update did not work", detail: unchanged(running) }),
  stickRemoved: (running) => ({ headline: "The stick was pulled out too early", detail: unchanged(running) }),

  because: (reason) => ` because: ${reason}`,
  percent: (percent) => `${percent} %`,
  remaining: (seconds) => {
    if (seconds < 60) return `about ${Math.max(10, Math.ceil(seconds / 10) * 10)} s left`;
    if (seconds < 5400) return `about ${Math.ceil(seconds / 60)} min left`;
    return `about ${Math.ceil(seconds / 3600)} h left`;
  },
  bytesOf: (done, total) => `${done} of ${total}`,
  doNotRemove: "Do not remove the stick",
  canRemove: "You can remove the stick",

  caption: {
    reason: "Reason",
    action: "What to do",
    code: "Code",
    since: (time) => `Since ${time}`,
    history: "Last updates",
    noHistory: "None yet",
    progress: "Progress",
    language: "Language",
  },
  attempt: {
    confirmed: (version) => `Updated to ${version}`,
    "rolled-back": (version) => `${version} was not well and was taken back`,
    unassessed: (version) => `${version} did not stay up and was taken back`,
    refused: (version) => `${version} was not installed`,
    failed: (version) => `${version} did not work`,
  },
  lost: {
    headline: "The connection to the device's status is lost",
    detail: "What is shown may be out of date. Leave the stick in and the device on; this page tries again by itself.",
  },
  remedies: {},
};

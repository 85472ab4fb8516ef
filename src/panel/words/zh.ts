/** The words in Chinese (simplified). */
import type { WaitsFor, Words } from "./words.ts";
import { zhRemedies } from "./zh-remedies.ts";

/** Chinese has a space beside Latin letters and digits, as in versions, and none between its own characters. */
function han(parts: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return String.raw({ raw: parts }, ...values).replace(/(\p{Script=Han}) (?=\p{Script=Han})/gu, "$1");
}

const STARTS: Readonly<Record<WaitsFor | "nothing", (window: string) => string>> = {
  nothing: () => "本设备下次重启时启用。",
  person: () => "下次重启时启用。请在方便的时候重启本设备。",
  idle: () => "本设备空闲时会自动启用。",
  window: (window) => `将在 ${window.replace("-", " 至 ")}（UTC）之间自动启用。`,
  "trusted-clock": (window) => `本设备的时钟不可靠，无法按时间段（${window} UTC）执行。请在方便的时候重启本设备。`,
};

const unchanged = (running: string) => han`没有任何改动，本设备继续运行 ${running}。`;

export const zh: Words = {
  tag: "zh-Hans",
  languageName: "中文",
  title: "本设备的更新",

  newSystem: "新系统",
  systemBefore: "原来的系统",
  someRelease: "某个版本",

  idle: { headline: "就绪", detail: "可以随时插入更新U盘。" },
  nothingNew: { headline: "U盘上没有新版本", detail: "本设备已经装过或试过U盘上的版本。" },
  checkingStick: { headline: "正在检查U盘", detail: "正在确认U盘上是否有更新、是否可信。" },
  checkingKept: (version) => ({ headline: han`正在检查 ${version}`, detail: "更新已在本设备上，正在再试一次。" }),
  copying: (version) => ({ headline: "正在复制", detail: han`正在把 ${version} 复制到本设备。` }),
  comparing: (version) => ({ headline: "正在比对", detail: han`正在查找 ${version} 中本设备已有的部分。` }),
  installing: (version) => ({ headline: han`正在安装 ${version}`, detail: "安装期间可以照常使用本设备。" }),
  ready: (version, waitsFor, window) => ({
    headline: han`${version} 已准备好`,
    detail: STARTS[waitsFor ?? "nothing"](window),
  }),
  restartingIn: (seconds, version, before) => ({
    headline: `${seconds} 秒后重启`,
    detail: han`重启后启用 ${version} 并进行检查。如果不正常，本设备会自动退回 ${before}。`,
  }),
  restarting: (version, before) => ({
    headline: "正在重启",
    detail: han`重启后启用 ${version} 并进行检查。如果不正常，本设备会自动退回 ${before}。`,
  }),
  goingBack: (version, before) => ({
    headline: han`正在退回 ${before}`,
    detail: han`${version} 运行不正常。本设备正在重启，请不要断电。`,
  }),
  assessing: (version, before) => ({
    headline: "正在检查新系统",
    detail: han`${version} 已启动。一切正常就保留，否则退回 ${before}。请不要断电。`,
  }),
  notWell: (version) => ({ headline: han`${version} 运行不正常`, detail: "本设备上没有可以退回的系统。" }),
  notWellAndKept: (version) => ({
    headline: han`${version} 运行不正常`,
    detail: "它在检查失败之前已被确认，因此保留。",
  }),
  updated: (version) => ({ headline: han`已更新到 ${version}`, detail: "新系统已通过检查，一切正常。" }),
  wentBack: (running, version) => ({
    headline: han`已退回 ${running}`,
    detail: han`${version} 在本设备上运行不正常。本设备照旧运行。`,
  }),
  wentBackUnchecked: (running, version) => ({
    headline: han`已退回 ${running}`,
    detail: han`${version} 运行时间太短，未能完成检查。本设备照旧运行。`,
  }),
  refused: (running) => ({ headline: "没有安装", detail: unchanged(running) }),
  failed: (running) => ({ headline: "更新没有成功", detail: unchanged(running) }),
  stickRemoved: (running) => ({ headline: "U盘拔出得太早", detail: unchanged(running) }),

  because: (reason) => `，原因：${reason}`,
  percent: (percent) => `${percent} %`,
  remaining: (seconds) => {
    if (seconds < 60) return `大约还需 ${Math.max(10, Math.ceil(seconds / 10) * 10)} 秒`;
    if (seconds < 5400) return `大约还需 ${Math.ceil(seconds / 60)} 分钟`;
    return `大约还需 ${Math.ceil(seconds / 3600)} 小时`;
  },
  bytesOf: (done, total) => `${done} / ${total}`,
  doNotRemove: "请不要拔出U盘",
  canRemove: "可以拔出U盘了",

  caption: {
    reason: "原因",
    action: "怎么办",
    code: "代码",
    since: (time) => `自 ${time}`,
    history: "最近的更新",
    noHistory: "还没有",
    progress: "进度",
    language: "语言",
  },
  attempt: {
    confirmed: (version) => han`已更新到 ${version}`,
    "rolled-back": (version) => han`${version} 运行不正常，已退回`,
    unassessed: (version) => han`${version} 未能完成检查，已退回`,
    refused: (version) => han`${version} 没有安装`,
    failed: (version) => han`${version} 没有成功`,
  },
  lost: {
    headline: "与设备状态的连接已断开",
    detail: "显示的内容可能已过时。请不要拔出U盘、不要断电，本页面会自动重试。",
  },
  remedies: zhRemedies,
};

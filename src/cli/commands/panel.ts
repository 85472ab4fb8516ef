/** `bootferry panel`: the status page of this device. */
import { type Command, Option } from "commander";
import { DEFAULT_PORT, panelOrigin, parseLoopbackAddress } from "../../panel/address.ts";
import { LANGUAGES, type Language } from "../../panel/language.ts";
import { openPanel } from "../../panel/server.ts";
import { openStatusFeed } from "../../panel/status-feed.ts";
import type { CliContext } from "../context.ts";
import { addSysrootOption, findDevice, type SysrootOption } from "../device.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, portNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";

interface Options extends OutputOptions, SysrootOption {
  readonly port: number;
  readonly listen: string;
  readonly language: Language | "auto";
}

/** A command without verbs: it takes the place of a group. */
export function registerVerbs(panel: Command, context: CliContext): void {
  panel
    .summary("show what the update of this device is doing, as a page on its own screen")
    .description(
      "Serves one page on a loopback address: what the agent is doing, whether the stick is still needed, when the device restarts, how the last " +
        "updates ended and what to do. It reads status.json in the runtime directory and nothing else, changes nothing, and goes on until it is stopped. " +
        "bootferry-panel.service runs it; docs/panel.md shows it full-screen.",
    )
    .addOption(
      new Option("--port <number>", "port to listen on; 0 takes a free one")
        .argParser(portNumber)
        .default(DEFAULT_PORT),
    )
    .addOption(new Option("--listen <address>", "127.0.0.1 or ::1; others are refused").default("127.0.0.1"))
    .addOption(
      new Option("--language <language>", "language of the page; auto takes what the browser asks for")
        .choices(["auto", ...LANGUAGES])
        .default("auto"),
    )
    .action((options: Options) => run(context, options));
  addSysrootOption(panel);
  addOutputOptions(panel);
  addTeaching(panel, {
    examples: [
      { does: "Serve the page at http://127.0.0.1:8372/", command: "bootferry panel" },
      { does: "In Chinese, for a kiosk whose browser asks for English", command: "bootferry panel --language zh" },
      { does: "Watch a simulated device", command: "bootferry panel --sysroot device --port 0" },
    ],
  });
}

async function run(context: CliContext, options: Options): Promise<void> {
  const address = parseLoopbackAddress(options.listen);
  const { paths } = findDevice(context, options);
  const feed = openStatusFeed(paths.runtimeDirectory, () => performance.now());
  const isLanguageFixed = options.language !== "auto";
  const language = options.language === "auto" ? "en" : options.language;
  await using panel = await openPanel(feed, { address, port: options.port, language, isLanguageFixed });
  const url = `${panelOrigin(address, panel.port)}/`;
  context.openOutput(options).result({ url, status: `${url}status.json` }, () => `The panel is at ${url}`);
  const { signal } = context;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
}

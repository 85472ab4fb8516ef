/** The verbs of `bootferry media`. */
import type { Command } from "commander";
import { registerMediaFormat } from "../commands/media-format.ts";
import { registerMediaList } from "../commands/media-list.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(media: Command, context: CliContext): void {
  registerMediaList(media, context);
  registerMediaFormat(media, context);
}

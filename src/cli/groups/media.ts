/** The verbs of `bootferry media`. */
import type { Command } from "commander";
import { registerMediaEject } from "../commands/media-eject.ts";
import { registerMediaFormat } from "../commands/media-format.ts";
import { registerMediaList } from "../commands/media-list.ts";
import { registerMediaWrite } from "../commands/media-write.ts";
import type { CliContext } from "../context.ts";

export function registerVerbs(media: Command, context: CliContext): void {
  registerMediaList(media, context);
  registerMediaFormat(media, context);
  registerMediaWrite(media, context);
  registerMediaEject(media, context);
}

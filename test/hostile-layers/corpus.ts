/** All hostile layers: one list, so that each of them goes both ways. */
import { EXTENSIONS } from "./extensions.ts";
import type { HostileLayer } from "./hostile-layer.ts";
import { LINKS } from "./links.ts";
import { NAMES } from "./names.ts";
import { NUMBERS } from "./numbers.ts";
import { STREAMS } from "./streams.ts";
import { TREES } from "./trees.ts";

export const HOSTILE_LAYERS: readonly HostileLayer[] = [
  ...NAMES,
  ...LINKS,
  ...NUMBERS,
  ...EXTENSIONS,
  ...TREES,
  ...STREAMS,
];

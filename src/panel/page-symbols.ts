/** The page's symbols as one SVG sprite, 24 units square, drawn in the colour of their text. */
import type { SymbolName } from "./view.ts";

type PageSymbol = SymbolName | "stick-in" | "stick-out" | "lost";

const SHAPES: Readonly<Record<PageSymbol, string>> = {
  rest: '<path d="M9 3h6v5H9zM7 8h10v9a3 3 0 0 1-3 3h-4a3 3 0 0 1-3-3z"/><path d="M11 5.5h.01M13 5.5h.01"/>',
  look: '<circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/>',
  copy: '<path d="M12 3v11m-5-5 5 5 5-5M4 18v3h16v-3"/>',
  install: '<path d="m12 2.5 8.5 4.75v9.5L12 21.5l-8.5-4.75v-9.5zM3.5 7.25 12 12l8.5-4.75M12 12v9.5"/>',
  ready: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5.500l3.5 2"/>',
  restart: '<path d="M20 12a8 8 0 1 1-2.5-5.800M20 3v4.500h-4.5"/>',
  check: '<path d="M2.5 12h4l2.5-6 4 12 3-8.5 1.5 2.500h4"/>',
  good: '<path d="m4 12.5 5.5 5.500L20.5 6.5"/>',
  back: '<path d="M9 5 4 10l5 5M4 10h10.500a5 5 0 0 1 0 10H8"/>',
  bad: '<path d="M12 3 1.8 20.500h20.400zM12 10v4.500M12 17.500h.01"/>',
  "stick-in": '<circle cx="12" cy="12" r="9.5"/><path d="M7 12h10"/>',
  "stick-out": '<path d="M12 4 4.5 14h15zM4.5 19h15"/>',
  lost: '<path d="M3 3l18 18M8.5 15.500a5 5 0 0 1 5.5-1M5 12a10 10 0 0 1 4-2.500M2 8.500a15 15 0 0 1 4-2.500M11 5.100A15 15 0 0 1 22 8.500M16 10.500a10 10 0 0 1 3 1.500M12 19h.01"/>',
};

/** Goes into the page once. */
export const SPRITE = `<svg hidden>${Object.entries(SHAPES)
  .map(([name, shape]) => `<symbol id="s-${name}" viewBox="0 0 24 24">${shape}</symbol>`)
  .join("")}</svg>`;

/** Shows one of the sprite's; the words beside it say the same, so that readers pass over it. */
export function symbol(name: PageSymbol, id = ""): string {
  const attribute = id === "" ? "" : ` id="${id}"`;
  return `<svg class="symbol" aria-hidden="true" focusable="false"><use${attribute} href="#s-${name}"/></svg>`;
}

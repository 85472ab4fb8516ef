/** In which language to speak: what was asked for, else what the browser likes, else English. */
import { en } from "./words/en.ts";
import type { Words } from "./words/words.ts";
import { zh } from "./words/zh.ts";

export const LANGUAGES = ["en", "zh"] as const;

export type Language = (typeof LANGUAGES)[number];

const WORDS: Readonly<Record<Language, Words>> = { en, zh };

export function wordsIn(language: Language): Words {
  return WORDS[language];
}

export function isLanguage(text: string | null): text is Language {
  return LANGUAGES.some((language) => language === text);
}

/** The best of an Accept-Language header (RFC 9110, section 12.5.4); undefined when it names none of ours. */
export function preferredLanguage(header: string | undefined): Language | undefined {
  const wishes = (header ?? "").slice(0, MAX_HEADER_CHARACTERS).split(",").map(parseWish);
  const best = wishes
    .filter(({ language, quality }) => isLanguage(language) && quality > 0)
    .sort((a, b) => b.quality - a.quality)[0];
  return best !== undefined && isLanguage(best.language) ? best.language : undefined;
}

const MAX_HEADER_CHARACTERS = 1000; // browsers send some 100

function parseWish(text: string) {
  const [tag = "", ...parameters] = text.trim().toLowerCase().split(";");
  const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean);
  const quality = weight === undefined ? 1 : Number(weight);
  return { language: tag.split("-")[0] ?? "", quality: Number.isNaN(quality) ? 0 : quality };
}

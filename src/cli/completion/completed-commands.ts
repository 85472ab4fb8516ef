/** The commands as completion scripts see them. */
import { type CommandShape, walkCommands } from "../command-shape.ts";

/**
 * Every command, the program itself first. Behind `help` stand all others without options: `bootferry help release create`.
 * Aliases are commands of their own.
 */
export function completedCommands(program: CommandShape): readonly CommandShape[] {
  const [name = "bootferry"] = program.words;
  const verbs = program.verbs.map((verb) => {
    if (verb.words[1] !== "help") return verb;
    const others = program.verbs.filter((other) => other !== verb);
    return { ...verb, operands: [], verbs: others.map((other) => asTopic(other, [name, "help"])) };
  });
  return [...walkCommands(withAliases({ ...program, verbs }))];
}

function asTopic(shape: CommandShape, parents: readonly string[]): CommandShape {
  const words = [...parents, shape.words.at(-1) ?? ""];
  return { ...shape, words, operands: [], options: [], verbs: shape.verbs.map((verb) => asTopic(verb, words)) };
}

function withAliases(shape: CommandShape): CommandShape {
  const verbs = shape.verbs.flatMap((verb) => [
    verb,
    ...verb.aliases.map((alias) => ({ ...verb, words: [...shape.words, alias] })),
  ]);
  return { ...shape, verbs: verbs.map(withAliases) };
}

/** The words behind `bootferry`, as one: `release create`. */
export function pathOf({ words }: CommandShape): string {
  return words.slice(1).join(" ");
}

/** One short phrase of a description: shells show it in one line. */
export function phraseOf(text: string): string {
  return text.split(/; |: | \(|\. /)[0] ?? text;
}

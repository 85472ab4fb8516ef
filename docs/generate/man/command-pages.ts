/** Manual pages of section 1: one for `bootferry`, one for each of its groups with every verb in it. */
import {
  type CommandShape,
  type OperandShape,
  type OptionShape,
  walkCommands,
} from "../../../src/cli/command-shape.ts";
import { type Example, introduce } from "../../../src/cli/help.ts";
import { ENVIRONMENT, EXIT_STATUSES, FILES, OUTPUT } from "./overview.ts";
import {
  assemble,
  definitions,
  escapeText,
  heading,
  type PageHead,
  pageHead,
  paragraphs,
  shellCommand,
  subHeading,
} from "./roff.ts";

export type Edition = Pick<PageHead, "date" | "version">;

/** File name and text of each. */
export function commandPages(whole: CommandShape, edition: Edition): readonly (readonly [string, string])[] {
  // man(1) itself is the help here
  const program = { ...whole, verbs: whole.verbs.filter(({ words }) => words.at(-1) !== "help") };
  return [
    ["bootferry.1", programPage(program, edition)],
    ...program.verbs.map((group) => [`${group.words.join("-")}.1`, groupPage(group, program, edition)] as const),
  ];
}

function programPage(program: CommandShape, edition: Edition): string {
  return assemble([
    pageHead({ name: "bootferry", section: 1, summary: inShort(program), ...edition }),
    heading("Synopsis"),
    ".B bootferry\n.I COMMAND\n.RI [ VERB ]\n.RI [ OPTION .\\|.\\|.]\n.RI [ ARGUMENT .\\|.\\|.]",
    heading("Description"),
    paragraphs(program.description),
    ...startOf(program),
    heading("Commands"),
    definitions(program.verbs.map(({ words, summary }) => [`${words.join("-")}(1)`, sentence(summary)])),
    heading("Options"),
    definitions(program.options.map(optionEntry)),
    heading("Output"),
    paragraphs(OUTPUT),
    heading("Exit status"),
    definitions(EXIT_STATUSES),
    heading("Environment"),
    definitions(ENVIRONMENT),
    heading("Files"),
    definitions(FILES),
    heading("See also"),
    seeAlso([...program.verbs.map(({ words }) => `${words.join("-")}(1)`), "bootferry-agent.toml(5)", "bootferry(7)"]),
  ]);
}

function groupPage(group: CommandShape, program: CommandShape, edition: Edition): string {
  const verbs = [...walkCommands(group)].filter(({ verbs: below }) => below.length === 0);
  const others = program.verbs.filter((other) => other !== group).map(({ words }) => `${words.join("-")}(1)`);
  const isGroup = group.verbs.length > 0;
  return assemble([
    pageHead({ name: group.words.join("-"), section: 1, summary: inShort(group), ...edition }),
    heading("Synopsis"),
    verbs.map(synopsis).join("\n.br\n"),
    heading("Description"),
    paragraphs(group.description),
    ...startOf(group),
    ...(isGroup ? [heading("Verbs")] : []),
    ...verbs.flatMap((verb) => verbParts(verb, isGroup)),
    heading("See also"),
    paragraphs("What holds for every command (output, environment, files) stands in the first of these."),
    ".PP",
    seeAlso(["bootferry(1)", ...others, "bootferry-agent.toml(5)"]),
  ]);
}

function verbParts(verb: CommandShape, isOneOfSeveral: boolean): readonly string[] {
  const { operands, options, aliases, description, teaching } = verb;
  const title = (text: string) => (isOneOfSeveral ? `.PP\n${text}:\n.PP` : heading(text));
  const entries = [...operands.map(operandEntry), ...options.map(optionEntry)];
  return [
    ...(isOneOfSeveral ? [subHeading(verb.words.join(" ")), paragraphs(description)] : [heading("Options")]),
    ...(aliases.length === 0 ? [] : [".PP", paragraphs(`Also called \`${aliases.join("`, `")}\`.`)]),
    definitions(entries),
    ...(teaching === undefined ? [] : [title("Examples"), ...exampleParts(teaching.examples)]),
    ...(teaching === undefined || teaching.exits.length === 0
      ? []
      : [
          title("Exit status").replace(/\n.PP$/, ""),
          definitions(teaching.exits.map(({ status, meaning }) => [`${status}`, meaning])),
        ]),
  ];
}

function startOf({ verbs, teaching }: CommandShape): readonly string[] {
  return verbs.length === 0 || teaching === undefined
    ? []
    : [heading("Start here"), ...exampleParts(teaching.examples)];
}

function exampleParts(examples: readonly Example[]): readonly string[] {
  const parts = examples.flatMap(({ does, command }) => [
    ".PP",
    paragraphs(introduce(does)),
    ".PP",
    ".RS 4",
    shellCommand(command),
    ".RE",
  ]);
  return parts.slice(1); // a heading or a title goes before it: no paragraph begins there
}

function synopsis({ words, operands, options }: CommandShape): string {
  const mandatory = options
    .filter(({ isMandatory }) => isMandatory)
    .map(({ long, value }) => `.BI ${escapeText(long)} " ${escapeText(value?.placeholder ?? "")}"`);
  return [
    `.B ${words.join(" ")}`,
    ".RI [ OPTION .\\|.\\|.]",
    ...mandatory,
    ...operands.map((operand) => `.I ${escapeText(operandTerm(operand))}`),
  ].join("\n");
}

function operandTerm({ placeholder, isRequired, isVariadic }: OperandShape): string {
  const name = isVariadic ? `${placeholder}...` : placeholder;
  return isRequired ? name : `[${name}]`;
}

function operandEntry(operand: OperandShape): readonly [string, string] {
  return [operandTerm(operand), sentence(operand.description)];
}

function optionEntry({ long, short, value, description, isMandatory }: OptionShape): readonly [string, string] {
  const flags = short === undefined ? long : `${short}, ${long}`;
  const needed = isMandatory ? " Required." : "";
  return [value === undefined ? flags : `${flags} <${value.placeholder}>`, `${sentence(description)}${needed}`];
}

function seeAlso(pages: readonly string[]): string {
  return pages
    .map((page, index) => {
      const [, name = page, section = ""] = /^(.+)(\(\d\))$/.exec(page) ?? [];
      return `.BR ${escapeText(name)} ${section}${index < pages.length - 1 ? "," : ""}`;
    })
    .join("\n");
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?)]$/.test(first) ? first : `${first}.`;
}

const MAX_SUMMARY = 50; // with the longest name of a page still one line of roff

/** For apropos(1): up to the first colon, or to the first comma of a long one. */
function inShort({ summary }: CommandShape): string {
  const [whole = ""] = summary.split(":");
  const text = whole.length > MAX_SUMMARY ? (whole.split(",")[0] ?? whole) : whole;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** `bootferry receipt plan`: before the walk, what each device of a ledger would do with a stick. */
import type { Command } from "commander";
import { Option } from "commander";
import { mediumOfRelease } from "../../agent/kept-release.ts";
import { type MountedMedium, openMedium } from "../../bundle/medium.ts";
import { listRoots } from "../../bundle/read-root.ts";
import { EXIT } from "../../error.ts";
import { type KnownDevice, type Ledger, newestReceipt } from "../../receipt/ledger/ledger.ts";
import { findRelease, readReleases } from "../../release/existing-releases.ts";
import { buildClock } from "../build-clock.ts";
import type { CliContext } from "../context.ts";
import { commonBase, heldBy, type NamedRelease, releaseNames } from "../delta-base.ts";
import { treeFinder } from "../delta-suits.ts";
import { CliError } from "../error.ts";
import { formatTable } from "../format-table.ts";
import { addTeaching } from "../help.ts";
import { addOutputOptions, collect, releaseOption, utcTime } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { type PlanContext, type PlannedAnswer, planDevice } from "../plan-visit.ts";
import { isFile, readInputFile } from "../read-input.ts";
import { readRootChain } from "../read-root.ts";
import { deviceTitle, ledgerOption, openLedger } from "../receipt-sources.ts";

interface Options extends OutputOptions {
  readonly ledger: string;
  readonly root: string;
  readonly release?: string;
  readonly at?: Date;
  readonly baseFrom?: readonly string[];
}

export function registerReceiptPlan(parent: Command, context: CliContext): void {
  const command = parent
    .command("plan")
    .summary("which devices would take this stick, and which would refuse it and why")
    .description(
      "Answers before the walk what each device of a ledger would do with a stick, from its newest receipt and by the same decisions that the device makes: install a release, do nothing, or refuse, and why. " +
        "Then says which release a delta may build on: the newest one whose contents every device has that would install. " +
        "The answer is as fresh as the receipts; free space and damage are known to the device alone.",
    )
    .argument(
      "<medium|file>",
      "mount point of the medium (or the directory in its place), or a file with one signed release",
    )
    .addOption(ledgerOption("the ledger that `receipt collect` made").makeOptionMandatory())
    .addOption(new Option("--root <file>", "the trust root of the devices, best the whole chain").makeOptionMandatory())
    .addOption(releaseOption("ask about this release only"))
    .addOption(new Option("--at <date>", "the day of the visit, for what expires; today by default").argParser(utcTime))
    .addOption(
      new Option(
        "--base-from <directory>",
        "for a stick with a delta: a medium with releases that devices hold, to know whether they do instead of its base; repeatable",
      ).argParser(collect),
    )
    .action((medium: string, options: Options) => run(context, medium, options));
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "Who would take this stick?",
        command: "bootferry receipt plan /media/usb --ledger fleet.jsonl --root root.json",
      },
      {
        does: "And this one release, next month",
        command:
          "bootferry receipt plan /media/usb --release kiosk-os@42.3.1 --at 2027-01-15 --ledger fleet.jsonl --root root.json",
      },
    ],
    exits: [EXIT.notTrusted, EXIT.medium],
  });
}

interface PlannedDevice {
  readonly device: KnownDevice;
  readonly answer: PlannedAnswer;
  readonly held: readonly NamedRelease[];
}

async function run(context: CliContext, named: string, options: Options): Promise<void> {
  const output = context.openOutput(options);
  const { ledger, unreadable } = openLedger(context, options.ledger);
  for (const why of unreadable) output.warn(`${options.ledger}: ${why}; it is passed over`);
  const chain = readRootChain(context, options.root);
  const path = context.path(named);
  const medium = isFile(path) ? mediumOfRelease(path, readInputFile(path)) : await openMedium(path, context.signal);
  const { releases, problems } = await readReleases(medium, context.signal);
  const carried = await listRoots(medium, context);
  for (const { error } of [...problems, ...carried.problems]) output.warn(`${error.message} [${error.code}]`);
  const onlyPayload = options.release === undefined ? undefined : findRelease(releases, options.release).payloadDigest;
  const planned = await planAll(ledger, {
    ...{ medium, onlyPayload, signal: context.signal },
    findTree: treeFinder([medium, ...(await openPlaces(context, options.baseFrom))], context.signal),
    roots: [...chain, ...carried.roots.map(({ root }) => root)],
    visitUtc: options.at ?? buildClock(context).nowUtc(),
  });
  if (planned.length === 0) throw new CliError("CLI_USAGE", `${options.ledger} holds no receipt of any device`);
  const accepting = planned.filter(({ answer }) => answer.kind === "install");
  const base = commonBase(accepting.map(({ held }) => held));
  output.result(
    {
      medium: named,
      releases: releases.map(({ statement: { name, version, sequence }, payloadDigest }) => ({
        name,
        version,
        sequence,
        payloadDigest,
      })),
      devices: planned.map(plannedFacts),
      accepting: accepting.length,
      base: base ?? null,
    },
    () => [...planTable(planned), ...planned.flatMap(explain), "", describeBase(accepting, base)].join("\n"),
  );
}

function openPlaces(context: CliContext, places: readonly string[] = []): Promise<readonly MountedMedium[]> {
  return Promise.all(places.map((place) => openMedium(context.path(place), context.signal)));
}

async function planAll({ devices }: Ledger, context: PlanContext): Promise<readonly PlannedDevice[]> {
  const names = releaseNames({ devices });
  const planned: PlannedDevice[] = [];
  for (const device of devices) {
    const newest = newestReceipt(device);
    if (newest === undefined) continue; // nothing of it is believed
    planned.push({ device, answer: await planDevice(newest.receipt, context), held: heldBy(device, names) });
  }
  return planned;
}

function plannedFacts({ device, answer, held }: PlannedDevice) {
  const newest = newestReceipt(device)?.receipt;
  const asOf = { serial: newest?.serial, atUtc: newest?.atUtc, isClockTrusted: newest?.isClockTrusted };
  const known = { device: device.id, label: newest?.device.label ?? null, asOf, held };
  switch (answer.kind) {
    case "install":
      return { ...known, answer: answer.kind, release: answer.release, message: answer.message, reason: null };
    case "nothing":
    case "unknown":
      return { ...known, answer: answer.kind, release: null, message: answer.message, reason: null };
    case "refuse": {
      const { code, message, remedy } = answer.error;
      return { ...known, answer: answer.kind, release: null, message, reason: { code, message, remedy } };
    }
  }
}

const ANSWER_WORDS = {
  install: "would install",
  nothing: "would do nothing",
  refuse: "would refuse",
  unknown: "unknown",
} as const;

function planTable(planned: readonly PlannedDevice[]): readonly string[] {
  const rows = planned.map(({ device, answer, held }) => {
    const newest = newestReceipt(device)?.receipt;
    const what = answer.kind === "install" ? `${answer.release.name} ${answer.release.version}` : "";
    const why = answer.kind === "refuse" ? answer.error.code : "";
    return [
      newest?.device.label ?? device.id,
      device.id.slice(0, 12),
      ANSWER_WORDS[answer.kind],
      what + why,
      held.slice(0, 4).map(describeRelease).join(", "),
      newest?.atUtc.slice(0, 10) ?? "",
    ];
  });
  return formatTable(["DEVICE", "ID", "ANSWER", "WHAT", "HAS", "AS OF"], rows);
}

/** One that installs needs no words. */
function explain({ device, answer }: PlannedDevice): readonly string[] {
  const title = deviceTitle(device.id, newestReceipt(device)?.receipt.device.label ?? null);
  switch (answer.kind) {
    case "install":
      return answer.message === "" ? [] : ["", title, `  ${answer.message}`];
    case "nothing":
    case "unknown":
      return ["", title, `  ${answer.message}`];
    case "refuse":
      return ["", title, `  ${answer.error.message} [${answer.error.code}]`, `  help: ${answer.error.remedy}`];
  }
}

function describeRelease({ version, payloadDigest }: NamedRelease): string {
  return version ?? payloadDigest.slice(0, 19);
}

function describeBase(accepting: readonly PlannedDevice[], base: NamedRelease | undefined): string {
  if (accepting.length === 0) return "No device would install; a delta has nothing to build on.";
  const devices =
    accepting.length === 1
      ? "The device that would install has"
      : `All ${accepting.length} devices that would install have`;
  if (base === undefined)
    return "The devices that would install have no release in common: make a full stick, or a delta for each group.";
  if (base.name === undefined) return `${devices} ${base.payloadDigest}: a delta may build on it.`;
  const selector = `${base.name}@${base.version}`;
  return `${devices} ${base.name} ${base.version} (${base.payloadDigest}): a delta may build on it (\`release create --base ${selector}\`).`;
}

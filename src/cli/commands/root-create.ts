/** `bootferry root create`: version 1 of a trust root. */
import { type Command, Option } from "commander";
import { createDurably } from "../../host/durable-write.ts";
import { formatEnvelope } from "../../trust/dsse.ts";
import { createRoot } from "../../trust/root.ts";
import { formatUtcTime } from "../../trust/utc-time.ts";
import { buildClock } from "../build-clock.ts";
import type { CliContext } from "../context.ts";
import { addTeaching } from "../help.ts";
import { type NamedKey, openNamedKey } from "../named-key.ts";
import { addOutputOptions, collect, utcTime, wholeNumber } from "../options.ts";
import type { OutputOptions } from "../output.ts";
import { describeRoot, rootFacts } from "../root-facts.ts";

interface Options extends OutputOptions {
  readonly out: string;
  readonly rootKey: readonly string[];
  readonly releaseKey: readonly string[];
  readonly countersignKey?: readonly string[];
  readonly thresholdRoot: number;
  readonly thresholdRelease: number;
  readonly thresholdCountersign: number;
  readonly expires?: Date;
  readonly passphraseFile?: string;
}

export function registerRootCreate(parent: Command, context: CliContext): void {
  const threshold = (role: string) =>
    new Option(`--threshold-${role} <n>`, `how many ${role} keys must sign`).argParser(wholeNumber(1)).default(1);
  const keys = (role: string, does: string) =>
    new Option(`--${role}-key <file>`, `${does}; repeatable`).argParser(collect);
  const command = parent
    .command("create")
    .summary("make a trust root: which keys may sign what")
    .description(
      "Makes version 1 of a trust root, the document that tells devices which keys may sign releases and which may change the root. " +
        "A root key given as NAME.key signs at once; one given as NAME.pub is listed, and its holder signs later with `bootferry root sign`. " +
        "Release and countersign keys are only listed: their public halves are enough.",
    )
    .addOption(new Option("--out <file>", "the root to write; it is never overwritten").makeOptionMandatory())
    .addOption(keys("root", "key that may change the root (NAME.key signs, NAME.pub is listed)").makeOptionMandatory())
    .addOption(keys("release", "key that may sign releases").makeOptionMandatory())
    .addOption(keys("countersign", "key that must sign releases as well"))
    .addOption(threshold("root"))
    .addOption(threshold("release"))
    .addOption(threshold("countersign"))
    .addOption(
      new Option("--expires <time>", "after this time devices accept no release under this root").argParser(utcTime),
    )
    .addOption(new Option("--passphrase-file <file>", "file with the passphrase of the root keys"))
    .action(async (options: Options) => {
      const output = context.openOutput(options);
      const open = async (files: readonly string[] = []) => {
        const opened: NamedKey[] = [];
        for (const file of files) opened.push(await openNamedKey(context, file, options.passphraseFile));
        return opened;
      };
      const root = await open(options.rootKey);
      const release = await open(options.releaseKey);
      const countersign = await open(options.countersignKey);
      const role = (named: readonly NamedKey[], thresholdOfRole: number) => ({
        keys: named.map((key) => key.publicKey),
        threshold: thresholdOfRole,
      });
      const envelope = await createRoot(
        {
          version: 1,
          createdAt: formatUtcTime(buildClock(context).nowUtc()),
          expiresAt: options.expires === undefined ? null : formatUtcTime(options.expires),
          roles: {
            root: role(root, options.thresholdRoot),
            release: role(release, options.thresholdRelease),
            countersign: countersign.length === 0 ? undefined : role(countersign, options.thresholdCountersign),
          },
          labels: new Map([...root, ...release, ...countersign].map((key) => [key.publicKey.keyId, key.label])),
        },
        root.flatMap(({ signer }) => (signer === undefined ? [] : [signer])),
      );
      const file = context.path(options.out);
      createDurably(file, formatEnvelope(envelope));
      const facts = rootFacts(envelope);
      output.result({ file, ...facts }, () => `file      ${file}\n${describeRoot(facts)}`);
    });
  addOutputOptions(command);
  addTeaching(command, {
    examples: [
      {
        does: "One key for the root, one for releases",
        command: "bootferry root create --out root.json --root-key root.key --release-key release.pub",
      },
      {
        does: "Two of three people must sign each release",
        command:
          "bootferry root create --out root.json --root-key root.key --release-key ann.pub --release-key ben.pub --release-key cem.pub --threshold-release 2",
      },
    ],
  });
}

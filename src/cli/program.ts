/**
 * The tree of commands: groups stand here, their verbs register themselves from files of their own in `commands/`.
 *
 * Only the group that is asked for is loaded: the workstation's verbs and the device's have few modules in common, and
 * loading all of them took three times as long as making a small release.
 */
import { Command } from "commander";
import type { CliContext } from "./context.ts";
import { addStart, type Example } from "./help.ts";

interface Group {
  readonly name: string;
  readonly description: string;
  /** How people begin with it; a group of verbs has it. */
  readonly start?: readonly Example[];
  load(): Promise<{ registerVerbs(group: Command, context: CliContext): void }>;
}

const GROUPS: readonly Group[] = [
  {
    name: "key",
    description: "Signing keys: make them, look at them.",
    start: [
      { does: "Make the key that signs releases", command: "bootferry key generate release" },
      { does: "Whose key is this?", command: "bootferry key show release.pub" },
    ],
    load: () => import("./groups/key.ts"),
  },
  {
    name: "root",
    description: "Trust roots: which keys may sign what.",
    start: [
      {
        does: "Make the root that devices get with their first system",
        command: "bootferry root create --out root.json --root-key root.key --release-key release.pub",
      },
      { does: "Look at it", command: "bootferry root show root.json" },
    ],
    load: () => import("./groups/root.ts"),
  },
  {
    name: "release",
    description: "Releases on a medium or in a directory: make, sign, check and remove them.",
    start: [
      {
        does: "Make one; --dry-run first shows what it would be",
        command:
          "bootferry release create oci:./image:latest --to /media/usb --name kiosk-os --sequence 42 --compatible acme-kiosk-v2 --key release.key",
      },
      { does: "Check it as devices will", command: "bootferry release verify /media/usb --root root.json" },
      { does: "What is on this stick?", command: "bootferry release list /media/usb" },
    ],
    load: () => import("./groups/release.ts"),
  },
  {
    name: "media",
    description: "Sticks, cards and disks that carry releases: find, format, write and eject them.",
    start: [
      { does: "Which stick is which?", command: "bootferry media list" },
      { does: "Make an empty medium", command: "sudo bootferry media format /dev/sdb" },
      {
        does: "Or all at once: format, write, read back and eject",
        command:
          "sudo bootferry media write /dev/sdb --format oci:./image:latest --name kiosk-os --sequence 42 --compatible acme-kiosk-v2 --key release.key",
      },
    ],
    load: () => import("./groups/media.ts"),
  },
  {
    name: "support",
    description: "Support archives that devices have put onto a stick: open them.",
    start: [
      {
        does: "Open what `bootferry agent export-logs` has put onto a stick",
        command:
          "bootferry support open stick/bootferry-support/kiosk-0017-20261120T101500Z.tar.zst.age --key support.key --to kiosk-0017",
      },
    ],
    load: () => import("./groups/support.ts"),
  },
  {
    name: "os",
    description: "Deployments of this device: what runs, what is next, and going back (bootc's verbs).",
    start: [
      { does: "What runs, and what is next?", command: "bootferry os status" },
      { does: "Go back to the system before", command: "bootferry os rollback" },
      {
        does: "Put the first system onto a disk",
        command:
          "bootferry os install to-disk /dev/vdb --medium /media/usb --trust-root root.json --agent-config agent.toml",
      },
    ],
    load: () => import("./groups/os.ts"),
  },
  {
    name: "agent",
    description: "Updates of this device: from a medium to a confirmed system, and what became of them.",
    start: [
      { does: "What is it doing, and what should I do?", command: "bootferry agent status" },
      { does: "Why did the last update not work?", command: "bootferry agent history --limit 1" },
      { does: "Install from a mounted stick by hand", command: "bootferry agent run --medium /run/media/stick" },
    ],
    load: () => import("./groups/agent.ts"),
  },
  {
    name: "receipt",
    description: "Receipts that devices have written to media: what became of the updates, and what a stick would do.",
    start: [
      {
        does: "Take what a stick has brought back into a ledger",
        command: "bootferry receipt collect /media/usb --ledger fleet.jsonl",
      },
      { does: "Who has what, who failed and why?", command: "bootferry receipt report --ledger fleet.jsonl" },
      {
        does: "Before the walk: who would take this stick?",
        command: "bootferry receipt plan /media/usb --ledger fleet.jsonl --root root.json",
      },
    ],
    load: () => import("./groups/receipt.ts"),
  },
  {
    name: "health",
    description: "Run the health checks of the running system now.",
    load: () => import("./commands/health.ts"),
  },
  {
    name: "panel",
    description: "Show what the update of this device is doing, as a page on its own screen.",
    load: () => import("./commands/panel.ts"),
  },
  {
    name: "doctor",
    description: "What this machine lacks to make media or to be updated by them, and how to get it.",
    load: () => import("./commands/doctor.ts"),
  },
  {
    name: "completion",
    description: "Print a completion script for a shell.",
    load: () => import("./commands/completion.ts"),
  },
  {
    name: "help",
    description: "Show what a command does.",
    load: () => import("./commands/help.ts"),
  },
];

const START: readonly Example[] = [
  { does: "What does this machine lack?", command: "bootferry doctor" },
  {
    does: "On a workstation, once: a key for the trust root, and one for releases",
    command: "bootferry key generate root && bootferry key generate release",
  },
  {
    does: "The root itself, which devices get with their first system",
    command: "bootferry root create --out root.json --root-key root.key --release-key release.pub",
  },
  {
    does: "For each release: from an image to a stick that can be pulled out",
    command:
      "sudo bootferry media write --wait oci:./image:latest --name kiosk-os --sequence next --compatible acme-kiosk-v2 --key release.key --root root.json",
  },
  { does: "On a device, where sticks are taken by themselves: how is it?", command: "bootferry agent status" },
];

const EPILOGUE = `
Run "bootferry COMMAND --help" or "bootferry help COMMAND" for what a command does, with examples and exit statuses.
Results go to stdout (--json for programs), everything else to stderr (--quiet for less of it).`;

/** They are about all others. */
const NEEDS_ALL: readonly string[] = ["help", "completion"];

/**
 * @param version of the package
 * @param wanted the first word on the command line: verbs of other groups are left out. Undefined takes all, as the
 *   generator of the documentation does
 */
export async function buildProgram(context: CliContext, version: string, wanted?: string): Promise<Command> {
  const program = new Command("bootferry")
    .description("Carries operating systems across the air gap: signed releases on media, confirmed A/B deployments.")
    .version(version)
    .helpCommand(false) // ours takes the words of a verb
    .exitOverride()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      outputError: () => undefined, // printed by report-error.ts, with a code and a remedy
    });
  for (const { name, description, start, load } of GROUPS) {
    const group = program.command(name).description(description).helpCommand(false);
    if (start !== undefined) addStart(group, start);
    if (wanted === undefined || wanted === name || NEEDS_ALL.includes(wanted)) {
      (await load()).registerVerbs(group, context);
    }
  }
  addStart(program, START).addHelpText("after", EPILOGUE);
  return program;
}

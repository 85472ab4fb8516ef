/** `bootc image list` and `pull-from-default-storage`: bootc's own storage of bound images. */
import { canonicalJson } from "./canonical-json.ts";
import { BootcFailure, formatReference, type Machine, type Output } from "./context.ts";
import type { ParsedArguments } from "./parse-arguments.ts";

/** @throws BootcFailure */
export function runImage(machine: Machine, args: ParsedArguments, { out }: Output): void {
  if (args.word === "list") {
    out(formatList(machine, args));
    return;
  }
  const { storage } = machine.state();
  const name = args.positional ?? "";
  const manifest = storage.default[name];
  if (manifest === undefined)
    throw new BootcFailure(`Subprocess failed: initializing source containers-storage:${name}: image not known`);
  machine.update({ storage: { ...storage, bootc: { ...storage.bootc, [name]: manifest } } });
}

function formatList(machine: Machine, args: ParsedArguments): string {
  const { deployments, storage } = machine.state();
  const type = args.valueOf("--type") ?? "all";
  const all = [
    ...[...new Set(deployments.map(({ image }) => formatReference(image.reference)))].map((image) => ["host", image]),
    ...Object.keys(storage.bootc).map((image) => ["logical", image]),
  ];
  const rows = all.filter(([kind]) => type === "all" || type === kind);
  if (args.valueOf("--format") === "json")
    return canonicalJson(rows.map(([image_type, image]) => ({ image_type, image })));
  return [["IMAGE NAME", "TYPE"], ...rows.map(([kind, image]) => [image, kind])]
    .map((row) => `${row.join("  ")}\n`)
    .join("");
}

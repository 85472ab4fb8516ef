/** `bootc edit -f FILE`: of the host in the file only `spec` counts. JSON, which is YAML too. */
import { readFileSync } from "node:fs";
import { parseHost } from "../../../src/deploy/host-status.ts";
import { BootcFailure, formatReference, type Machine, type Output } from "./context.ts";
import type { ParsedArguments } from "./parse-arguments.ts";
import type { Progress } from "./progress.ts";
import { pullImage } from "./pull.ts";
import { runRollback } from "./rollback.ts";
import { openSourceImage } from "./source-image.ts";
import { stage } from "./stage.ts";
import { makeHostStatus } from "./status.ts";

/** @throws BootcFailure; OciError, TreeError */
export async function runEdit(
  machine: Machine,
  args: ParsedArguments,
  progress: Progress,
  output: Output,
): Promise<void> {
  if (machine.facts.backend === "composefs") throw new BootcFailure("Edit is not yet supported for composefs backend");
  const file = args.valueOf("--filename");
  if (file === undefined) throw new BootcFailure("Only supports -f FILE here");
  const before = parseHost(makeHostStatus(machine)).spec;
  const after = parseHost(JSON.parse(readFileSync(file, "utf8"))).spec;
  const { image } = after;
  const isOtherImage =
    image !== null && (before.image === null || formatReference(image) !== formatReference(before.image));
  const isFlipped = before.bootOrder !== after.bootOrder;
  if (isOtherImage && isFlipped) throw new BootcFailure("Invalid state transition: rollback and image change");
  if (isFlipped) return runRollback(machine, output);
  if (!isOtherImage) return output.out("Edit cancelled, no changes made.\n");
  const source = await openSourceImage(machine, { image: image.image, transport: image.transport });
  stage(machine, { image: await pullImage(machine, source, progress), isLocked: false, progress, output });
}

/** GRUB with greenboot's snippet (grub2/08_greenboot.cfg): it counts in grubenv, and at the end takes the second entry. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import {
  BOOT_COUNTER,
  BOOT_SUCCESS,
  formatGrubEnvironment,
  parseGrubEnvironment,
} from "../../../src/boot/grub-environment.ts";
import { type AbsPath, below } from "../../../src/path.ts";
import type { ToolAnswer } from "./tool-answer.ts";

const SNIPPET = `if [ -n "\${boot_counter}" -a "\${boot_success}" = "0" ]; then
  if [ "\${boot_counter}" = "0" -o "\${boot_counter}" = "-1" ]; then
    set default=1
    set boot_counter=-1
  else
    decrement boot_counter
  fi
  save_env boot_counter
fi
set boot_success=0
save_env boot_success
`;

function grubFiles(boot: AbsPath) {
  return { config: below(boot, "grub2", "grub.cfg"), environment: below(boot, "grub2", "grubenv") };
}

/** As an installation leaves it. */
export function installGreenboot(boot: AbsPath): void {
  const { config, environment } = grubFiles(boot);
  mkdirSync(dirname(config), { recursive: true });
  writeFileSync(config, SNIPPET);
  writeFileSync(environment, formatGrubEnvironment(new Map()));
}

/** One start of GRUB: what the snippet does. */
export function countByGreenboot(boot: AbsPath): "first-entry" | "second-entry" {
  const { environment: path } = grubFiles(boot);
  if (!existsSync(path)) return "first-entry"; // save_env cannot make it
  const environment = new Map(parseGrubEnvironment(readFileSync(path)));
  const counter = environment.get(BOOT_COUNTER) ?? "";
  const isCounting = counter !== "" && environment.get(BOOT_SUCCESS) === "0";
  const isUsedUp = isCounting && (counter === "0" || counter === "-1");
  if (isCounting) environment.set(BOOT_COUNTER, isUsedUp ? "-1" : String(Number(counter) - 1));
  environment.set(BOOT_SUCCESS, "0");
  writeFileSync(path, formatGrubEnvironment(environment));
  return isUsedUp ? "second-entry" : "first-entry";
}

/** `grub2-editenv FILE set NAME=VALUE…`, `unset NAME…` and `list`. */
export function runEditenv([path = "", verb = "", ...words]: readonly string[]): ToolAnswer {
  const environment = new Map(parseGrubEnvironment(readFileSync(path)));
  if (verb === "list") return { exitCode: 0, stdout: [...environment].map((pair) => `${pair.join("=")}\n`).join("") };
  for (const word of words) {
    const [name = "", ...value] = word.split("=");
    if (verb === "set") environment.set(name, value.join("="));
    else environment.delete(name);
  }
  writeFileSync(path, formatGrubEnvironment(environment));
  return { exitCode: 0 };
}

/** Kinds of values that several tables of agent.toml have. */
import { z } from "zod";
import { parseAbsPath } from "../path.ts";

export const MINUTES = 60;

/** A path of the device; in a simulated device it is looked up in the booted deployment. */
export const devicePath = z
  .string()
  .regex(/^\/[^\0]*$/, "expected an absolute path")
  .transform((text) => parseAbsPath(text));

/** A command and its arguments; no shell is involved. */
export const command = z
  .array(z.string().min(1))
  .min(1, 'expected a command and its arguments, such as ["/usr/bin/is-idle"]')
  .transform((words) => words as unknown as readonly [string, ...string[]]);

/** A limit in whole seconds. */
export const seconds = (max: number) =>
  z.int("expected whole seconds").min(1, "expected at least 1 second").max(max, `expected at most ${max} seconds`);

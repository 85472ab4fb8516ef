/** Whether a program is there, before anything is done that needs it. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { errnoOf } from "../error.ts";

export type HasTool = (name: string) => boolean;

/** Looks where execvp(3) would, with this PATH. */
export function hasToolOnPath(path: string | undefined): HasTool {
  const directories = (path ?? "").split(delimiter).filter((directory) => directory !== "");
  return (name) => directories.some((directory) => isExecutable(join(directory, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch (error) {
    if (errnoOf(error) !== undefined) return false;
    throw error;
  }
}

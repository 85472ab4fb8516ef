#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The `bootferry` command, of the bundle in `dist/` and of the single executable.
 *
 * V8's young generation is kept to 4 MiB: with its default of 64 MiB, images of 60,000 files took 300 MB and not 220. The
 * executable has that option built in (units/package/executable.ts).
 */
import manifest from "../../package.json" with { type: "json" };
import { runProcess } from "./run-process.ts";

void runProcess(process, manifest);

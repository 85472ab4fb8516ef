#!/usr/bin/env -S node --max-semi-space-size=4
/**
 * The `bootferry` command for who has a Node; executable.ts is that of the single executable.
 *
 * V8's young generation is kept to 4 MiB: with its default of 64 MiB, images of 60,000 files took 300 MB and not 220.
 */
import manifest from "../../package.json" with { type: "json" };
import { runProcess } from "./run-process.ts";

void runProcess(process, manifest);

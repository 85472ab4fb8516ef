/**
 * `npm run test:vm`: the scenarios in virtual machines. What they need is made by `test/vm/setup.sh`.
 *
 *     npm run test:vm                    a, b, d, i, 3 power cuts of h, some boots of the initramfs matrix
 *     npm run test:vm -- --all           every scenario, with 20 power cuts, and the whole matrix
 *     npm run test:vm -- --all --record  and writes the table of docs/testing.md
 *     npm run test:vm -- c- --keep       scenarios whose file name contains `c-`; their disks are kept
 *
 * VM_SEED repeats the power cuts of a run, VM_CUTS sets their number. Other options go to vitest.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { recordResults } from "./record.ts";

const DEFAULT_SCENARIOS = ["a-", "b-", "d-", "h-power-cuts", "i-"];
const DEFAULT_MATRIX = "test/vm/initramfs/fast";
const DEFAULT_CUTS = "3";
const ALL_CUTS = "20";
/** Two machines on two cores: each is one busy thread, by and large. */
const SIDE_BY_SIDE = "2";

const flags = ["--all", "--record", "--keep"];
const given = process.argv.slice(2);
const [all, record, keep] = flags.map((flag) => given.includes(flag));
const rest = given.filter((argument) => !flags.includes(argument));
const named = rest.some((argument) => !argument.startsWith("-"));
const files = all || named ? [] : [...DEFAULT_SCENARIOS.map((letter) => `test/vm/scenarios/${letter}`), DEFAULT_MATRIX];

const results = mkdtempSync(join(tmpdir(), "vm-results-"));
const report = join(results, "report.json");
const reporters = record ? ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : [];
const { status } = spawnSync(
  "vitest",
  ["run", "--project", "vm", `--maxWorkers=${SIDE_BY_SIDE}`, ...files, ...reporters, ...rest],
  {
    stdio: "inherit",
    env: {
      ...process.env,
      VM_CUTS: process.env["VM_CUTS"] ?? (all ? ALL_CUTS : DEFAULT_CUTS),
      ...(keep ? { VM_KEEP: "1" } : {}),
    },
  },
);
if (record) recordResults(report);
rmSync(results, { recursive: true });
process.exitCode = status ?? 1;

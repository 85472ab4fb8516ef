#!/usr/bin/env node
/** `bootc-double-boot [--power-cut] [--falls-back]`: switches the machine of BOOTC_DOUBLE_STATE off and on. */
import { parseArgs } from "node:util";
import { bootDouble } from "./boot.ts";

const { values } = parseArgs({ options: { "power-cut": { type: "boolean" }, "falls-back": { type: "boolean" } } });
const options = { powerCut: values["power-cut"] ?? false, fallsBack: values["falls-back"] ?? false };
process.stdout.write(`${bootDouble(process.env["BOOTC_DOUBLE_STATE"] ?? "", options)}\n`);

/**
 * Receipts on a medium, and the bounds of each file. Only the directory of one's own device is ever written.
 *
 *     MEDIUM/bootferry-receipts/<device id>/receipts.jsonl     one DSSE envelope a line, oldest first
 *                                          device.pub          the key that signed them, in PEM
 *                                          visit.dsse.json     what this device says of this medium
 *                                          RESULT.txt          the same in plain words
 */

export const RECEIPTS_DIRECTORY = "bootferry-receipts";
export const RECEIPTS_FILE = "receipts.jsonl";
export const PUBLIC_KEY_FILE = "device.pub";
export const VISIT_FILE = "visit.dsse.json";
export const RESULT_FILE = "RESULT.txt";

/** What a device writes at most, the newest receipts of its chain: some 200 of them. */
export const MAX_EXPORT_BYTES = 512 << 10;

/** What a reader takes at most (BF-9.10). */
export const READ_LIMITS = {
  devices: 1024,
  receiptsBytes: 1 << 20,
  lineBytes: 128 << 10, // an envelope of the largest payload has 90 KiB
  publicKeyBytes: 4096,
  visitBytes: 128 << 10,
} as const;

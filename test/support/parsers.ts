/**
 * Every parser of outside data in one table: what it takes, how its values are written again, and documents to begin
 * with. Property tests (test/unit/parsers.test.ts) and the fuzzer (test/fuzz) go through it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, zstdDecompressSync } from "node:zlib";
import { buildImage } from "../../bundle-format/vectors/source/image.ts";
import { ROOT_DRAFTS, rootEnvelope } from "../../bundle-format/vectors/source/parts.ts";
import { testKey } from "../../bundle-format/vectors/source/test-keys.ts";
import type { VectorFiles } from "../../bundle-format/vectors/source/vector.ts";
import { formatBlsEntry, parseBlsEntry } from "../../src/boot/bls-entry.ts";
import { formatBootCounter, parseBootCounter } from "../../src/boot/boot-counter.ts";
import { formatGrubEnvironment, parseGrubEnvironment } from "../../src/boot/grub-environment.ts";
import { parseFwEnvConfig, parseUBootEnvironment } from "../../src/boot/u-boot-environment.ts";
import { formatIndex } from "../../src/bundle/medium-index.ts";
import { formatStatement, parseStatement } from "../../src/bundle/statement.ts";
import { parseImageDigest } from "../../src/composefs/image-digest.ts";
import { formatObjectList, parseObjectList } from "../../src/composefs/object-list.ts";
import { parseContentDigest } from "../../src/composefs/object-name.ts";
import { readImage } from "../../src/composefs/read-image.ts";
import { writeImage } from "../../src/composefs/write-image.ts";
import { parseAgentConfig } from "../../src/config/load-agent-config.ts";
import { parseBlkid } from "../../src/media/blkid.ts";
import { parseLsblk } from "../../src/media/lsblk.ts";
import { checkLuksHeader } from "../../src/media/luks-header.ts";
import { parseDigest } from "../../src/oci/digest.ts";
import { parseConfig, parseIndex, parseManifest } from "../../src/oci/document.ts";
import { parseStrictJson } from "../../src/oci/strict-json.ts";
import { toAbsPath } from "../../src/path.ts";
import { formatLedgerLine, parseLedgerLine, receiptEntry, visitEntry } from "../../src/receipt/ledger/entry.ts";
import { formatMediumId, parseMediumId } from "../../src/receipt/medium-id.ts";
import { formatReceipt, parseReceipt } from "../../src/receipt/receipt.ts";
import { formatVisit, parseVisit } from "../../src/receipt/visit.ts";
import { parsePaxNumber, parsePaxRecords, parsePaxTime } from "../../src/tree/pax-records.ts";
import { formatEnvelope, parseEnvelope } from "../../src/trust/dsse.ts";
import {
  formatPrivateKeyPem,
  formatPublicKeyDer,
  formatPublicKeyPem,
  parsePrivateKeyPem,
  parsePublicKeyDer,
  parsePublicKeyPem,
} from "../../src/trust/keys.ts";
import { parseRoot } from "../../src/trust/root.ts";
import { newestOf, parseRootFile } from "../../src/trust/root-chain.ts";
import { formatRootDocument, parseRootDocument } from "../../src/trust/root-document.ts";
import { formatTrustState, INITIAL_TRUST_STATE, parseTrustState } from "../../src/trust/state.ts";
import { readVectorIndex, VECTORS } from "../unit/bundle/vector-reader.ts";
import { paxRecord } from "../unit/tree/tar-bytes.ts";
import { luksHeader } from "./fake-media.ts";
import { lsblkOf, type MachineName } from "./machines.ts";
import { packFixture } from "./pack-fixtures.ts";
import { PINNED_TREES } from "./pinned-trees.ts";
import { makeReceipt } from "./receipt-fixtures.ts";
import { SMALL_LAYERS, sumHeaders, treeOfLayer } from "./small-layers.ts";

export interface ParserUnderTest {
  readonly name: string;
  /** Documents to begin with, most of them valid. */
  readonly seeds: readonly Buffer[];
  /** Gives a value, or throws a CodedError. */
  parse(bytes: Buffer): unknown;
  /** Writes what `parse` gave: parsing that must give the same again. */
  readonly format?: (value: never) => Uint8Array | string;
  /** True where only one sequence of bytes stands for a value: then `format` must give the very bytes that were parsed. */
  readonly isCanonical?: boolean;
  /** What of a value must be the same again; all of it unless given. */
  readonly essence?: (value: never) => unknown;
  /** Makes changed bytes pass the checksums in them, so that changes reach what lies behind. */
  readonly repair?: (bytes: Buffer) => void;
}

const text = (bytes: Buffer) => bytes.toString("utf8");
const bytesOf = (...texts: readonly string[]) => texts.map((it) => Buffer.from(it));
const MACHINES: readonly MachineName[] = ["laptop-nvme-lvm-luks", "raspberry", "live-iso", "sticks", "old-lsblk"];
const JSON_LIMITS = { maxBytes: 1 << 20, maxDepth: 32 };

/** The documents of the published vectors: good ones, and one for each way to be bad. */
function vectorDocuments(kind: string): Buffer[] {
  const files = readVectorIndex().filter((vector) => vector.kind === kind);
  return files.flatMap(({ file }) => {
    const { document } = (JSON.parse(readFileSync(join(VECTORS, file), "utf8")) as { files: VectorFiles }).files;
    if (document === undefined) return [];
    if ("text" in document) return [Buffer.from(document.text)];
    return "base64" in document ? [Buffer.from(document.base64, "base64")] : []; // others are large
  });
}

const image = await buildImage({ version: "42.3.1" });
const root = await rootEnvelope(ROOT_DRAFTS["two-of-three"]?.draft as never, ["root-a", "root-b"]);
const key = testKey("release-a");
const config = image.blobs.find((blob) => blob.includes('"rootfs"')) ?? Buffer.alloc(0);
const manifest = image.blobs.find((blob) => blob.includes('"layers":')) ?? Buffer.alloc(0);
const index = JSON.stringify({
  schemaVersion: 2,
  mediaType: "application/vnd.oci.image.index.v1+json",
  manifests: [{ ...image.manifest, annotations: { "org.opencontainers.image.ref.name": "release" } }],
});

const { version, digest } = parseRoot(root);
const trustState = {
  ...INITIAL_TRUST_STATE,
  root: { version, digest, envelope: text(root) },
  chain: [{ version, digest }],
  floors: { "kiosk-os": { sequence: 42, payloadDigest: image.manifest.digest } },
};

const receiptDocuments = vectorDocuments("receipt");
const visitDocuments = vectorDocuments("visit");
const COLLECTED = { atUtc: "2026-11-25T12:00:00Z", from: "/media/usb", medium: "0a".repeat(16) };
const ABOUT_DEVICE = { ...COLLECTED, device: "0b".repeat(16) };

const TRUST: readonly ParserUnderTest[] = [
  { name: "statement", seeds: vectorDocuments("statement"), parse: parseStatement, format: formatStatement },
  {
    name: "envelope",
    seeds: vectorDocuments("envelope"),
    parse: parseEnvelope,
    format: formatEnvelope,
    essence: (envelope: ReturnType<typeof parseEnvelope>) => formatEnvelope(envelope), // which sorts signatures
  },
  { name: "root", seeds: [root, ...vectorDocuments("root")], parse: (bytes) => parseRoot(bytes).document },
  {
    name: "root file",
    seeds: [root, ...vectorDocuments("root")],
    parse: (bytes) => newestOf(parseRootFile(bytes)).document,
  },
  {
    name: "trust state",
    seeds: bytesOf(formatTrustState(trustState), '{"version":1,"floors":{},"timeFloorUtc":null,"rootVersion":0}'),
    parse: (bytes) => parseTrustState(bytes, "trust.json"),
    format: formatTrustState,
  },
  {
    name: "root document",
    seeds: [parseEnvelope(root).payload],
    parse: parseRootDocument,
    format: formatRootDocument,
  },
  {
    name: "ledger line",
    seeds: [
      ...receiptDocuments
        .slice(0, 1)
        .map((bytes) => Buffer.from(formatLedgerLine(receiptEntry(parseEnvelope(bytes), COLLECTED)))),
      ...visitDocuments
        .slice(0, 1)
        .map((bytes) => Buffer.from(formatLedgerLine(visitEntry(parseEnvelope(bytes), COLLECTED)))),
      ...bytesOf(formatLedgerLine({ ...ABOUT_DEVICE, kind: "key", publicKey: key.publicKey, how: "given" })),
      ...bytesOf(
        formatLedgerLine({
          ...ABOUT_DEVICE,
          kind: "finding",
          class: "fork",
          message: "two",
          serials: [2],
          digests: [digest],
        }),
      ),
    ],
    parse: parseLedgerLine,
    format: formatLedgerLine,
    essence: formatLedgerLine, // which writes envelopes as they are read
  },
  { name: "receipt", seeds: [formatReceipt(makeReceipt())], parse: parseReceipt, format: formatReceipt },
  {
    name: "visit",
    seeds: vectorDocuments("visit").map((bytes) => parseEnvelope(bytes).payload),
    parse: parseVisit,
    format: formatVisit,
  },
  { name: "medium id", seeds: bytesOf(formatMediumId("ab".repeat(16))), parse: parseMediumId, format: formatMediumId },
  {
    name: "public key in PEM",
    seeds: bytesOf(formatPublicKeyPem(key.publicKey)),
    parse: (bytes) => parsePublicKeyPem(text(bytes)),
    format: formatPublicKeyPem,
  },
  {
    name: "public key in DER",
    seeds: [formatPublicKeyDer(key.publicKey)],
    parse: parsePublicKeyDer,
    format: formatPublicKeyDer,
    isCanonical: true,
  },
  {
    name: "private key",
    seeds: bytesOf(formatPrivateKeyPem(key)),
    parse: (bytes) => parsePrivateKeyPem(text(bytes), "a passphrase"),
    format: (it: ReturnType<typeof parsePrivateKeyPem>) => formatPrivateKeyPem(it),
    essence: (it: ReturnType<typeof parsePrivateKeyPem>) => it.seed(),
  },
];

const OCI: readonly ParserUnderTest[] = [
  {
    name: "strict JSON",
    seeds: bytesOf('{"a":[1,-2.5e3,true,null,"\\u00e9\\n"],"b":{"a":{}}}', "[[[]]]", '"x"', "0", index),
    parse: (bytes) => parseStrictJson(bytes, "document", JSON_LIMITS),
    format: (value: unknown) => JSON.stringify(value),
    essence: (value: unknown) => JSON.stringify(value), // in which -0 is 0
  },
  {
    name: "index",
    seeds: bytesOf(index),
    parse: (bytes) => parseIndex(bytes),
    format: formatIndex,
    essence: formatIndex, // which sorts entries
  },
  {
    name: "object list",
    seeds: [packFixture({ subject: image.manifest, tree: image.tree.composefs, files: ["x".repeat(70), "y"] }).list],
    parse: parseObjectList,
    format: formatObjectList,
  },
  { name: "manifest", seeds: [manifest], parse: (bytes) => parseManifest(bytes) },
  { name: "config", seeds: [config], parse: (bytes) => parseConfig(bytes) },
  { name: "digest", seeds: bytesOf(image.manifest.digest), parse: (bytes) => parseDigest(text(bytes)), format: String },
];

const TREE: readonly ParserUnderTest[] = [
  { name: "tar", seeds: SMALL_LAYERS, parse: treeOfLayer, repair: sumHeaders },
  {
    name: "PAX",
    seeds: bytesOf(paxRecord("path", "a/b") + paxRecord("mtime", "-1.5") + paxRecord("size", "4096")),
    parse(bytes) {
      const records = parsePaxRecords(bytes);
      const size = records.get("size");
      const mtime = records.get("mtime");
      return [records, size && parsePaxNumber(size, "size"), mtime && parsePaxTime(mtime, "mtime")];
    },
  },
  {
    name: "EROFS",
    seeds: [...PINNED_TREES.map(({ tree }) => writeImage(tree)), zstdDecompressSync(image.blobs.at(-1) ?? Buffer.of())],
    parse: (bytes) => readImage(bytes),
    format: writeImage,
    isCanonical: true,
  },
  {
    name: "composefs digest",
    seeds: bytesOf(image.tree.composefs),
    parse: (bytes) => parseImageDigest(text(bytes)),
    format: String,
  },
  {
    name: "object digest",
    seeds: bytesOf("0123456789abcdef".repeat(4)),
    parse: (bytes) => parseContentDigest(text(bytes)),
    format: String,
  },
];

const DEVICE: readonly ParserUnderTest[] = [
  {
    name: "boot entry",
    seeds: bytesOf('title "Kiosk"\nversion 7\n# note\nlinux /bootferry/x/vmlinuz\noptions rw quiet\noptions a=b\n'),
    parse: (bytes) => parseBlsEntry(text(bytes).replaceAll("\0", "")), // a file of text, to whoever writes it again
    format: formatBlsEntry,
  },
  {
    name: "boot counter",
    seeds: bytesOf("bootferry-ab12+3.conf", "bootferry-ab12+2-1.conf", "x.conf"),
    parse: (bytes) => parseBootCounter(text(bytes)) ?? { stem: "none", counter: undefined },
    format: formatBootCounter,
  },
  {
    name: "grubenv",
    seeds: [
      formatGrubEnvironment(
        new Map([
          ["boot_counter", "3"],
          ["saved_entry", "a\\b\nc"],
          ["boot_success", "0"],
        ]),
      ),
    ],
    parse: parseGrubEnvironment,
    format: formatGrubEnvironment,
  },
  {
    name: "environment of U-Boot",
    seeds: [sumEnvironment(Buffer.from("\0\0\0\0bootcount=1\0upgrade_available=1\0\0", "latin1"))],
    parse: (bytes) => parseUBootEnvironment([bytes]),
    repair: sumEnvironment,
  },
  {
    name: "fw_env.config",
    seeds: bytesOf("# device offset size\n/dev/mmcblk0 0x400000 0x4000\n/dev/mmcblk0 -0x8000 0x4000\n"),
    parse: (bytes) => parseFwEnvConfig(text(bytes)),
  },
  {
    name: "agent.toml",
    seeds: bytesOf(
      '[device]\ncompatible = "acme"\narchitecture = "amd64"\n[follow]\nname = "kiosk-os"\n[store]\nfs-verity = "off"\n',
    ),
    parse: (bytes) => parseAgentConfig(bytes, toAbsPath("/etc/bootferry/agent.toml")),
  },
  { name: "lsblk", seeds: MACHINES.map((it) => Buffer.from(lsblkOf(it))), parse: (bytes) => parseLsblk(text(bytes)) },
  {
    name: "blkid",
    seeds: bytesOf("ID_FS_TYPE=vfat\nID_FS_LABEL_ENC=BOOT\\x20FERRY\nID_FS_UUID_ENC=12-34\nID_PART_TABLE_TYPE=gpt\n"),
    parse: (bytes) => parseBlkid(text(bytes)),
  },
  { name: "LUKS header", seeds: bytesOf(luksHeader()), parse: (bytes) => checkLuksHeader(text(bytes), "/dev/x", 128) },
];

function sumEnvironment(bytes: Buffer): Buffer {
  if (bytes.length >= 4) bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  return bytes;
}

export const PARSERS: readonly ParserUnderTest[] = [...TRUST, ...OCI, ...TREE, ...DEVICE];

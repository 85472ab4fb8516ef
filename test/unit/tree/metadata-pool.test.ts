import { expect, it } from "vitest";
import { metadataPool } from "../../../src/tree/metadata-pool.ts";
import { metadata, xattrs } from "../../support/tree-fixtures.ts";

it("gives back equal metadata that it has seen, and nothing else", () => {
  const pooled = metadataPool();
  const first = pooled(metadata({ mode: 0o600, uid: 1, gid: 2, mtimeSeconds: 3 }));
  expect(pooled(metadata({ mode: 0o600, uid: 1, gid: 2, mtimeSeconds: 3 }))).toBe(first);
  for (const change of [{ mode: 0o601 }, { uid: 9 }, { gid: 9 }, { mtimeSeconds: 9 }]) {
    const other = { ...first, ...change };
    expect(pooled(other)).toBe(other);
  }
});

it("never shares metadata with attributes", () => {
  const pooled = metadataPool();
  const withAttributes = () => metadata({ xattrs: xattrs({ "user.a": "1" }) });
  expect(pooled(withAttributes())).not.toBe(pooled(withAttributes()));
});

it("stays quick with a great many owners at one time", () => {
  const pooled = metadataPool();
  for (let uid = 0; uid < 100_000; uid++) expect(pooled(metadata({ uid })).uid).toBe(uid);
});

/** Random numbers that a seed repeats (Mulberry32), and bytes changed at random. */

export interface Random {
  /** A whole number of 0 … `limit` - 1. */
  below(limit: number): number;
}

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return {
    below(limit) {
      state = (state + 0x6d2b79f5) >>> 0;
      let bits = Math.imul(state ^ (state >>> 15), state | 1);
      bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
      return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * limit);
    },
  };
}

const MAX_BYTES = 64 << 10;
const BLOCK_BYTES = 512;
/** What parsers give a meaning to: separators, ends, signs, numbers at the edges of their types. */
const TOKENS = [
  ...[
    "\0",
    "\0\0",
    "/",
    "..",
    "../",
    ".",
    ".wh.",
    ".wh..wh..opq",
    "=",
    "\n",
    "\\",
    '"',
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "-",
    "+",
  ],
  ...[
    "-1",
    "0",
    "1e999",
    "4294967296",
    "9007199254740993",
    "18446744073709551616",
    "null",
    "true",
    "__proto__",
    "\\u0000",
    "\\ud800",
    "1",
    "2",
  ],
  ...[
    "\x80\xff\xff\xff\xff\xff\xff\xff",
    "\xff\xff\xff\xff",
    "\x00\x00\x00\x80",
    "\xef\xbb\xbf",
    "\xed\xa0\x80",
    "\xc0\xaf",
  ],
  ...[
    "sha256:",
    "ustar\x0000",
    "ustar  \0",
    "path=",
    "size=",
    "SCHILY.xattr.",
    "GNU.sparse.",
    "trusted.overlay.redirect",
  ],
].map((token) => Buffer.from(token, "latin1"));

/** A changed copy of `bytes`: one to eight changes, now and then with parts of another document. */
export function mutate(bytes: Buffer, random: Random, other: Buffer): Buffer {
  let result: Buffer = Buffer.from(bytes);
  for (let count = 1 + random.below(random.below(8) + 1); count > 0; count--) result = change(result, random, other);
  return result.length > MAX_BYTES ? result.subarray(0, MAX_BYTES) : result;
}

function change(bytes: Buffer, random: Random, other: Buffer): Buffer {
  const at = random.below(bytes.length + 1);
  const token = TOKENS[random.below(TOKENS.length)] ?? Buffer.alloc(0);
  switch (random.below(9)) {
    case 0:
      return withByte(bytes, at, (byte) => byte ^ (1 << random.below(8)));
    case 1:
      return withByte(bytes, at, () => random.below(256));
    case 2:
      return withByte(bytes, at, (byte) => byte + random.below(33) - 16);
    case 3:
      return replaced(bytes, at, 0, token);
    case 4:
      return replaced(bytes, at, token.length, token);
    case 5:
      return replaced(bytes, at, random.below(random.below(bytes.length + 1) + 1), Buffer.alloc(0));
    case 6: {
      const from = random.below(bytes.length + 1);
      return replaced(bytes, at, 0, bytes.subarray(from, from + random.below(64)));
    }
    case 7: {
      const from = random.below(other.length + 1);
      return replaced(bytes, at, random.below(64), other.subarray(from, from + random.below(256)));
    }
    default: {
      // A whole block of an archive or an image, taken away, doubled or brought in.
      const start = at - (at % BLOCK_BYTES);
      const from = random.below(other.length / BLOCK_BYTES + 1) * BLOCK_BYTES;
      const block = other.subarray(from, from + BLOCK_BYTES);
      return replaced(bytes, start, random.below(2) * BLOCK_BYTES, random.below(3) === 0 ? Buffer.alloc(0) : block);
    }
  }
}

function withByte(bytes: Buffer, at: number, of: (byte: number) => number): Buffer {
  if (at < bytes.length) bytes[at] = of(bytes[at] ?? 0);
  return bytes;
}

function replaced(bytes: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]);
}

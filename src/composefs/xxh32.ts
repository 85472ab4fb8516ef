/** XXH32 (xxHash specification 0.1.1): the hash of EROFS's filter of xattr names. */

const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;
const STRIPE_BYTES = 16;

/** @returns 32 bits, unsigned */
export function xxh32(bytes: Buffer, seed: number): number {
  let at = 0;
  let hash: number;
  if (bytes.length >= STRIPE_BYTES) {
    const lanes: [number, number, number, number] = [seed + PRIME_1 + PRIME_2, seed + PRIME_2, seed, seed - PRIME_1];
    for (; at + STRIPE_BYTES <= bytes.length; at += STRIPE_BYTES) {
      lanes[0] = round(lanes[0], bytes.readUInt32LE(at));
      lanes[1] = round(lanes[1], bytes.readUInt32LE(at + 4));
      lanes[2] = round(lanes[2], bytes.readUInt32LE(at + 8));
      lanes[3] = round(lanes[3], bytes.readUInt32LE(at + 12));
    }
    hash = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) + rotate(lanes[3], 18);
  } else {
    hash = seed + PRIME_5;
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4)
    hash = Math.imul(rotate(hash + Math.imul(bytes.readUInt32LE(at), PRIME_3), 17), PRIME_4);
  for (; at < bytes.length; at++) hash = Math.imul(rotate(hash + Math.imul(bytes.readUInt8(at), PRIME_5), 11), PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function round(lane: number, input: number): number {
  return Math.imul(rotate(lane + Math.imul(input, PRIME_2), 13), PRIME_1);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

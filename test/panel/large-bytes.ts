/** Of the content of a large release. */
export const LARGE_BYTES = 48 << 20;

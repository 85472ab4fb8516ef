/** One file of a support archive, and how large archives may be. */

/** In an archive there are no directories and no odd names: whoever opens it writes plain files into one directory. */
export interface SupportFile {
  readonly name: string;
  readonly bytes: Buffer;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,119}$/;

export function isSupportFileName(name: string): boolean {
  return NAME.test(name);
}

/** The manifest comes first. */
export const MANIFEST_NAME = "manifest.json";

export const ARCHIVE_LIMITS = {
  /** The end of a longer one is kept. Ten times what a busy year of the agent writes. */
  fileBytes: 8 << 20,
  files: 200,
  /** Of all files together. A stick has room for it beside a release, and a device holds it in memory. */
  totalBytes: 64 << 20,
  /** Compressed and encrypted. */
  archiveBytes: 80 << 20,
} as const;

/** Where words go: standard output, standard error, or what a test puts in their place. */

/** The part of a TTY stream that we use. */
export interface TextSink extends NodeJS.WritableStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
}

/** A bar for work that tells how far it has come: it opens with the first word, and anew when the work begins another part. */
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";

export interface ByteProgress extends Disposable {
  readonly onProgress: (bytesDone: number, bytesTotal: number) => void;
}

export function byteProgress({ openProgress }: Pick<Output, "openProgress">, label: string): ByteProgress {
  let bar: (Progress & { readonly totalBytes: number }) | undefined;
  let shownBytes = 0;
  const close = () => {
    bar?.[Symbol.dispose]();
    bar = undefined;
  };
  return {
    onProgress(bytesDone, bytesTotal) {
      if (bar?.totalBytes !== bytesTotal || bytesDone < shownBytes) {
        close();
        bar = Object.assign(openProgress(label, bytesTotal), { totalBytes: bytesTotal });
        shownBytes = 0;
      }
      bar.advance(bytesDone - shownBytes);
      shownBytes = bytesDone;
    },
    [Symbol.dispose]: close,
  };
}

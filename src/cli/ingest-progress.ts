/** Progress of storing an image: one bar for checking what is there, one for reading the medium. */
import type { IngestProgress } from "../store/ingest.ts";
import type { Output } from "./output.ts";
import type { Progress } from "./progress.ts";

const LABEL: Readonly<Record<IngestProgress["phase"], string>> = {
  checking: "checking what is on the device",
  reading: "reading the medium",
};

export interface IngestProgressBar extends Disposable {
  readonly show: (progress: IngestProgress) => void;
}

export function ingestProgress(output: Output): IngestProgressBar {
  let bar: { readonly phase: IngestProgress["phase"]; readonly progress: Progress; shownBytes: number } | undefined;
  const close = () => bar?.progress[Symbol.dispose]();
  return {
    show({ phase, bytesDone, bytesTotal }) {
      if (bar?.phase !== phase) {
        close();
        bar = { phase, progress: output.openProgress(LABEL[phase], bytesTotal), shownBytes: 0 };
      }
      bar.progress.advance(bytesDone - bar.shownBytes);
      bar.shownBytes = bytesDone;
    },
    [Symbol.dispose]: close,
  };
}

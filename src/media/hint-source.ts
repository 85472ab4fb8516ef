/**
 * Where a hint comes from that block devices may have changed. A hint carries nothing: what is there is always asked of
 * lsblk, so a source that says too much costs a look and a source that misses something costs some seconds.
 */
export interface HintSource {
  readonly name: string;
  /** Calls `hint` from now on. Undefined, never an error, when this machine cannot do it. */
  open(hint: () => void, signal: AbortSignal): Promise<OpenHintSource | undefined>;
}

export interface OpenHintSource extends AsyncDisposable {
  /** False once it will give no more hints: the watcher then looks more often by itself. */
  isAlive(): boolean;
}

/** Opens the first source that works here; one that never hints when none does. */
export async function openFirstSource(
  sources: readonly HintSource[],
  hint: () => void,
  signal: AbortSignal,
): Promise<OpenHintSource & { readonly name: string }> {
  for (const source of sources) {
    const opened = await source.open(hint, signal);
    if (opened === undefined) continue;
    return {
      name: source.name,
      isAlive: () => opened.isAlive(),
      [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
    };
  }
  return { name: "polling", isAlive: () => false, [Symbol.asyncDispose]: () => Promise.resolve() };
}

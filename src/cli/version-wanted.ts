/** The one question that is answered before anything is loaded. */
const VERSION_OPTIONS: readonly (string | undefined)[] = ["--version", "-V"];

/** @param argv of the process, with its program and, where there is one, its script */
export function isVersionWanted(argv: readonly string[]): boolean {
  return VERSION_OPTIONS.includes(argv[2]);
}

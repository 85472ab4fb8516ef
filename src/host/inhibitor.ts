/**
 * Keeps the machine from shutting down and sleeping for a while, through logind (systemd-inhibit(1)).
 *
 * A courtesy and not a lock: who may force a shutdown can, and so can a power switch. Whoever uses it must come out right
 * without it as well; it closes the gap against everybody who asks in the ordinary way. systemd-inhibit is not put before
 * the command that it covers, since it closes all files that a command was to inherit; its lock is held beside it, and
 * ends when our end of its standard input closes, also when we crash.
 */

/** Disposing lets the machine go again. */
export type OpenInhibitor = (why: string) => Promise<AsyncDisposable>;

const HOLD = "trap '' HUP INT TERM; echo held; exec cat";

/** The inhibitor of this machine. Where logind does not answer there is none, and nothing is held. */
export const openInhibitorOnHost: OpenInhibitor = async (why) => {
  const { execa } = await import("execa"); // late, as in exec.ts
  const options = ["--what=shutdown:sleep", "--mode=block", "--who=bootferry", `--why=${why}`];
  const child = execa("systemd-inhibit", [...options, "sh", "-c", HOLD], {
    reject: false,
    stderr: "ignore",
    env: { LC_ALL: "C" },
  });
  await Promise.race([new Promise<void>((resolve) => child.stdout.once("data", () => resolve())), child]);
  return {
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await child;
    },
  };
};

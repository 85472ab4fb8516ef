/** A person goes back to the other system by hand. */
import type { Machine } from "./machine.ts";

const BUSY = 7;
const SECONDS = 90;

/** Makes the other deployment the next boot, reboots, and waits until it is up. */
export async function goBack(device: Machine): Promise<void> {
  // The agent may still be at work on what it has just confirmed: the command says so, and a person tries again.
  const said = await device.until("the agent lets go of its lock", SECONDS, async () => {
    const { status, output } = await device.tryRun("bootferry os rollback 2>&1");
    if (status === BUSY) return undefined;
    if (status !== 0) throw new Error(`bootferry os rollback ended with ${status}:\n${output}`);
    return output;
  });
  if (!said.includes("Next boot: rollback deployment")) throw new Error(`not what a person wants to read:\n${said}`);
  await device.rebootOrderly();
}

/** The command channel into a guest: its other end is guest/files/channel, a shell on the second serial port. */
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

export interface CommandResult {
  readonly status: number;
  /** stdout and stderr, as they came. */
  readonly output: string;
}

/** Commands run one after the other; nothing is answered before the guest has said READY. */
export class Channel {
  readonly #socket: Socket;
  readonly #answers: ((result: CommandResult) => void)[] = [];
  /** The guest's boot id, once the channel is up. */
  bootId: string | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on("line", (line) => this.#hear(line));
  }

  #hear(line: string): void {
    const ready = /READY ([0-9a-f-]+)/.exec(line);
    const done = /DONE (\d+) ?([A-Za-z0-9+/=]*)/.exec(line);
    if (ready !== null) this.bootId = ready[1];
    else if (done !== null) {
      const output = Buffer.from(done[2] ?? "", "base64").toString("utf8");
      this.#answers.shift()?.({ status: Number(done[1]), output });
    }
  }

  /** Runs a bash script in the guest. Never settles when the guest does not answer: the caller keeps the time. */
  run(script: string): Promise<CommandResult> {
    return new Promise((resolve) => {
      this.#answers.push(resolve);
      this.#socket.write(`${Buffer.from(script).toString("base64")}\n`);
    });
  }
}

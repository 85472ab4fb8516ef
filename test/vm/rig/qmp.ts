/**
 * A client of QEMU's machine protocol (QMP): one JSON object a line, answers in the order of the commands, events in between.
 * @see https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
import type { Socket } from "node:net";
import { createInterface } from "node:readline";

export interface QmpEvent {
  readonly event: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface QmpMessage {
  readonly QMP?: unknown;
  readonly event?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly return?: unknown;
  readonly error?: { readonly class: string; readonly desc: string };
}

interface Waiting {
  readonly command: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface Qmp {
  /** @throws what QEMU answered, with the command */
  execute(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  readonly events: readonly QmpEvent[];
}

/** Speaks QMP on a connected socket; capabilities are negotiated. A socket that closes fails what is under way. */
export async function openQmp(socket: Socket): Promise<Qmp> {
  const waiting: Waiting[] = [];
  const events: QmpEvent[] = [];
  let greet: () => void = () => undefined;
  const greeting = new Promise<void>((resolve) => {
    greet = resolve;
  });
  createInterface({ input: socket }).on("line", (line) => {
    const message: QmpMessage = JSON.parse(line);
    if (message.QMP !== undefined) greet();
    else if (message.event !== undefined)
      events.push({ event: message.event, ...(message.data && { data: message.data }) });
    else {
      const first = waiting.shift();
      if (message.error === undefined) first?.resolve(message.return);
      else first?.reject(new Error(`QEMU refuses ${first.command}: ${message.error.desc}`));
    }
  });
  socket.on("close", () => {
    for (const { command, reject } of waiting.splice(0)) reject(new Error(`QEMU ended during ${command}`));
  });
  const execute = (command: string, args: Readonly<Record<string, unknown>> = {}) =>
    new Promise<unknown>((resolve, reject) => {
      if (socket.destroyed) return reject(new Error(`QEMU has ended: ${command} cannot be sent`));
      waiting.push({ command, resolve, reject });
      socket.write(`${JSON.stringify({ execute: command, arguments: args })}\n`);
    });
  await greeting;
  await execute("qmp_capabilities");
  return { execute, events };
}

/** Asks the panel of a guest, from inside: it listens on the guest's loopback address alone, and there is no curl. */
import type { Machine } from "./machine.ts";

const PORT = 8372;

export interface PanelAnswer {
  readonly status: number;
  readonly body: string;
}

/** @param host what the request says that it is for */
export async function askPanel(device: Machine, path: string, host = `127.0.0.1:${PORT}`): Promise<PanelAnswer> {
  const request = `GET ${path} HTTP/1.1\\r\\nHost: ${host}\\r\\nConnection: close\\r\\n\\r\\n`;
  const answer = await device.run(`exec 3<>/dev/tcp/127.0.0.1/${PORT} && printf '${request}' >&3 && cat <&3`);
  const [head = "", ...rest] = answer.split("\r\n\r\n");
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), body: rest.join("\r\n\r\n") };
}

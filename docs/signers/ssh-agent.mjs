#!/usr/bin/env node
/**
 * Signs by an ed25519 key that ssh-agent holds (or a token behind it), through the agent's protocol
 * (draft-ietf-sshm-ssh-agent). Node 20 or later; nothing else.
 *
 *     ssh-agent.mjs public KEY.pub > release.pub      # the OpenSSH public key as the PEM that bootferry reads
 *     --signer 'release.pub=./ssh-agent.mjs sign release.pub'
 *
 * The agent signs the bytes as they are, which is what bootferry wants. `ssh-keygen -Y sign` does not: it makes SSHSIG,
 * a signature over something else. Do not use the key for logging in as well.
 */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createConnection } from "node:net";

const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex"); // RFC 8410; the 32 bytes of the key follow

const string = (bytes) => {
  const content = Buffer.from(bytes);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
};

/** The strings of a sequence of strings (RFC 4251, section 5). */
function strings(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    found.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  }
  return found;
}

function publicPem(file) {
  const [type, encoded = ""] = readFileSync(file, "utf8").split(" ");
  if (type !== "ssh-ed25519") throw new Error(`${file}: expected an OpenSSH key of type ssh-ed25519`);
  const [, raw] = strings(Buffer.from(encoded, "base64"));
  return `-----BEGIN PUBLIC KEY-----\n${Buffer.concat([SPKI_PREFIX, raw]).toString("base64")}\n-----END PUBLIC KEY-----\n`;
}

async function sign(pemFile, message) {
  const pem = readFileSync(pemFile, "utf8").replace(/-----[^-]+-----|\s/g, "");
  const raw = Buffer.from(pem, "base64").subarray(SPKI_PREFIX.length);
  const key = Buffer.concat([string("ssh-ed25519"), string(raw)]);
  const flags = Buffer.alloc(4);
  const answer = await ask(Buffer.concat([Buffer.of(SIGN_REQUEST), string(key), string(message), flags]));
  if (answer[0] !== SIGN_RESPONSE)
    throw new Error(`ssh-agent refuses: does \`ssh-add -L\` list the key of ${pemFile}?`);
  const [blob] = strings(answer.subarray(1));
  const [, signature] = strings(blob);
  return signature;
}

/** Sends one message to the agent and reads the one that it answers. */
async function ask(message) {
  const path = process.env.SSH_AUTH_SOCK;
  if (!path) throw new Error("SSH_AUTH_SOCK is not set: start ssh-agent and add the key with ssh-add");
  const socket = createConnection(path);
  await once(socket, "connect");
  socket.write(string(message));
  let answer = Buffer.alloc(0);
  for await (const chunk of socket) {
    answer = Buffer.concat([answer, chunk]);
    if (answer.length >= 4 && answer.length >= 4 + answer.readUInt32BE(0)) break;
  }
  const [whole] = strings(answer);
  return whole;
}

const [verb, file] = process.argv.slice(2);
try {
  if (verb === "public" && file) process.stdout.write(publicPem(file));
  else if (verb === "sign" && file) process.stdout.write(await sign(file, readFileSync(0)));
  else throw new Error("usage: ssh-agent.mjs public KEY.pub | ssh-agent.mjs sign PUBLIC.pem < MESSAGE");
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

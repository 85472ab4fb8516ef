/**
 * A signed receipt for each attempt that has ended, and one when the device has made its key. Like the line in history, a
 * receipt that a power cut prevented is made at the next start.
 *
 * Nothing depends on them: what keeps a receipt from being written is a note in history, and never a reason to stop.
 */
import type { BootFacts, DeploymentFacts } from "../deploy/port.ts";
import { CodedError } from "../error.ts";
import type { Digest } from "../oci/digest.ts";
import { parseAbsPath } from "../path.ts";
import {
  MAX_HELD,
  MAX_LABEL_CHARACTERS,
  MAX_REASON_CHARACTERS,
  MAX_REFUSED,
  type Receipt,
  type ReceiptRelease,
} from "../receipt/receipt.ts";
import { appendReceipt, hasReceiptOf, openReceiptChain, type ReceiptDraft } from "../receipt/receipt-chain.ts";
import { generatePrivateKey } from "../trust/keys.ts";
import { plainText } from "../trust/plain-text.ts";
import type { TrustState } from "../trust/state.ts";
import { readTrustCopies } from "../trust/state-copies.ts";
import { formatUtcTime } from "../trust/utc-time.ts";
import { floorsFoundAgain } from "./floors.ts";
import { describeHealth } from "./health-report.ts";
import { type EndedJournal, isEnded } from "./journal.ts";
import { noteOnce } from "./note-once.ts";
import type { ReleaseFacts } from "./release-facts.ts";
import type { AgentPorts, Session } from "./session.ts";
import { readTrust, trustStateFiles } from "./trust-memory.ts";
import { evaluatePermission, heldReleases, peekVerdicts } from "./verdicts.ts";

const MACHINE_ID = parseAbsPath("/etc/machine-id");
const HOST_NAMES = ["/etc/hostname", "/proc/sys/kernel/hostname"].map(parseAbsPath);

/** Makes what is missing: the first receipt of this device, and that of the attempt that has ended. Never fails. */
export async function settleReceipts(session: Pick<Session, "ports" | "journal" | "bootId" | "note">): Promise<void> {
  const { ports, journal, bootId, note } = session;
  const { stateDirectory } = ports.paths;
  try {
    let chain = openReceiptChain({
      stateDirectory,
      machineId: (await ports.files.readFile(MACHINE_ID))?.toString("utf8"),
      makeKey: generatePrivateKey,
      onDamaged: (why) => note("receipt", why),
    });
    if (chain.head === undefined) chain = await appendReceipt(stateDirectory, chain, await enrolment(ports, bootId));
    if (!isEnded(journal) || hasReceiptOf(stateDirectory, chain, journal.attempt)) return;
    await appendReceipt(stateDirectory, chain, await receiptOf(ports, journal, bootId));
  } catch (error) {
    ports.signal?.throwIfAborted(); // the next start makes up for it
    // Whatever it is, also a mistake of ours: a system that is well must be confirmed all the same.
    noteOnce(session, `no receipt could be written: ${error instanceof Error ? error.message : error}`);
  }
}

async function enrolment(ports: AgentPorts, bootId: string | null): Promise<ReceiptDraft> {
  return {
    ...(await standing(ports)),
    ...{ atUtc: formatUtcTime(ports.clock.nowUtc()), isClockTrusted: await isClockTrusted(ports), bootId },
    ...{ attempt: null, outcome: "enrolled", release: null, reason: null, health: null },
  };
}

async function receiptOf(ports: AgentPorts, journal: EndedJournal, bootId: string | null): Promise<ReceiptDraft> {
  const { attempt, state, release, reason, health, updatedAtUtc } = journal;
  return {
    ...(await standing(ports)),
    atUtc: formatUtcTime(new Date(updatedAtUtc)),
    // The time is that of the outcome: what the clock is worth now says nothing of a boot before.
    isClockTrusted: journal.bootId === bootId && (await isClockTrusted(ports)),
    ...{ bootId: journal.bootId, attempt, outcome: state, release: release && receiptRelease(release) },
    reason: reason && {
      code: reason.code,
      message: plainText(reason.message, MAX_REASON_CHARACTERS),
      remedy: plainText(reason.remedy, MAX_REASON_CHARACTERS),
    },
    health: health && plainText(describeHealth(health), MAX_REASON_CHARACTERS),
  };
}

async function isClockTrusted({ synchronisedNowUtc }: AgentPorts): Promise<boolean> {
  return (await synchronisedNowUtc()) !== undefined;
}

type Standing = Pick<
  Receipt,
  "running" | "held" | "follows" | "floors" | "root" | "refusedReleases" | "agentVersion"
> & { readonly device: ReceiptDraft["device"] };

/** How the device stands now. */
async function standing(ports: AgentPorts): Promise<Standing> {
  const { backend, config, paths, agentVersion } = ports;
  const facts = await backend.bootFacts();
  const { state, root } = await readStandingTrust(ports, facts);
  const verdicts = peekVerdicts(paths.stateDirectory);
  const { name } = config.follow;
  const floor = Object.hasOwn(state.floors, name) ? state.floors[name] : undefined; // a name may be "constructor"
  const refused = heldReleases(verdicts)
    .map(([payloadDigest]) => payloadDigest as Digest) // as the schema of verdicts has checked
    .filter((payloadDigest) => evaluatePermission(verdicts, payloadDigest).kind !== "may-try");
  return {
    device: {
      name: config.device.id ?? null,
      label: config.device.label ?? (await hostName(ports)),
      ...{ compatible: config.device.compatible, architecture: config.device.architecture, backend: backend.kind },
    },
    running: { release: releaseOf(facts.booted), deployment: facts.booted?.id ?? null },
    held: heldBy(facts).slice(0, MAX_HELD),
    follows: name,
    floors: {
      ...{ sequence: floor?.sequence ?? null, payloadDigest: floor?.payloadDigest ?? null },
      timeUtc: state.timeFloorUtc,
    },
    root: root && { version: root.version, digest: root.digest },
    refusedReleases: refused.slice(0, MAX_REFUSED),
    agentVersion,
  };
}

/** A device without a root has its receipts as well. */
async function readStandingTrust(
  ports: AgentPorts,
  facts: BootFacts,
): Promise<{ readonly state: TrustState; readonly root: Receipt["root"] }> {
  try {
    return await readTrust(ports, facts);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { state: readTrustCopies(trustStateFiles(ports.paths)).state ?? floorsFoundAgain(facts), root: null };
  }
}

function heldBy({ deployments }: BootFacts): Receipt["held"] {
  const trees = new Map(deployments.map(({ payloadDigest, imageDigest }) => [payloadDigest, imageDigest]));
  return [...trees].flatMap(([payloadDigest, tree]) => (payloadDigest === null ? [] : [{ payloadDigest, tree }]));
}

function releaseOf(deployment: DeploymentFacts | undefined): ReceiptRelease | null {
  const { release = null, payloadDigest = null } = deployment ?? {};
  return release === null || payloadDigest === null ? null : { ...release, payloadDigest };
}

function receiptRelease({ name, version, sequence, payloadDigest }: ReleaseFacts): ReceiptRelease {
  return { name, version, sequence, payloadDigest };
}

async function hostName({ files, config }: AgentPorts): Promise<string> {
  for (const file of HOST_NAMES) {
    const text = await files.readFile(file);
    const line = text?.toString("utf8").split("\n")[0]?.trim() ?? "";
    if (line !== "") return plainText(line, MAX_LABEL_CHARACTERS);
  }
  return config.device.compatible;
}

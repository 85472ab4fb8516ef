/**
 * From a medium (or from what is kept of one) to a deployment that boots next:
 * choose → store → "you can remove the medium" → stage → second lock → activate → reboot policy.
 */
import type { MountedMedium } from "../bundle/medium.ts";
import type { Target } from "../bundle/statement.ts";
import type { VerifiedRelease } from "../bundle/verify-release.ts";
import type { StageProgress } from "../deploy/port.ts";
import type { StoredImage } from "../deploy/stored-image.ts";
import { CodedError, EXIT } from "../error.ts";
import { adoptRoots, chooseUnder, describeAdoption, planAdoption } from "./adopt-roots.ts";
import { readChoiceFacts } from "./choice-facts.ts";
import { chooseFromMedium, type MediumChoice } from "./choose-from-medium.ts";
import { endingOnError, endWith, isCoded, MAX_REFUSALS } from "./end-attempt.ts";
import { AgentError } from "./error.ts";
import { expectNoReceipts, expectReceipts } from "./expect-receipts.ts";
import type { JournalIn } from "./journal.ts";
import { keepRelease, openKeptRelease } from "./kept-release.ts";
import { openGuard } from "./medium-guard.ts";
import type { MediumOrigin } from "./medium-origin.ts";
import { type MediumSource, notOurs, type OpenSource, pathOf, withMedium } from "./medium-source.ts";
import { type Outcome, outcome, reasonOf } from "./outcome.ts";
import { activate, rebootByPolicy } from "./reboot.ts";
import type { ChosenRelease } from "./release-facts.ts";
import { requireTree } from "./required-tree.ts";
import { verifySecondLock } from "./second-lock.ts";
import type { Session } from "./session.ts";
import { storeRelease } from "./store-release.ts";
import { evaluatePermission } from "./verdicts.ts";

/** How far to go: `store` ends where the medium is no longer needed; another run, bound to no medium, goes on. */
export type Extent = "install" | "store";

/** Installs (or stores) the best release of the medium, or says why there is none. */
export async function installFromMedium(session: Session, source: MediumSource, extent: Extent): Promise<Outcome> {
  await session.enter("medium-given", {}, pathOf(source));
  let origin: MediumOrigin | undefined;
  const use = (opened: OpenSource) => {
    origin = opened.origin;
    return installFrom(session, opened, extent);
  };
  return endingOnError(session, async () => {
    try {
      return await withMedium(session.ports, source, use, openGuard(session));
    } catch (error) {
      if (isCoded(error, "MEDIA_REMOVED") && origin !== undefined) expectNoReceipts(session, origin);
      throw error;
    }
  });
}

async function installFrom(session: Session, opened: OpenSource, extent: Extent): Promise<Outcome> {
  await session.enter("medium-opened", {});
  const { ports } = session;
  const adoption = await planAdoption(opened.medium, await readChoiceFacts(ports), ports.signal);
  adoptRoots({ paths: ports.paths, note: session.note }, adoption);
  const adopted = describeAdoption(adoption, "run");
  const choice = await chooseUnder(opened.medium, adoption, adopted, ports.signal);
  if (choice.hasVerified && opened.origin !== undefined) expectReceipts(session, opened.origin, extent);
  const ended = await installChosen(session, opened, choice, extent);
  // What is "nothing" to install says it itself, on the device's screen too.
  return adopted === "" || choice.kind === "nothing" ? ended : { ...ended, message: `${adopted} ${ended.message}` };
}

async function installChosen(
  session: Session,
  opened: OpenSource,
  choice: MediumChoice,
  extent: Extent,
): Promise<Outcome> {
  const refusals = choice.refusals.slice(0, MAX_REFUSALS).map(reasonOf);
  if (choice.kind === "install") return { ...(await install(session, opened, choice, extent)), refusals };
  await requireThere(opened, choice.refusals);
  await opened.close(); // what people are told next is that they can remove it
  if (choice.kind === "refused") return endWith(session, choice.error, choice.refusals);
  await session.enter("nothing-to-do", {});
  session.show({ message: choice.message, why: choice.message });
  return { ...outcome(session.journal, "nothing", choice.message), refusals };
}

/** A release that could not be read is told with its reason, like any other; unless that is that the stick was pulled out. */
async function requireThere(opened: OpenSource, refusals: readonly CodedError[]): Promise<void> {
  const unread = refusals.find(({ exitStatus }) => exitStatus === EXIT.medium);
  if (unread !== undefined && (await opened.isGone())) throw unread;
}

async function install(
  session: Session,
  opened: OpenSource,
  choice: MediumChoice & { readonly kind: "install" },
  extent: Extent,
): Promise<Outcome> {
  const { release, target, envelope } = choice;
  keepRelease(session.ports.paths.stateDirectory, envelope); // before the state that relies on it
  await session.enter("release-chosen", { release: chosenRelease(session, release, target), restages: 0 });
  const { image, stored } = await store(session, opened, { release, target });
  if (extent === "store") return outcome(session.journal, "stored");
  return stage(session, image, stored);
}

/**
 * Installs the kept release once more, without a medium, when that is due: it fell back before its health was known, or
 * a person allowed it another try.
 * @returns undefined when nothing is due
 */
export async function retryKept(session: Session): Promise<Outcome | undefined> {
  if (!Object.values(session.verdicts.releases).some(({ retry }) => retry)) return undefined;
  const due = await findDueRelease(session);
  if (due === undefined) return undefined;
  const { medium, release, target } = due;
  await session.enter("kept-release-chosen", { release: chosenRelease(session, release, target), restages: 0 }, null);
  return endingOnError(session, async () => {
    const { image, stored } = await store(session, notOurs(medium), { release, target });
    return stage(session, image, stored);
  });
}

async function findDueRelease({ ports, verdicts }: Session) {
  const facts = await readChoiceFacts(ports);
  try {
    const medium = openKeptRelease(ports.paths.stateDirectory);
    const choice = medium && (await chooseFromMedium(medium, facts));
    if (medium === undefined || choice?.kind !== "install") return undefined;
    const permission = evaluatePermission(verdicts, choice.release.payloadDigest);
    const isDue = permission.kind === "may-try" && permission.isRetryDue;
    return isDue ? { medium, release: choice.release, target: choice.target } : undefined;
  } catch (error) {
    if (error instanceof CodedError) return undefined; // a kept release that cannot be read: the medium brings it again
    throw error;
  }
}

/** Stages what the journal says is stored: after a power cut, or once more because it never became bootable. */
export async function stageStored(session: Session, stored: JournalIn<"stored">): Promise<Outcome> {
  return endingOnError(session, async () => {
    const { medium, release, target } = await openKept(session, stored.release);
    const image = await storeRelease(session, medium, release, target); // digests all objects; reads nothing else
    return stage(session, image, stored);
  });
}

interface KeptRelease {
  readonly release: VerifiedRelease;
  readonly target: Target;
}

async function openKept(session: Session, chosen: ChosenRelease): Promise<KeptRelease & { medium: MountedMedium }> {
  const medium = openKeptRelease(session.ports.paths.stateDirectory);
  if (medium === undefined) {
    throw new AgentError(
      "AGENT_INTERRUPTED",
      `the signed release of ${chosen.name} ${chosen.version} is not on this device`,
    );
  }
  const choice = await chooseFromMedium(medium, await readChoiceFacts(session.ports));
  if (choice.kind === "refused") throw choice.error;
  if (choice.kind === "nothing" || choice.release.payloadDigest !== chosen.payloadDigest) {
    throw new AgentError("AGENT_INTERRUPTED", `the release that is kept is not ${chosen.name} ${chosen.version}`);
  }
  return { medium, release: choice.release, target: choice.target };
}

async function store(session: Session, { medium, close }: OpenSource, { release, target }: KeptRelease) {
  const chosen = chosenRelease(session, release, target);
  const { restages } = await session.enter("reading-started", { release: chosen, restages: 0 });
  const image = await storeRelease(session, medium, release, target);
  await close(); // before the state that says that it can be removed
  return { image, stored: await session.enter("contents-stored", { release: chosen, restages }) };
}

async function stage(
  session: Session,
  image: StoredImage,
  { release, restages }: JournalIn<"stored">,
): Promise<Outcome> {
  const { backend, signal } = session.ports;
  const onProgress = ({ bytesDone, bytesTotal }: StageProgress) =>
    session.showProgress({ phase: "deploying", label: "deploying", doneBytes: bytesDone, totalBytes: bytesTotal });
  const staged = await backend.stage(image, { signal, onProgress });
  // What is not what was signed must not stay where it could be activated.
  await takingBackOnError(session, () => verifySecondLock(backend, staged, release));
  signal?.throwIfAborted();
  const deployment = { id: staged.id, imageDigest: staged.imageDigest };
  const pending = await session.enter("deployment-staged", {
    release,
    deployment,
    restages,
    missedBoots: 0,
    health: null,
  });
  // A full boot partition may be noticed when the entry is there already: what the journal calls refused must not boot.
  await takingBackOnError(session, () => activate(session, staged));
  return rebootByPolicy(session, pending, { etc: "is-merged", isUrgent: false });
}

/** Runs a part; an error takes back what is staged, or armed, and goes on. An abort leaves it to the next start. */
async function takingBackOnError({ ports, note }: Session, part: () => Promise<void>): Promise<void> {
  try {
    await part();
  } catch (error) {
    ports.signal?.throwIfAborted();
    try {
      await ports.backend.unstage();
    } catch (second) {
      note("unstaging", second instanceof Error ? second.message : String(second)); // the first one is what must be seen
    }
    throw error;
  }
}

/** @throws StoreError STORE_TREE_ABSENT */
function chosenRelease(
  { ports }: Session,
  { statement, payloadDigest, manifestDigest }: VerifiedRelease,
  target: Target,
): ChosenRelease {
  const { name, version, sequence, createdAt } = statement;
  const tree = requireTree(ports.backend, statement, target);
  return {
    ...{ name, version, sequence, payloadDigest, createdAtUtc: createdAt },
    imageManifestDigest: target.image.digest,
    imageDigest: tree?.composefs ?? null,
    releaseManifestDigest: manifestDigest,
  };
}

import { ApiError } from "@bzzz/http";
import { utf8Decode } from "@bzzz/base";
import type { DecisionItemView, UcxiClient, VersionView } from "@bzzz/ucxi";
import { addressKey, nameOf, parseConcrete, parsePatch, type Patch, revisionOf } from "@bzzz/ucxl";
import { CliError } from "../errors.ts";

/** Decisions that are looked through for those about patches: all that a node lists. */
const MAX_DECISIONS = 1_000;

/** Where a patch stands: `draft` is not put to the vote, `open` to `undecided` are what its votes say, `submitted` is applied. */
export type PatchState = "draft" | NonNullable<DecisionItemView["state"]> | "submitted";

/** A patch and where it stands. */
export interface PatchView {
  readonly address: string;
  /** As it was put to the vote, whatever was written over it since. */
  readonly patch: Patch;
  /** Of exactly that version. */
  readonly version: VersionView;
  readonly state: PatchState;
  readonly decision: DecisionItemView | undefined;
  /** No other version of it was ever put to the vote, nor was there one before this. */
  readonly isFirst: boolean;
  /** The version of the target that came of it. */
  readonly submitted: string | undefined;
  /** Whether something else than its base stands at the target now. */
  readonly isOutdated: boolean;
  /** The newest version at the patch's address: what the next one is written over. */
  readonly latest: VersionView;
}

/** Decisions that may be about patches. */
export function patchDecisions(ucxi: UcxiClient, signal: AbortSignal): Promise<readonly DecisionItemView[]> {
  return ucxi.decisions({ limit: MAX_DECISIONS }, { signal });
}

/**
 * Reads a patch. The vote that counts is the newest one that its author called, for the version the vote names: who writes over a patch,
 * or calls a vote about a patch of somebody else, changes nothing.
 * @throws ApiError when it cannot be read; CliError "validation_failed" when it is no patch
 */
export async function readPatch(
  ucxi: UcxiClient,
  address: string,
  decisions: readonly DecisionItemView[],
  signal: AbortSignal,
): Promise<PatchView> {
  const key = keyOf(address);
  const { version: latest } = await ucxi.navigate(key, undefined, { signal });
  const { decision, version = latest, isOnly = false } = await voteOn(ucxi, key, decisions, signal);
  const patch = await patchAt(ucxi, version.citation, signal);
  if (!patch) throw new CliError("validation_failed", `Cannot read "${key}" as a patch: it is another kind of content`);
  const mark = latest.revision === version.revision ? undefined : await patchAt(ucxi, latest.citation, signal);
  const submitted = mark?.submitted !== undefined && await isApplied(ucxi, patch, mark.submitted, signal)
    ? mark.submitted
    : undefined;
  const target = submitted === undefined ? await latestAt(ucxi, patch.target, signal) : undefined;
  return {
    address: key,
    patch,
    version,
    state: submitted === undefined ? decision?.state ?? "draft" : "submitted",
    decision,
    isFirst: isOnly && version.n === 1,
    submitted,
    isOutdated: submitted === undefined && target?.revision !== baseRevision(patch),
    latest,
  };
}

/** The newest version at an address; undefined where nothing is. */
export async function latestAt(
  ucxi: UcxiClient,
  address: string,
  signal: AbortSignal,
): Promise<VersionView | undefined> {
  try {
    return (await ucxi.navigate(address, "*^", { signal })).version;
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** The revision a patch is meant for; undefined where nothing shall be. */
export function baseRevision({ base }: Patch): string | undefined {
  return base === undefined ? undefined : revisionOf(parseConcrete(base));
}

/** Whether that version of the target is what the patch says. */
export async function isApplied(
  ucxi: UcxiClient,
  patch: Patch,
  citation: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (keyOf(citation) !== keyOf(patch.target)) return false;
  return utf8Decode((await ucxi.get(citation, { signal })).bytes) === patch.content;
}

async function voteOn(
  ucxi: UcxiClient,
  key: string,
  decisions: readonly DecisionItemView[],
  signal: AbortSignal,
): Promise<{ readonly decision?: DecisionItemView; readonly version?: VersionView; readonly isOnly?: boolean }> {
  const about = decisions.flatMap((decision) => {
    const cited = decision.record?.citations[0]?.address;
    return cited !== undefined && keyOf(cited) === key && isOwners(decision.version, key) ? [{ decision, cited }] : [];
  }).sort((a, b) => b.decision.version.written_at_ms - a.decision.version.written_at_ms);
  for (const { decision, cited } of about) {
    const { version } = await ucxi.navigate(cited, undefined, { signal });
    const isOnly = about.length === 1 && decision.version.total === 1;
    if (isOwners(version, key)) return { decision, version, isOnly };
  }
  return {};
}

/** Whether the member that the address names wrote it. */
function isOwners({ author }: VersionView, key: string): boolean {
  return author.agent_id !== undefined && nameOf(author.agent_id) === parseConcrete(key).agent;
}

async function patchAt(ucxi: UcxiClient, citation: string, signal: AbortSignal): Promise<Patch | undefined> {
  const { bytes } = await ucxi.get(citation, { signal });
  return parsePatch(utf8Decode(bytes));
}

function keyOf(address: string): string {
  return addressKey(parseConcrete(address));
}

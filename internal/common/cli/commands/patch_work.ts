/**
 * What is done with patches, whoever asks for it: the verbs and the page do it through these.
 *
 * @module
 */
import type { ApiClient } from "@bzzz/api";
import { errorMessage, utf8Encode } from "@bzzz/base";
import { differenceOf, type UcxiClient, type VersionView } from "@bzzz/ucxi";
import { addressKey, nameOf, parseAddress, parseConcrete, type Patch, PATCHES_FOLDER, patchPath } from "@bzzz/ucxl";
import { CliError } from "../errors.ts";
import { given } from "../values.ts";
import { baseRevision, isApplied, latestAt, patchDecisions, type PatchView, readPatch } from "./patch_reading.ts";
import { mediaTypeOf, textIn } from "./ucxl_arguments.ts";

/** All patches there are. */
export const EVERY_PATCH = `ucxl://any:any@any:any/*^/${PATCHES_FOLDER}/*`;
/** Characters of a patch's title. */
export const MAX_PATCH_TITLE = 100;
const JSON_TYPE = "application/json";
/** Of the name of a decision's task. */
const MAX_TASK_CHARACTERS = 64;

/** What working with patches needs. */
export interface PatchDeps {
  readonly client: Pick<ApiClient, "status" | "postMessage">;
  readonly ucxi: UcxiClient;
}

/** A change that somebody offers. */
export interface PatchOffer extends Pick<Patch, "kind" | "title" | "summary"> {
  /** What is changed. */
  readonly target: string;
  /** What shall stand there. */
  readonly content: Uint8Array;
  /** Equal votes that close it; the majority without it. */
  readonly quorum?: number | undefined;
  /** Time to vote, in milliseconds; a day without it. */
  readonly windowMs?: number | undefined;
}

/** A patch that was offered: where it is, where its votes are, and what it says. */
export interface OfferedPatch {
  readonly address: string;
  readonly decision: string;
  readonly record: Patch;
}

/**
 * Stores a change for whoever may read what is there now, tells it in #hmmm and puts it to the vote.
 * @throws CliError "validation_failed" for what is no text or changes nothing; ApiError as the node refuses it
 */
export async function offerPatch(
  { client, ucxi }: PatchDeps,
  offer: PatchOffer,
  { nowMs, signal }: { readonly nowMs: number; readonly signal: AbortSignal },
): Promise<OfferedPatch> {
  const { kind, title, summary } = offer;
  const target = addressKey(parseConcrete(offer.target));
  const content = textOf(offer.content);
  const base = await latestAt(ucxi, target, signal);
  const isOver = base !== undefined && !base.is_deleted;
  if (isOver && textOf((await ucxi.get(base.citation, { signal })).bytes) === content) {
    throw new CliError("validation_failed", `Cannot create the patch: "${target}" has exactly that content already`);
  }
  const record: Patch = {
    v: 1,
    kind,
    title,
    summary,
    target,
    ...(isOver ? { base: base.citation } : {}),
    media_type: (isOver ? base.media_type : undefined) ?? mediaTypeOf(target, true),
    content,
  };
  const { node } = await client.status({ signal });
  const { project, task } = parseConcrete(target);
  const place = `${nameOf(node.agent_id)}:${nameOf(node.role)}@${project}:${task}`;
  const address = `ucxl://${place}/*^/${patchPath(nowMs, title)}`;
  const stored = await ucxi.put(address, bytesOf(record), {
    mediaType: JSON_TYPE,
    mustBeNew: true,
    signal,
    ...given("audience", isOver ? base.audience : undefined),
  });
  const decision = await ucxi.propose({
    title: `Patch: ${title}`,
    summary,
    type: kind === "code" ? "code" : "architectural",
    outcome: "structural_change",
    citations: [{ address: stored.citation }, ...(isOver ? [{ address: base.citation }] : [])],
    task: task.slice(0, MAX_TASK_CHARACTERS),
    ...given("audience", stored.audience),
    ...given("quorum", offer.quorum),
    ...given("window_ms", offer.windowMs),
  }, { signal });
  const text = `Patch for review (${kind}): ${address} changes ${target}`;
  await client.postMessage({ topic: "hmmm", text }, { signal });
  return { address, decision: decision.version.address, record };
}

/** The patches that a pattern finds, those that cannot be read with the reason, and whether there are more. */
export async function listPatches(
  ucxi: UcxiClient,
  { pattern, limit, signal }: { readonly pattern: string; readonly limit: number; readonly signal: AbortSignal },
): Promise<{
  readonly patches: readonly PatchView[];
  readonly leftOut: readonly { readonly address: string; readonly reason: string }[];
  readonly hasMore: boolean;
}> {
  const decisions = await patchDecisions(ucxi, signal);
  const { items, next } = await ucxi.list(pattern, { limit, signal });
  const [patches, leftOut]: [PatchView[], { address: string; reason: string }[]] = [[], []];
  for (const { address, is_deleted: isDeleted } of items) {
    if (isDeleted || !parseAddress(address).path.startsWith(`${PATCHES_FOLDER}/`)) continue;
    try {
      patches.push(await readPatch(ucxi, address, decisions, signal));
    } catch (error) {
      signal.throwIfAborted();
      leftOut.push({ address, reason: errorMessage(error) });
    }
  }
  return { patches, leftOut, hasMore: next !== undefined };
}

/** The patch at an address. @throws CliError "validation_failed" when it is none; ApiError when it cannot be read */
export async function patchAt(ucxi: UcxiClient, address: string, signal: AbortSignal): Promise<PatchView> {
  return await readPatch(ucxi, address, await patchDecisions(ucxi, signal), signal);
}

/** What a patch changes. @throws CliError "validation_failed" where what it was made for is no text */
export async function patchDifference(
  ucxi: UcxiClient,
  { patch }: PatchView,
  signal: AbortSignal,
): Promise<ReturnType<typeof differenceOf>> {
  const { base, content, media_type: mediaType } = patch;
  const before = base === undefined ? "" : textOf((await ucxi.get(base, { signal })).bytes);
  return differenceOf(before, content, [mediaType]);
}

/** The decision that a vote on a patch is about. @throws CliError "validation_failed" for one that is not put to the vote */
export function decisionOn({ address, decision }: PatchView): string {
  if (decision) return decision.version.citation;
  throw new CliError("validation_failed", `Cannot vote: ${notProposed(address)}`);
}

/**
 * Applies an approved patch over the version it was made for, and says so in #hmmm; one that was applied stays as it is.
 * @returns the version of the target that came of it
 * @throws CliError "validation_failed" for one that is not approved, or is made for another version
 */
export async function submitPatch(
  { client, ucxi }: PatchDeps,
  view: PatchView,
  signal: AbortSignal,
): Promise<string> {
  const { address, patch, state } = view;
  if (view.submitted !== undefined) return view.submitted;
  if (state === "draft") throw new CliError("validation_failed", `Cannot submit the patch: ${notProposed(address)}`);
  if (state !== "approved") {
    throw new CliError("validation_failed", `Cannot submit the patch: it is ${state}; only an approved one is applied`);
  }
  const submitted = (await apply(ucxi, view, signal)).citation;
  await ucxi.put(address, bytesOf({ ...patch, submitted }), {
    mediaType: JSON_TYPE,
    signal,
    ...given("audience", view.version.audience),
    ...given("ifMatch", view.latest.revision),
  });
  const text = `Patch submitted: ${address}; ${patch.target} is now ${submitted}`;
  await client.postMessage({ topic: "hmmm", text }, { signal });
  return submitted;
}

/** Writes the content; one that was written already, before somebody lost the connection, is found again. */
async function apply(ucxi: UcxiClient, { patch, version }: PatchView, signal: AbortSignal): Promise<VersionView> {
  const { target, content, media_type: mediaType } = patch;
  const ifMatch = baseRevision(patch);
  const now = await latestAt(ucxi, target, signal);
  if (now?.revision !== ifMatch) {
    if (now?.revision !== undefined && await isApplied(ucxi, patch, now.citation, signal)) return now;
    throw new CliError(
      "validation_failed",
      `Cannot submit the patch: "${target}" has changed since it was made; look with ucxl diff, and create it again`,
    );
  }
  return await ucxi.put(target, utf8Encode(content), {
    mediaType,
    signal,
    ...given("audience", version.audience),
    ...(ifMatch === undefined ? { mustBeNew: true } : { ifMatch }),
  });
}

function notProposed(address: string): string {
  return `its author has not put it to the vote; decide propose WORDS --cite ${address} does that`;
}

function textOf(bytes: Uint8Array): string {
  const text = textIn(bytes);
  if (text !== undefined) return text;
  throw new CliError("validation_failed", "Cannot use the content in a patch: it is not UTF-8 text");
}

function bytesOf(patch: Patch): Uint8Array {
  return utf8Encode(`${JSON.stringify(patch, undefined, 2)}\n`);
}

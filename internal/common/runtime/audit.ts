import { IdentityError, loadMesh, mayAuthor, Membership } from "@bzzz/agentid";
import type { AuditJournal, AuditReport } from "@bzzz/cli";
import { base64UrlEncode, type Clock, type PeerId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { readRosterHistory, type RosterMesh } from "@bzzz/register";
import { type EntryRow, openStore, type Store, StoreError } from "@bzzz/store";
import { AuthorProtocols } from "@bzzz/journal";
import { decodeBody, decodeFrame, type EnvelopeHeader, verifyEnvelope } from "@bzzz/wire";
import { checkForRunningInstance } from "./collision.ts";
import { createRuntimeError } from "./errors.ts";
import { entryView } from "./facade/views.ts";
import { decisionProblem } from "./decision_problems.ts";
import { homePaths, isThere } from "./home.ts";
import { votersByEpoch } from "./task_decisions.ts";

type Problem = AuditReport["problems"][number];

/** Problems that a report holds; the count of entries goes on. */
const MAX_PROBLEMS = 1000;
const CHUNK = 500;

/**
 * The journal of a data directory, checked without a node: signatures, hashes, chains, grants, and the certificates of
 * decided tasks (S-31).
 * @throws RuntimeError "instance_running" while a node uses it; StoreError; IdentityError
 */
export async function openAudit(deps: { clock: Clock; logger: Logger }, home: string): Promise<AuditJournal> {
  const { clock, logger } = deps;
  const running = await checkForRunningInstance(home);
  if (running.isRunning) {
    throw createRuntimeError(clock, "instance_running", `audit "${home}"`, {
      why: `a node (pid ${running.holder?.pid ?? "unknown"}) uses it; stop it first, or audit a copy`,
    });
  }
  const mesh = await loadMesh(home);
  if (!mesh) throw new IdentityError("mesh_missing", `Cannot audit "${home}": it belongs to no mesh`);
  const path = homePaths(home).database;
  if (!await isThere(path)) {
    // opening would make one, and an empty history has no problems
    throw new StoreError("store_unavailable", `Cannot audit "${home}": it has no journal yet`, { details: { path } });
  }
  const store = openStore({ clock, logger }, { path });
  const membership = new Membership(mesh);
  for (const bytes of store.grants.grants()) membership.addGrant(bytes);
  for (const bytes of store.grants.revocations()) membership.addRevocation(bytes);
  return {
    verify: ({ signal }) => verifyAll(store, membership, mesh, { clock, signal }),
    entries: ({ after }) => exportEntries(store, membership, after),
    [Symbol.asyncDispose]: () => {
      store.close();
      return Promise.resolve();
    },
  };
}

function* rows(store: Store, after: number): Generator<EntryRow> {
  for (let cursor = after;;) {
    const chunk = store.entries.after(cursor, { limit: CHUNK });
    yield* chunk;
    const last = chunk.at(-1);
    if (!last) return;
    cursor = last.cursor;
  }
}

/** What is wrong with the certificate that an entry carries; the entry itself has no problem. */
function certificateProblem(
  row: EntryRow,
  mesh: RosterMesh,
  votersOf: (epoch: number) => readonly PeerId[] | undefined,
): string | undefined {
  if (row.kind !== "task_decided" || row.isPruned) return undefined;
  const decoded = decodeFrame(row.frame);
  const body = decoded.ok ? decodeBody(decoded.envelope) : undefined;
  return body?.ok && body.kind === "task_decided" ? decisionProblem(body.body, mesh, votersOf) : undefined;
}

async function verifyAll(
  store: Store,
  membership: Membership,
  mesh: RosterMesh,
  options: { readonly clock: Pick<Clock, "nowMs">; readonly signal: AbortSignal },
): Promise<AuditReport> {
  const voters = votersByEpoch(readRosterHistory(store.kv), mesh);
  const votersOf = (epoch: number) => voters.get(epoch);
  const heads = new Map<PeerId, { seq: number; id: string }>();
  const protocols = new AuthorProtocols(store.entries);
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.length < MAX_PROBLEMS && problems.push(problem);
  let entries = 0;
  let pruned = 0;
  for (const row of rows(store, 0)) {
    if (entries % CHUNK === 0) await breathe(); // an interrupt must be heard
    options.signal.throwIfAborted();
    entries++;
    if (row.isPruned) pruned++;
    const problem = problemOf(row, heads.get(row.author), { membership, protocols }, options.clock.nowMs()) ??
      certificateProblem(row, mesh, votersOf);
    heads.set(row.author, { seq: row.seq, id: row.id });
    if (problem !== undefined) report({ author: row.author, seq: row.seq, entry_id: row.id, problem });
  }
  // The store notes the end of each log beside the log.
  for (const { author, seq, id } of store.entries.heads()) {
    const found = heads.get(author);
    if (found && found.seq >= seq) continue;
    const problem = `the log ends here, but it had ${seq} entries`;
    report({ author, seq: found?.seq ?? 0, entry_id: found?.id ?? id, problem });
  }
  return { entries, authors: heads.size, pruned, problems };
}

/** Lets the event loop have its turn. */
function breathe(): Promise<void> {
  // order, not time
  // deno-lint-ignore bzzz/no-hidden-effects
  return new Promise((resolve) => setImmediate(resolve));
}

function problemOf(
  row: EntryRow,
  head: { seq: number; id: string } | undefined,
  { membership, protocols }: { readonly membership: Membership; readonly protocols: AuthorProtocols },
  nowMs: number,
): string | undefined {
  const decoded = decodeFrame(row.frame);
  if (!decoded.ok) return `the frame is ${decoded.reason}`;
  const { envelope } = decoded;
  const { header } = envelope;
  if (envelope.id !== row.id) return "the stored id is not the hash of the signed bytes";
  const column = misfiled(row, header);
  if (column) return `the frame is filed under another ${column}`;
  if (!verifyEnvelope(envelope)) return "the signature or the hash of the body is wrong";
  if (row.seq !== (head?.seq ?? 0) + 1 || header.prev !== head?.id) return "the chain is broken before it";
  const check = membership.checkAuthor(row.author, { hlcMs: header.hlc.ms, seq: row.seq, nowMs, path: "sync" });
  if (!check.ok) return `its author had no right to write: ${check.reason}`;
  const body = decodeBody(envelope);
  if (body.ok) {
    const access = mayAuthor(body.kind, check.grant);
    return access.allow ? undefined : `its author may not write it: ${access.reason}`;
  }
  const isWrong = body.reason === "malformed" && !protocols.mayBeLater(row.author);
  return isWrong ? "the body does not fit its kind" : undefined;
}

/** What the store's columns say differently than the signed header; readers filter by the columns. */
function misfiled(row: EntryRow, header: EnvelopeHeader): string | undefined {
  if (header.author !== row.author || header.seq !== row.seq) return "author or seq";
  if (header.topic !== row.topic || header.kind !== row.kind) return "topic or kind";
  if (header.task !== row.task || header.thread !== row.thread) return "task or thread";
  return header.hlc.ms === row.hlcMs && header.hlc.counter === row.hlcCounter ? undefined : "time";
}

async function* exportEntries(
  store: Store,
  membership: Membership,
  after: number,
): ReturnType<AuditJournal["entries"]> {
  for (const row of rows(store, after)) {
    const decoded = decodeFrame(row.frame);
    if (!decoded.ok) continue;
    const { envelope } = decoded;
    const body = decodeBody(envelope);
    const view = entryView(
      { cursor: row.cursor, envelope, kind: row.kind, body: body.ok ? body.body : {} } as Parameters<
        typeof entryView
      >[0],
      (peer) => membership.grantOf(peer),
    );
    yield await Promise.resolve({ ...view, ...(body.ok ? {} : { body: null }), frame: base64UrlEncode(row.frame) });
  }
}

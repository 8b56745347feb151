import { loadMesh, mayAuthor, Membership } from "@bzzz/agentid";
import type { AuditJournal, AuditReport } from "@bzzz/cli";
import { base64UrlEncode, type Clock, type PeerId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { type EntryRow, openStore, type Store } from "@bzzz/store";
import { decodeBody, decodeFrame, verifyEnvelope } from "@bzzz/wire";
import { checkForRunningInstance } from "./collision.ts";
import { createRuntimeError } from "./errors.ts";
import { entryView } from "./facade/views.ts";
import { homePaths } from "./home.ts";

type Problem = AuditReport["problems"][number];

/** Problems that a report holds; the count of entries goes on. */
const MAX_PROBLEMS = 1000;
const CHUNK = 500;

/**
 * The journal of a data directory, checked without a node: signatures, hashes, chains and grants (S-31).
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
  if (!mesh) {
    throw createRuntimeError(clock, "keys_unreadable", `audit "${home}"`, { why: "it belongs to no mesh" });
  }
  const store = openStore({ clock, logger }, { path: homePaths(home).database });
  const membership = new Membership(mesh);
  for (const bytes of store.grants.grants()) membership.addGrant(bytes);
  for (const bytes of store.grants.revocations()) membership.addRevocation(bytes);
  return {
    verify: ({ signal }) => Promise.resolve(verifyAll(store, membership, { clock, signal })),
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

function verifyAll(
  store: Store,
  membership: Membership,
  options: { readonly clock: Clock; readonly signal: AbortSignal },
): AuditReport {
  const heads = new Map<PeerId, { seq: number; id: string }>();
  const problems: Problem[] = [];
  let entries = 0;
  let pruned = 0;
  for (const row of rows(store, 0)) {
    options.signal.throwIfAborted();
    entries++;
    if (row.isPruned) pruned++;
    const problem = problemOf(row, heads.get(row.author), membership, options.clock.nowMs());
    heads.set(row.author, { seq: row.seq, id: row.id });
    if (problem !== undefined && problems.length < MAX_PROBLEMS) {
      problems.push({ author: row.author, seq: row.seq, entry_id: row.id, problem });
    }
  }
  return { entries, authors: heads.size, pruned, problems };
}

function problemOf(
  row: EntryRow,
  head: { seq: number; id: string } | undefined,
  membership: Membership,
  nowMs: number,
): string | undefined {
  const decoded = decodeFrame(row.frame);
  if (!decoded.ok) return `the frame is ${decoded.reason}`;
  const { envelope } = decoded;
  const { header } = envelope;
  if (envelope.id !== row.id) return "the stored id is not the hash of the signed bytes";
  if (header.author !== row.author || header.seq !== row.seq) return "the frame is filed under another author or seq";
  if (!verifyEnvelope(envelope)) return "the signature or the hash of the body is wrong";
  if (row.seq !== (head?.seq ?? 0) + 1 || header.prev !== head?.id) return "the chain is broken before it";
  const check = membership.checkAuthor(row.author, { hlcMs: header.hlc.ms, seq: row.seq, nowMs, path: "sync" });
  if (!check.ok) return `its author had no right to write: ${check.reason}`;
  const body = decodeBody(envelope);
  if (body.ok) {
    const access = mayAuthor(body.kind, check.grant);
    return access.allow ? undefined : `its author may not write it: ${access.reason}`;
  }
  return body.reason === "malformed" ? "the body does not fit its kind" : undefined;
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

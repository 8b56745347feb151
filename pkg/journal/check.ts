import { decodeGrant, mayAuthor } from "@bzzz/agentid";
import type { Clock, MeshId } from "@bzzz/base";
import {
  type AnyBody,
  decodeBody,
  decodeFrame,
  type EntryKind,
  type Envelope,
  isEntryKind,
  isSignalKind,
  verifyEnvelope,
} from "@bzzz/wire";
import { MAX_OPAQUE_BYTES, MAX_OPAQUE_READ_ONLY_BYTES, MAX_STAMP_AHEAD_MS } from "./constants.ts";
import { type LostBodies, mayBePruned } from "./retention.ts";
import type { AuthorProtocols } from "./protocols.ts";
import type { AuthorGate, AuthorGrant, IngestPath, IngestReason, IngestResult, RetentionPolicy } from "./types.ts";

/** A body with its kind, of entries alone. */
export type EntryBody = Extract<AnyBody, { kind: EntryKind }>;

/** An entry that passed every check but the chain's; without `content` its kind is unknown here or its body pruned. */
export interface CheckedEntry {
  readonly envelope: Envelope;
  readonly seq: number;
  readonly content: EntryBody | undefined;
}

/** What the checks stand on. */
export interface CheckContext {
  readonly mesh: MeshId;
  readonly gate: AuthorGate;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly retention: RetentionPolicy;
  readonly lostBodies: LostBodies;
  readonly protocols: AuthorProtocols;
}

/** The outcome of a check. */
export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: IngestResult };

/** What is wrong for every node alike. What depends on the grants known here is not: an honest peer may know others. */
const REJECTED: ReadonlySet<IngestReason> = new Set<IngestReason>([
  "oversize",
  "malformed",
  "wrong_mesh",
  "bad_signature",
  "bad_body",
  "pruned",
]);

/** A refusal with the verdict that belongs to its reason. */
export function refuse(reason: IngestReason): { readonly ok: false; readonly refusal: IngestResult } {
  return { ok: false, refusal: { verdict: REJECTED.has(reason) ? "reject" : "ignore", reason } };
}

/** Size, version, shape, mesh: the cheap checks, in that order. */
export function openFrame(context: CheckContext, frame: Uint8Array): Checked<Envelope> {
  const decoded = decodeFrame(frame);
  if (!decoded.ok) return refuse(decoded.reason);
  if (decoded.envelope.header.mesh !== context.mesh) return refuse("wrong_mesh");
  return { ok: true, value: decoded.envelope };
}

/** The author's grant, the signature, what the role may write, the schema: in that order. */
export function checkEntry(context: CheckContext, envelope: Envelope, path: IngestPath): Checked<CheckedEntry> {
  const { author, hlc, seq, kind } = envelope.header;
  if (seq === undefined || isSignalKind(kind)) return refuse("malformed");
  const nowMs = context.clock.nowMs();
  const check = () => context.gate.checkAuthor(author, { hlcMs: hlc.ms, seq, nowMs, path });
  let admission = check();
  if (!(admission.ok && mayAuthor(kind, admission.grant).allow) && bringsRootGrant(context, envelope)) {
    admission = check();
  }
  if (!admission.ok) return refuse(admission.reason);
  // History is complete whatever its author's clock said; only the live path waits for time to catch up.
  if (path === "live" && hlc.ms > nowMs + MAX_STAMP_AHEAD_MS) return refuse("future");
  if (!verifyEnvelope(envelope)) return refuse("bad_signature");
  if (envelope.body === undefined) {
    if (path === "live") return refuse("pruned");
    const isPlausible = mayBePruned(context.retention, envelope.header, nowMs) ||
      context.lostBodies.isLost(envelope.header, nowMs);
    if (!isPlausible) return refuse("pruned_too_early");
  }
  // A kind of a later version: kept as it is, so that the chain does not break (S-33).
  if (!isEntryKind(kind)) return keepOpaque(envelope, seq, admission.grant);
  if (!mayAuthor(kind, admission.grant).allow) return refuse("not_permitted");
  const decoded = decodeBody(envelope);
  if (!decoded.ok) {
    if (decoded.reason === "pruned") return { ok: true, value: { envelope, seq, content: undefined } };
    // a later schema of the kind, by its author's own word: the same as a later kind
    return context.protocols.mayBeLater(author) ? keepOpaque(envelope, seq, admission.grant) : refuse("bad_body");
  }
  context.protocols.learn(envelope);
  return { ok: true, value: { envelope, seq, content: decoded as EntryBody } }; // isEntryKind(kind) holds
}

/**
 * Whether the author shows a grant of its own that the root signed: who restored the root key tells the mesh so, and nobody
 * knew of it before. Its signature is checked by who learns it.
 */
function bringsRootGrant(context: CheckContext, envelope: Envelope): boolean {
  const { author, kind } = envelope.header;
  if (kind !== "grant_issued" || !context.gate.learnRootGrant) return false;
  const decoded = decodeBody(envelope);
  if (!decoded.ok || decoded.kind !== "grant_issued") return false;
  const grant = decodeGrant(decoded.body.grant)?.grant;
  if (grant?.issuer !== "root" || grant.peer !== author) return false;
  context.gate.learnRootGrant(decoded.body.grant);
  return true;
}

/** What this version cannot read: kept for the chain alone, and so within bounds. */
function keepOpaque(envelope: Envelope, seq: number, { level }: AuthorGrant): Checked<CheckedEntry> {
  const maxBytes = level === "read_only" ? MAX_OPAQUE_READ_ONLY_BYTES : MAX_OPAQUE_BYTES;
  if (envelope.frame.byteLength > maxBytes) return refuse("not_permitted");
  return { ok: true, value: { envelope, seq, content: undefined } };
}

/** The same for a signal: grant, signature, role, schema. Freshness is the caller's. */
export function checkSignal(
  context: CheckContext,
  envelope: Envelope,
): Checked<Exclude<AnyBody, { kind: EntryKind }>> {
  const { author, hlc, kind } = envelope.header;
  if (isEntryKind(kind)) return refuse("malformed");
  const admission = context.gate.checkAuthor(author, { hlcMs: hlc.ms, nowMs: context.clock.nowMs(), path: "live" });
  if (!admission.ok) return refuse(admission.reason);
  if (!verifyEnvelope(envelope)) return refuse("bad_signature");
  if (!isSignalKind(kind)) return refuse("unknown_signal");
  if (!mayAuthor(kind, admission.grant).allow) return refuse("not_permitted");
  const decoded = decodeBody(envelope);
  if (!decoded.ok) return refuse(context.protocols.mayBeLater(author) ? "unknown_signal" : "bad_body");
  return { ok: true, value: decoded as Exclude<AnyBody, { kind: EntryKind }> }; // isSignalKind(kind) holds
}

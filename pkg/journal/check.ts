import { mayAuthor } from "@bzzz/agentid";
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
import type { AuthorGate, IngestPath, IngestReason, IngestResult, RetentionPolicy } from "./types.ts";

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
  const admission = context.gate.checkAuthor(author, { hlcMs: hlc.ms, seq, nowMs, path });
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
  if (!isEntryKind(kind)) {
    const isReader = admission.grant.level === "read_only";
    if (envelope.frame.byteLength > (isReader ? MAX_OPAQUE_READ_ONLY_BYTES : MAX_OPAQUE_BYTES)) {
      return refuse("not_permitted");
    }
    return { ok: true, value: { envelope, seq, content: undefined } };
  }
  if (!mayAuthor(kind, admission.grant).allow) return refuse("not_permitted");
  const decoded = decodeBody(envelope);
  if (!decoded.ok) {
    return decoded.reason === "pruned"
      ? { ok: true, value: { envelope, seq, content: undefined } }
      : refuse("bad_body");
  }
  return { ok: true, value: { envelope, seq, content: decoded as EntryBody } }; // isEntryKind(kind) holds
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
  if (!decoded.ok) return refuse("bad_body");
  return { ok: true, value: decoded as Exclude<AnyBody, { kind: EntryKind }> }; // isSignalKind(kind) holds
}

import { type AgentId, type MeshId, type PeerId, TypedEventTarget } from "@bzzz/base";
import { type ChainedGrant, evaluateStanding, extendStanding, mayCount, type Standing } from "./chain.ts";
import {
  CLOCK_TOLERANCE_MS,
  MAX_KEPT,
  MAX_PENDING,
  MAX_RECORDS,
  MAX_RECORDS_PER_MASTER,
  REVOCATION_RESERVE,
} from "./constants.ts";
import { IdentityError } from "./errors.ts";
import { decodeGrant, type Grant, type GrantId, type SignedGrant } from "./grant.ts";
import { meshIdOf } from "./mesh.ts";
import { decodeRevocation, type RevocationFields, type SignedRevocation } from "./revocation.ts";
import { type MemberView, memberViewOf } from "./roster.ts";
import { type Issuer, verifyRecord } from "./signed_record.ts";

/** Why a grant or revocation was not taken. */
export type RecordFault = "malformed" | "other_mesh" | "bad_signature" | "full";

/**
 * - "added": it counts now, and perhaps others that waited for it.
 * - "known": it was there already.
 * - "pending": signed, but its issuer is not (yet) known as a master. It is kept, up to a bound, and counts as soon as
 *   the missing grant comes; until then it is neither in `grants()` nor worth passing on.
 * - "rejected": it can never count.
 */
export type AddResult =
  | { readonly status: "added" | "known" | "pending" }
  | { readonly status: "rejected"; readonly reason: RecordFault };

/** Why an author is not heard. */
export type AuthorFault = "no_grant" | "expired" | "revoked" | "not_yet_valid";

/** The answer of `checkAuthor`: the grant under which the author spoke, or why it had none. */
export type AuthorCheck =
  | { readonly ok: true; readonly grant: Grant }
  | { readonly ok: false; readonly reason: AuthorFault };

/** What an author's entry or signal says about itself, and how it came. */
export interface AuthorClaim {
  /** The time in its stamp. */
  readonly hlcMs: number;
  /** Its place in the author's log; signals have none. */
  readonly seq?: number;
  readonly nowMs: number;
  /** "live": as it happens, so the grant must be valid now too. "sync": history, judged by its own stamp. */
  readonly path: "live" | "sync";
}

/** Events of `Membership`, emitted after the state has changed. */
export interface MembershipEvents {
  /** A peer that had no standing grant has one; its dates were not looked at. */
  "member:added": { readonly grant: Grant };
  /** A peer has no standing grant any more. */
  "member:revoked": { readonly peer: PeerId; readonly grant: Grant; readonly reason: string };
  /** A record counts for the first time: store it and pass it on. */
  "record:accepted": { readonly kind: "grant" | "revocation"; readonly id: string; readonly bytes: Uint8Array };
}

/**
 * Everything one node knows about who belongs to its mesh. In memory, synchronous, without a clock; the same records
 * give the same answers in whatever order they came (below the bounds of `MAX_PENDING` and `MAX_RECORDS`).
 */
export class Membership extends TypedEventTarget<MembershipEvents> {
  readonly meshId: MeshId;
  readonly #rootPublicKey: Uint8Array;
  readonly #grants = new Map<GrantId, SignedGrant>();
  readonly #revocations = new Map<string, SignedRevocation>();
  /** Records held of each issuer, those that wait included. */
  readonly #countByIssuer = new Map<Issuer, number>();
  #standing: Standing = evaluateStanding([], []);

  /** @throws IdentityError "invalid_mesh" when the id is not that of the root key */
  constructor(mesh: { readonly meshId: MeshId; readonly rootPublicKey: Uint8Array }) {
    super();
    if (meshIdOf(mesh.rootPublicKey) !== mesh.meshId) {
      throw new IdentityError("invalid_mesh", `Cannot open mesh ${mesh.meshId}: the root public key is another mesh's`);
    }
    this.meshId = mesh.meshId;
    this.#rootPublicKey = mesh.rootPublicKey.slice();
  }

  /** Takes a grant from anywhere. */
  addGrant(bytes: Uint8Array): AddResult {
    const decoded = decodeGrant(bytes);
    if (!decoded) return { status: "rejected", reason: "malformed" };
    const { grant, raw } = decoded;
    if (grant.mesh !== this.meshId) return { status: "rejected", reason: "other_mesh" };
    // same signed bytes, same id; another signature over them would add nothing
    if (this.#grants.has(grant.id)) return { status: "known" };
    if (!verifyRecord("grant", grant.mesh, raw, grant.issuer, this.#rootPublicKey)) {
      return { status: "rejected", reason: "bad_signature" };
    }
    if (this.#isFull(grant.issuer, 0)) return { status: "rejected", reason: "full" };
    const signed: SignedGrant = { grant, bytes: bytes.slice() };
    this.#grants.set(grant.id, signed);
    this.#count(grant.issuer, 1);
    // nothing can stand on it: the others stay as they are
    const isAlone = grant.level !== "master" || !this.#countByIssuer.has(grant.peer);
    if (isAlone || !mayCount(this.#standing, grant.issuer)) this.#extend(signed);
    else this.#reconsider();
    return { status: this.#standing.grants.has(grant.id) ? "added" : "pending" };
  }

  /** Takes a grant that the root itself signed, and no other. */
  learnRootGrant(bytes: Uint8Array): void {
    if (decodeGrant(bytes)?.grant.issuer === "root") this.addGrant(bytes);
  }

  /** Takes a revocation from anywhere. */
  addRevocation(bytes: Uint8Array): AddResult {
    const decoded = decodeRevocation(bytes);
    if (!decoded) return { status: "rejected", reason: "malformed" };
    const { revocation, raw } = decoded;
    if (revocation.mesh !== this.meshId) return { status: "rejected", reason: "other_mesh" };
    if (this.#revocations.has(revocation.id)) return { status: "known" };
    if (!verifyRecord("revocation", revocation.mesh, raw, revocation.issuer, this.#rootPublicKey)) {
      return { status: "rejected", reason: "bad_signature" };
    }
    if (this.#isFull(revocation.issuer, REVOCATION_RESERVE)) return { status: "rejected", reason: "full" };
    this.#revocations.set(revocation.id, { revocation, bytes: bytes.slice() });
    this.#count(revocation.issuer, 1);
    // else it ends nothing: anybody can sign any number of such
    if (mayCount(this.#standing, revocation.issuer)) this.#reconsider();
    else this.#dropOldestPending();
    return { status: this.#standing.revocations.has(revocation.id) ? "added" : "pending" };
  }

  /**
   * The newest grant of `peer` that stands (chained, not revoked); with `atMs`, also valid at that moment give or take
   * `CLOCK_TOLERANCE_MS`.
   */
  grantOf(peer: PeerId, atMs?: number): Grant | undefined {
    const standing = this.#of(peer).filter((entry) => entry.endedBy.length === 0);
    if (atMs === undefined) return standing[0]?.grant;
    return pickByTime(standing, [atMs])?.grant;
  }

  /** Whether `peer` may speak now. */
  isAdmitted(peer: PeerId, nowMs: number): boolean {
    return this.grantOf(peer, nowMs) !== undefined;
  }

  /**
   * Whether and as what `peer` may have written something: the newest grant whose dates cover the stamp and, on the
   * live path, the present. A revoked author's entries stay valid up to the revocation's `lastSeq`, its signals do not.
   */
  checkAuthor(peer: PeerId, claim: AuthorClaim): AuthorCheck {
    const all = this.#of(peer);
    const times = claim.path === "live" ? [claim.hlcMs, claim.nowMs] : [claim.hlcMs];
    const unended = all.filter((entry) => covers(entry, claim.seq));
    const found = pickByTime(unended, times);
    if (found) return { ok: true, grant: found.grant };
    if (all.length === 0) return { ok: false, reason: "no_grant" };
    if (pickByTime(all, times)) return { ok: false, reason: "revoked" };
    const latestMs = Math.max(...times);
    const isOver = all.some((entry) => latestMs > entry.grant.notAfterMs + CLOCK_TOLERANCE_MS);
    return { ok: false, reason: isOver ? "expired" : "not_yet_valid" };
  }

  /** Those who may speak at `nowMs`, by agent id. */
  members(nowMs: number): MemberView[] {
    return this.roster(nowMs).filter((member) => member.status === "active");
  }

  /** Everyone who ever had a grant that counted, with what became of it, by agent id. */
  roster(nowMs: number): MemberView[] {
    const views: MemberView[] = [];
    for (const list of this.#standing.byPeer.values()) {
      const entry = pickByTime(list.filter((e) => e.endedBy.length === 0), [nowMs]) ?? list[0];
      if (entry) views.push(memberViewOf(entry, nowMs));
    }
    return views.sort((a, b) => a.agentId < b.agentId ? -1 : a.agentId > b.agentId ? 1 : a.peer < b.peer ? -1 : 1);
  }

  /**
   * Who holds `agentId`: of the peers with a standing grant (valid at `nowMs`, if given) for it, the one whose grant is
   * oldest, so that every node names the same holder when two masters have let in the same name.
   */
  findAgentId(agentId: AgentId, nowMs?: number): Grant | undefined {
    let holder: { readonly current: Grant; readonly since: Grant } | undefined;
    for (const [peer, grants] of this.#standing.byPeer) {
      const current = this.grantOf(peer, nowMs);
      if (current?.agentId !== agentId) continue;
      const since = grants.findLast((e) => e.endedBy.length === 0 && e.grant.agentId === agentId)?.grant ?? current;
      if (!holder || isOlder(since, holder.since)) holder = { current, since };
    }
    return holder?.current;
  }

  /**
   * Refuses an agent id that another peer holds at `nowMs` (reference S-07): for the issuer before it grants, and for
   * a node before it serves.
   *
   * @throws IdentityError "agent_id_taken", naming the holder
   */
  assertAgentIdFree(agentId: AgentId, peer: PeerId, nowMs: number): void {
    const holder = this.findAgentId(agentId, nowMs);
    if (!holder || holder.peer === peer) return;
    throw new IdentityError(
      "agent_id_taken",
      `Cannot use agent id "${agentId}" for ${peer}: it is held by ${holder.peer} (role "${holder.role}"); ` +
        "choose another agent id, or revoke the holder first",
      { details: { agentId, peer, holder: holder.peer } },
    );
  }

  /**
   * The fields of a revocation that ends the membership of `peer` and keeps what it had issued so far; of a master that
   * issued more than `MAX_KEPT` records those this node learned of first. Undefined when the peer has no standing grant.
   */
  planRevocation(
    peer: PeerId,
    options: { reason: string; lastSeq: number; nowMs: number },
  ): RevocationFields | undefined {
    const grant = this.grantOf(peer);
    if (!grant) return undefined;
    const kept = [
      ...[...this.#standing.grants.values()].filter((e) => e.grant.issuer === peer).map((e) => e.grant.id),
      ...[...this.#standing.revocations.values()].filter((s) => s.revocation.issuer === peer)
        .map((s) => s.revocation.id),
    ].slice(0, MAX_KEPT);
    const { reason, lastSeq, nowMs } = options;
    // a grant dated ahead by a fast clock must not outlive its revocation
    const issuedAtMs = Math.max(nowMs, ...this.#of(peer).map((entry) => entry.grant.issuedAtMs));
    return { mesh: this.meshId, grantId: grant.id, peer, reason, lastSeq, kept, issuedAtMs };
  }

  /** The bytes of every grant that counts, revoked ones too: history needs them. Issuers come before what they issued. */
  grants(): Uint8Array[] {
    return [...this.#standing.grants.values()].map((entry) => entry.bytes);
  }

  /** The bytes of every revocation that counts. */
  revocations(): Uint8Array[] {
    return [...this.#standing.revocations.values()].map((signed) => signed.bytes);
  }

  /** How many records count and how many wait, for metrics. */
  stats(): { readonly grants: number; readonly revocations: number; readonly pending: number } {
    const { grants, revocations } = this.#standing;
    const pending = this.#grants.size - grants.size + this.#revocations.size - revocations.size;
    return { grants: grants.size, revocations: revocations.size, pending };
  }

  #of(peer: PeerId): readonly ChainedGrant[] {
    return this.#standing.byPeer.get(peer) ?? [];
  }

  #isFull(issuer: Issuer, reserve: number): boolean {
    const own = this.#countByIssuer.get(issuer) ?? 0;
    if (issuer === "root") return own >= MAX_RECORDS;
    const total = this.#standing.grants.size + this.#standing.revocations.size;
    return own >= MAX_RECORDS_PER_MASTER || total >= MAX_RECORDS + reserve;
  }

  #count(issuer: Issuer, by: 1 | -1): void {
    const count = (this.#countByIssuer.get(issuer) ?? 0) + by;
    if (count > 0) this.#countByIssuer.set(issuer, count);
    else this.#countByIssuer.delete(issuer);
  }

  /** Takes a grant on which no other record stands. */
  #extend(signed: SignedGrant): void {
    const { grant, bytes } = signed;
    const was = this.#standingOf(grant.peer);
    const entry = extendStanding(this.#standing, signed);
    this.#dropOldestPending();
    if (!entry) return;
    this.emit("record:accepted", { kind: "grant", id: grant.id, bytes });
    const is = this.#standingOf(grant.peer);
    if (!was && is) this.emit("member:added", { grant: is.grant });
  }

  #standingOf(peer: PeerId): ChainedGrant | undefined {
    return this.#of(peer).find((entry) => entry.endedBy.length === 0);
  }

  #reconsider(): void {
    const before = this.#standing;
    const after = evaluateStanding(this.#grants.values(), this.#revocations.values());
    this.#standing = after;
    this.#dropOldestPending();
    for (const [id, { bytes }] of after.grants) {
      if (!before.grants.has(id)) this.emit("record:accepted", { kind: "grant", id, bytes });
    }
    for (const [id, { bytes }] of after.revocations) {
      if (!before.revocations.has(id)) this.emit("record:accepted", { kind: "revocation", id, bytes });
    }
    for (const peer of new Set([...before.byPeer.keys(), ...after.byPeer.keys()])) this.#announce(peer, before, after);
  }

  #announce(peer: PeerId, before: Standing, after: Standing): void {
    const was = before.byPeer.get(peer)?.find((entry) => entry.endedBy.length === 0);
    const list = after.byPeer.get(peer) ?? [];
    const is = list.find((entry) => entry.endedBy.length === 0);
    if (!was && is) this.emit("member:added", { grant: is.grant });
    if (was && !is) {
      const reason = after.grants.get(was.grant.id)?.endedBy[0]?.reason ?? "its issuer was revoked";
      this.emit("member:revoked", { peer, grant: was.grant, reason });
    }
  }

  #dropOldestPending(): void {
    if (this.stats().pending <= MAX_PENDING) return;
    const { grants, revocations } = this.#standing;
    const waitingGrants = [...this.#grants.keys()].filter((id) => !grants.has(id));
    for (const id of waitingGrants.slice(0, Math.max(0, waitingGrants.length - MAX_PENDING))) {
      const issuer = this.#grants.get(id)?.grant.issuer;
      this.#grants.delete(id);
      if (issuer) this.#count(issuer, -1);
    }
    const waiting = [...this.#revocations.values()].filter((s) => !revocations.has(s.revocation.id));
    for (const { revocation } of waiting.slice(0, Math.max(0, waiting.length - MAX_PENDING))) {
      this.#revocations.delete(revocation.id);
      this.#count(revocation.issuer, -1);
    }
  }
}

function covers(entry: ChainedGrant, seq: number | undefined): boolean {
  return entry.endedBy.every((revocation) => seq !== undefined && seq <= revocation.lastSeq);
}

/** The newest that is valid at all `times`; clocks' tolerance is spent only when none is without it. */
function pickByTime(newestFirst: readonly ChainedGrant[], times: readonly number[]): ChainedGrant | undefined {
  return newestFirst.find((entry) => isValidAt(entry.grant, times, 0)) ??
    newestFirst.find((entry) => isValidAt(entry.grant, times, CLOCK_TOLERANCE_MS));
}

function isValidAt(grant: Grant, times: readonly number[], toleranceMs: number): boolean {
  return times.every((atMs) => atMs >= grant.notBeforeMs - toleranceMs && atMs <= grant.notAfterMs + toleranceMs);
}

function isOlder(a: Grant, b: Grant): boolean {
  return a.issuedAtMs !== b.issuedAtMs ? a.issuedAtMs < b.issuedAtMs : a.id < b.id;
}

/**
 * Who is a member, as a pure function of all grants and revocations seen: the order of their arrival cannot matter.
 *
 * A revocation counts when the root signed it, or a master. What the root itself has revoked no longer revokes (except
 * what the root kept). Masters cannot annul each other's revocations, so two that revoke each other are both out, and
 * the root settles it: safe, decided the same everywhere, and without a cycle.
 *
 * A grant counts when its chain ends at the root in at most `MAX_CHAIN_DEPTH` steps, where each issuer held a master
 * grant when it issued, that outlives what it issued. So an expired master gains nothing by dating back, and a revoked
 * one has only what its revocation kept.
 *
 * @module
 */
import type { PeerId } from "@bzzz/base";
import { CLOCK_TOLERANCE_MS, MAX_CHAIN_DEPTH } from "./constants.ts";
import type { Grant, GrantId, SignedGrant } from "./grant.ts";
import type { Revocation, RevocationId, SignedRevocation } from "./revocation.ts";
import { isPeerIssuer } from "./schemas.ts";
import type { Issuer } from "./signed_record.ts";

/** A grant whose chain reaches the root. */
export interface ChainedGrant extends SignedGrant {
  /** 1 when the root signed it. */
  readonly depth: number;
  /** The revocations that ended it; empty while it stands. */
  readonly endedBy: readonly Revocation[];
}

/** What counts. Changed by `extendStanding` alone. */
export interface Standing {
  readonly grants: Map<GrantId, ChainedGrant>;
  readonly revocations: ReadonlyMap<RevocationId, SignedRevocation>;
  /** Who was a master, before what masters have revoked: nobody else's record can count. Perhaps some more. */
  readonly masters: Set<PeerId>;
  /** Newest first; equal dates by id, so that every node has the same order. */
  readonly byPeer: Map<PeerId, ChainedGrant[]>;
}

type GrantsByPeer = ReadonlyMap<PeerId, readonly ChainedGrant[]>;

/** Decides. Signatures were checked before; nothing else was. */
export function evaluateStanding(
  grants: Iterable<SignedGrant>,
  revocations: Iterable<SignedRevocation>,
): Standing {
  const allGrants = [...grants];
  const allRevocations = [...revocations];
  const byRoot = allRevocations.filter(({ revocation }) => revocation.issuer === "root");
  const beforeMasters = indexByPeer(chainGrants(allGrants, byRoot).values());
  const counting = allRevocations.filter(({ revocation }) => mayRevoke(revocation, beforeMasters));
  const chained = chainGrants(allGrants, counting);
  return {
    grants: chained,
    revocations: new Map(counting.map((signed) => [signed.revocation.id, signed])),
    masters: mastersIn(beforeMasters),
    byPeer: indexByPeer(chained.values()),
  };
}

/**
 * Adds a grant on which no other record can stand (its holder is no master, or has issued nothing): in place, with the
 * outcome of a new evaluation, which for a roster of thousands takes milliseconds. Undefined when it does not count (yet).
 */
export function extendStanding(standing: Standing, signed: SignedGrant): ChainedGrant | undefined {
  const { grant } = signed;
  if (!mayCount(standing, grant.issuer)) return undefined;
  if (grant.level === "master") standing.masters.add(grant.peer);
  const masters = isPeerIssuer(grant.issuer) ? standing.byPeer.get(grant.issuer) ?? [] : [];
  const depths = masters.filter((entry) => entry.grant.level === "master" && mayIssue(entry, grant))
    .map((entry) => entry.depth + 1);
  const depth = isPeerIssuer(grant.issuer) ? Math.min(...depths) : 1;
  if (depth > MAX_CHAIN_DEPTH) return undefined;
  const endedBy = [...standing.revocations.values()].map(({ revocation }) => revocation)
    .filter((revocation) => revocation.peer === grant.peer && ends(revocation, grant));
  const entry: ChainedGrant = { ...signed, depth, endedBy };
  standing.grants.set(grant.id, entry);
  standing.byPeer.set(grant.peer, [...standing.byPeer.get(grant.peer) ?? [], entry].sort(newestFirst));
  return entry;
}

/** False for an issuer none of whose records can count, as things stand. */
export function mayCount(standing: Pick<Standing, "masters">, issuer: Issuer): boolean {
  return !isPeerIssuer(issuer) || standing.masters.has(issuer);
}

function mastersIn(byPeer: GrantsByPeer): Set<PeerId> {
  const isMaster = (grants: readonly ChainedGrant[]) => grants.some(({ grant }) => grant.level === "master");
  return new Set([...byPeer].filter(([, grants]) => isMaster(grants)).map(([peer]) => peer));
}

/** Layer by layer from the root, so that a cycle of masters that grant each other never starts. */
function chainGrants(
  grants: readonly SignedGrant[],
  revocations: readonly SignedRevocation[],
): Map<GrantId, ChainedGrant> {
  const endingPeer = new Map<PeerId, Revocation[]>();
  for (const { revocation } of revocations) {
    const list = endingPeer.get(revocation.peer);
    if (list) list.push(revocation);
    else endingPeer.set(revocation.peer, [revocation]);
  }
  const chained = new Map<GrantId, ChainedGrant>();
  const masters = new Map<PeerId, ChainedGrant[]>();
  let waiting = grants;
  for (let depth = 1; depth <= MAX_CHAIN_DEPTH && waiting.length > 0; depth++) {
    const layer: ChainedGrant[] = [];
    const rest: SignedGrant[] = [];
    for (const signed of waiting) {
      const { grant } = signed;
      const counts = isPeerIssuer(grant.issuer)
        ? (masters.get(grant.issuer) ?? []).some((master) => mayIssue(master, grant))
        : true;
      if (!counts) rest.push(signed);
      else layer.push({ ...signed, depth, endedBy: (endingPeer.get(grant.peer) ?? []).filter((r) => ends(r, grant)) });
    }
    if (layer.length === 0) break;
    for (const entry of layer) {
      chained.set(entry.grant.id, entry);
      if (entry.grant.level !== "master") continue;
      const own = masters.get(entry.grant.peer);
      if (own) own.push(entry);
      else masters.set(entry.grant.peer, [entry]);
    }
    waiting = rest;
  }
  return chained;
}

function ends(revocation: Revocation, grant: Grant): boolean {
  return revocation.grantId === grant.id || grant.issuedAtMs <= revocation.issuedAtMs;
}

function mayIssue(master: ChainedGrant, grant: Grant): boolean {
  return wasValidAt(master.grant, grant.issuedAtMs) && grant.notAfterMs <= master.grant.notAfterMs &&
    isKept(master, grant.id);
}

function mayRevoke(revocation: Revocation, byPeer: GrantsByPeer): boolean {
  if (!isPeerIssuer(revocation.issuer)) return true;
  return (byPeer.get(revocation.issuer) ?? []).some((entry) =>
    entry.grant.level === "master" && wasValidAt(entry.grant, revocation.issuedAtMs) && isKept(entry, revocation.id)
  );
}

function wasValidAt(grant: Grant, atMs: number): boolean {
  return atMs >= grant.notBeforeMs - CLOCK_TOLERANCE_MS && atMs <= grant.notAfterMs;
}

function isKept(master: ChainedGrant, recordId: string): boolean {
  return master.endedBy.every((revocation) => revocation.kept.includes(recordId));
}

function indexByPeer(grants: Iterable<ChainedGrant>): Map<PeerId, ChainedGrant[]> {
  const byPeer = new Map<PeerId, ChainedGrant[]>();
  for (const entry of grants) {
    const list = byPeer.get(entry.grant.peer);
    if (list) list.push(entry);
    else byPeer.set(entry.grant.peer, [entry]);
  }
  for (const list of byPeer.values()) list.sort(newestFirst);
  return byPeer;
}

function newestFirst(a: ChainedGrant, b: ChainedGrant): number {
  return b.grant.issuedAtMs - a.grant.issuedAtMs || (a.grant.id < b.grant.id ? 1 : -1);
}

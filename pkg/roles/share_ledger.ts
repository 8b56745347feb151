import { levelAtLeast } from "@bzzz/crypto";
import type { KeyHolder } from "./ledger.ts";
import { compareOrder, type EntryOrder } from "./order.ts";
import type { KeyMember } from "./plan.ts";

/** A splitting of the admin key: any `threshold` of its holders have it together, fewer have nothing. */
export interface ShareSet {
  readonly order: EntryOrder;
  /** The public half of the key that was split ("age1…"). */
  readonly recipient: string;
  readonly threshold: number;
  readonly holders: readonly KeyHolder[];
  /** The share sealed to this node, if it has one. */
  readonly ownShare: Uint8Array | undefined;
}

/** An entry that tells of a splitting. */
export interface SharesEntry {
  readonly order: EntryOrder;
  readonly recipient: string;
  readonly threshold: number;
  readonly shares: readonly (KeyHolder & { readonly sealed: Uint8Array })[];
}

/** Holders of one splitting at most: a majority of them has to be there when the leader changes. */
const MAX_HOLDERS = 7;
/** Fewer are no sharing: one of two would be enough, or both would always be needed. */
const MIN_HOLDERS = 3;

/** The splitting that counts: the latest, on every node the same. Shares of earlier ones are never given out again. */
export class ShareLedger {
  readonly #ownRecipient: string;
  #latest: ShareSet | undefined;

  /** @param options.ownRecipient what a share for this node is sealed to */
  constructor(options: { ownRecipient: string }) {
    this.#ownRecipient = options.ownRecipient;
  }

  /** Takes an entry in any order. */
  add(entry: SharesEntry): void {
    if (this.#latest && compareOrder(entry.order, this.#latest.order) <= 0) return;
    const { order, recipient, threshold, shares } = entry;
    this.#latest = {
      order,
      recipient,
      threshold,
      holders: shares.map(({ peer, to }) => ({ peer, to })),
      ownShare: shares.find(({ to }) => to === this.#ownRecipient)?.sealed,
    };
  }

  current(): ShareSet | undefined {
    return this.#latest;
  }
}

/** Who is to hold shares: the members of the highest levels, seven at most; nobody when there are fewer than three. */
export function shareHolders(roster: readonly KeyMember[]): KeyHolder[] {
  const eligible = roster
    .filter((member) => member.status === "active" && levelAtLeast(member.level, "suggestion"))
    .sort((a, b) => levelAtLeast(a.level, b.level) ? (a.level === b.level ? comparePeers(a, b) : -1) : 1)
    .slice(0, MAX_HOLDERS)
    .map(({ peer, ageRecipient }) => ({ peer, to: ageRecipient }));
  return eligible.length < MIN_HOLDERS ? [] : eligible;
}

/** The majority of `holders`: any so many of them put the key together (reference section 2.8). */
export function shareThreshold(holders: number): number {
  return Math.floor(holders / 2) + 1;
}

/** For whom the key has to be split anew: when it is another key, or others are to hold it. Undefined: nothing is to be done. */
export function planShares(
  state: {
    readonly current: ShareSet | undefined;
    readonly recipient: string | undefined;
    readonly roster: readonly KeyMember[];
  },
): KeyHolder[] | undefined {
  const { current, recipient, roster } = state;
  const holders = shareHolders(roster);
  if (recipient === undefined || holders.length === 0) return undefined;
  const isSame = current?.recipient === recipient && namesOf(current.holders) === namesOf(holders);
  return isSame ? undefined : holders;
}

function namesOf(holders: readonly KeyHolder[]): string {
  return holders.map(({ peer, to }) => `${peer} ${to}`).sort().join("\n");
}

function comparePeers(a: KeyMember, b: KeyMember): number {
  return a.peer < b.peer ? -1 : a.peer > b.peer ? 1 : 0;
}

import type { PeerId } from "@bzzz/base";
import { TRANSFER_PARALLEL } from "./constants.ts";
import { parseRegisterKey, type RegisterKey, ROSTER_KEY } from "./keys.ts";
import { isReached } from "./quorum.ts";
import { type VoterRoster, votersOf } from "./voter_roster.ts";

/** What a transfer stands on. */
export interface TransferDeps {
  /** One page of a voter's keys behind `after`; undefined when it does not answer in this epoch. */
  readonly keys: (
    voter: PeerId,
    epoch: number,
    after: string,
  ) => Promise<{ readonly keys: readonly RegisterKey[]; readonly isLast: boolean } | undefined>;
  /** Has the present value of a key written by the voters of this epoch; whether it was. */
  readonly rewrite: (key: RegisterKey) => Promise<boolean>;
}

/**
 * Brings every register into the epoch of `roster` (CASPaxos section 2.3): the keys of a majority of its voters, each of which
 * has left the epoch before, are all that can have been decided there; each is written again. True when nothing is left to do.
 */
export async function transferRegisters(deps: TransferDeps, roster: VoterRoster): Promise<boolean> {
  const keys = new Set<RegisterKey>();
  const told = new Set<PeerId>();
  for (const voter of votersOf(roster)) {
    if (await collect(deps, voter, roster.epoch, keys)) told.add(voter);
  }
  if (!isReached([votersOf(roster)], told)) return false;
  keys.delete(ROSTER_KEY); // the end of the transfer writes it
  const todo = [...keys];
  let isWhole = true;
  const work = async (): Promise<void> => {
    for (let key = todo.pop(); key !== undefined && isWhole; key = todo.pop()) {
      if (!await deps.rewrite(key)) isWhole = false;
    }
  };
  await Promise.all(Array.from({ length: TRANSFER_PARALLEL }, work));
  return isWhole;
}

async function collect(
  deps: TransferDeps,
  voter: PeerId,
  epoch: number,
  into: Set<RegisterKey>,
): Promise<boolean> {
  let after = "";
  while (true) {
    const page = await deps.keys(voter, epoch, after);
    if (!page) return false;
    for (const key of page.keys) {
      if (key <= after) return false; // keys come in order: else its pages might never end
      into.add(key);
      after = key;
    }
    if (page.isLast || page.keys.length === 0) return true;
  }
}

/** Keys as a database has them; what is none is not ours. */
export function registerKeys(texts: readonly string[]): RegisterKey[] {
  return texts.flatMap((text) => parseRegisterKey(text) ?? []);
}

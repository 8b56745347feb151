import type { PeerId, TaskId } from "@bzzz/base";
import type { VoterRoster } from "@bzzz/register";
import type { EventLoop } from "../engine/event_loop.ts";
import type { MemberFacts } from "./board.ts";
import type { ClusterPlan } from "./plan.ts";

const RETRY_READ_MS = 300;

/** The task of this number. */
export function taskOf(number: number): TaskId {
  return `01SM${String(number).padStart(22, "0")}` as TaskId; // a ULID
}

/** Whoever gets no answer to a last read asks again, as agents do; the time for it is bounded by the end of the run. */
export function readAgain(
  what: "read" | "last_read",
  loop: EventLoop,
  read: () => void,
): (outcome: { readonly type: string }) => void {
  return ({ type }) => {
    if (what === "last_read" && type === "undecided") loop.later(RETRY_READ_MS, read);
  };
}

/** The first roster, of these voters. */
export function rosterOf(peers: readonly PeerId[]): VoterRoster {
  const voters = peers.map((peer, index) => ({ peer, seat: seatOf(index) }))
    .sort((a, b) => a.peer < b.peer ? -1 : 1);
  return { epoch: 1, step: "stable", voters };
}

/** The seat of a voter. */
export function seatOf(index: number): string {
  return index.toString(16).padStart(32, "0");
}

/** Node 0 is a master; workers hold tasks and lead; everybody else, the traitor too, may only read and ask. */
export function factsOf({ workers }: ClusterPlan, peers: readonly PeerId[]): Map<PeerId, MemberFacts> {
  return new Map(peers.map((peer, node) => {
    const isWorker = workers.includes(node);
    return [peer, { mayHold: isWorker, mayLead: isWorker, maySteer: node === 0 }];
  }));
}

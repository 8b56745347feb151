import type { PeerId } from "@bzzz/base";
import type { LeaderRefusal } from "./leader_rules.ts";
import type { LeaderCommand, LeaderValue } from "./leader_value.ts";

/** What a node is told once. Times in milliseconds. */
export interface ElectionConfig {
  readonly self: PeerId;
  /** Whether it stands for election. One that does not still knows who leads. */
  readonly isElectable: boolean;
  /** Of the terms this node acquires. */
  readonly leaseMs: number;
  /** Time between two renewals; at most a third of the lease. */
  readonly heartbeatMs: number;
}

/** What a node is just now. `wakeAtMs`: when it asks next; undefined: not before it hears something. */
export type ElectionPhase =
  /** Somebody leads, or this node does not stand. */
  | { readonly type: "follower"; readonly wakeAtMs?: number }
  /** No leader is known to live: this node asks the voters, and acquires when they would accept. */
  | { readonly type: "candidate"; readonly wakeAtMs?: number }
  | {
    readonly type: "leader";
    readonly term: number;
    /** The highest number sent in a renewal of this term, decided or not. */
    readonly renewals: number;
    /** From then on this node does not act as the leader. */
    readonly fencedAtMs: number;
    readonly renewAtMs: number;
  }
  /** It leads no more, and gives the term back once everything that ran for it has ended. */
  | { readonly type: "leaving"; readonly term: number };

/** What was asked of the register and has no answer yet. One at a time; an answer to another is ignored. */
export interface ElectionOperation {
  readonly id: number;
  readonly type: "read" | "probe" | "acquire" | "renew" | "release";
  readonly sentAtMs: number;
}

/** What a node remembers about the leadership. Make it with `createElectionState`. */
export interface ElectionState {
  readonly config: ElectionConfig;
  readonly phase: ElectionPhase;
  /** The newest decided value this node has seen. */
  readonly known: LeaderValue | undefined;
  /** When the leader was last heard of: a heartbeat, or a newer value; undefined before the first. */
  readonly heardAtMs: number | undefined;
  /** Whether `known` was the register's value when it was last asked or told; "undefined" is one, of an empty register. */
  readonly isInformed: boolean;
  readonly operation: ElectionOperation | undefined;
  readonly lastOperation: number;
  /** Candidates that go first. */
  readonly rank: number;
  /** This node's own score out of 100. */
  readonly score: number;
  /** Questions in a row that got no answer. */
  readonly setbacks: number;
  readonly isDraining: boolean;
  /** When the last read began, so that foreign heartbeats cannot cause one after another. */
  readonly readAtMs: number | undefined;
  /** What the shell was last told. */
  readonly wakeAtMs: number | undefined;
}

/** What became of a question or command. `no_answer`: it may or may not have happened, or will. */
export type ElectionAnswer =
  | { readonly type: "value"; readonly value: LeaderValue | undefined }
  | { readonly type: "decided"; readonly value: LeaderValue }
  | { readonly type: "would_accept" }
  | { readonly type: "not_yet"; readonly afterMs: number }
  /** For good. `value`: the decided one that speaks against it. */
  | {
    readonly type: "refused";
    readonly code: LeaderRefusal | (string & Record<never, never>);
    readonly value?: LeaderValue;
  }
  | { readonly type: "no_answer" };

/** What happened, with the node's own time: a clock that never goes back and does not stand still while the machine sleeps. */
export type ElectionEvent =
  & { readonly nowMs: number }
  & (
    | { readonly type: "started" }
    | { readonly type: "woken" }
    /** A decided value, proved by its certificate. */
    | { readonly type: "learned"; readonly value: LeaderValue }
    /** A signed word of `holder` that it leads; a hint, not a proof. */
    | { readonly type: "heartbeat"; readonly holder: PeerId; readonly term: number }
    | { readonly type: "ranked"; readonly rank: number; readonly score: number }
    | { readonly type: "answered"; readonly operation: number; readonly answer: ElectionAnswer }
    /** The leader gives up its term; does nothing on another node. */
    | { readonly type: "stood_down" }
    /** The node goes: it gives up its term and stands no more. */
    | { readonly type: "drained" }
  );

/** Why this node leads no more. */
export type LossReason =
  /** The lease could not be renewed in time: no quorum, or a pause of this process. */
  | "lease_expired"
  /** A later term was decided. */
  | "superseded"
  /** A person ordered it. */
  | "deposed"
  /** It gave up by itself. */
  | "stepped_down"
  /** The voters refuse its renewals. */
  | "refused";

/** What is to be done, as data. */
export type ElectionEffect =
  /** Give `woken` at that time and forget the time told before; undefined: forget only. */
  | { readonly type: "wake"; readonly atMs: number | undefined }
  | { readonly type: "read"; readonly operation: number; readonly timeoutMs: number }
  | {
    readonly type: "probe" | "submit";
    readonly operation: number;
    readonly command: LeaderCommand;
    readonly timeoutMs: number;
  }
  /** Wait until everything that ran for the term has ended, at most `timeoutMs`, then submit `command`. */
  | {
    readonly type: "release";
    readonly operation: number;
    readonly command: LeaderCommand;
    readonly timeoutMs: number;
  }
  | { readonly type: "gained"; readonly term: number }
  | { readonly type: "lost"; readonly term: number; readonly reason: LossReason }
  /** Tell everybody that this node leads. */
  | { readonly type: "heartbeat"; readonly term: number; readonly renewals: number };

/** The next state, and what the shell does about it. */
export interface ElectionStep {
  readonly state: ElectionState;
  readonly effects: readonly ElectionEffect[];
}

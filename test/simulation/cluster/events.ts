/** What a register had, for claims and for people: enough to tell two values apart and to see what a claim is about. */
export interface ValueView {
  /** SHA-256 of the bytes, shortened; equal for equal values. */
  readonly id: string;
  readonly version: number;
  /** Number of the node; undefined when nobody holds it. */
  readonly holder: number | undefined;
  /** The fencing token of a task, the term of a leadership. */
  readonly token: number;
  /** Of a task: its state, and whose result it has. */
  readonly state: string;
  readonly worker: number | undefined;
  /** Whose command made it. */
  readonly by: number | undefined;
  /** Of a task: tries that came to nothing, and the deadline that a retry has set. */
  readonly spent: number;
  readonly deadlineMs: number | undefined;
  /** The plan of its token. */
  readonly plan: string | undefined;
}

/** Why an outcome counts for nothing: no honest node gives such a certificate. */
export const UNPROVEN = "certificate proves nothing";

/** How an operation on a register ended. */
export type OperationOutcome =
  /** `view` is the value now; undefined: there is none. */
  | { readonly type: "read"; readonly view: ValueView | undefined }
  | { readonly type: "decided"; readonly view: ValueView; readonly isNew: boolean }
  /** It has not happened and will not; `view`, when there is one, was the value when that was found out. */
  | { readonly type: "refused"; readonly code: string; readonly view: ValueView | undefined }
  /** It may have happened, or may happen yet. */
  | { readonly type: "undecided"; readonly reason: string };

/** What the histories of clusters consist of. `node` is the number of a member. */
export type ClusterEvent =
  | { readonly type: "started" | "crashed" | "destroyed"; readonly node: number }
  | {
    readonly type: "posted";
    readonly node: number;
    readonly key: string;
    /** What is asked for beside plain work. */
    readonly planWindowMs?: number;
    readonly isReviewed?: true;
    readonly deadlineMs?: number;
  }
  /** What is said about a task; `id` is a plan's, or a request's. */
  | {
    readonly type: "told";
    readonly key: string;
    readonly what: "plan" | "objection" | "taken_back" | "approval" | "denial";
    readonly id: string;
  }
  /** Somebody asks for something; `what` is "read", "last_read" or the type of the command. */
  | {
    readonly type: "invoked";
    readonly operation: number;
    readonly node: number;
    readonly key: string;
    readonly what: string;
    /** Absent of a read. */
    readonly command?: { readonly actor: number; readonly id: string };
  }
  | { readonly type: "returned"; readonly operation: number; readonly node: number; readonly outcome: OperationOutcome }
  /** A voter's record changed; seen by nobody but the simulator. */
  | {
    readonly type: "accepted";
    readonly voter: number;
    readonly key: string;
    readonly epoch: number;
    readonly ballot: string;
    readonly view: ValueView;
    /** What it was made of. */
    readonly previous?: ValueView;
    /** Whose command, and which; absent of a value that was written again. */
    readonly command?: {
      readonly id: string;
      readonly actor: number;
      readonly type: string;
      /** The approval that a beginning names. */
      readonly approval?: string;
    };
    /** When the voter looked at it, and what its wall clock showed then; absent where nobody can see that. */
    readonly looked?: { readonly atMs: number; readonly wallMs: number };
  }
  /** What a member may do, by its grant. */
  | {
    readonly type: "member";
    readonly node: number;
    readonly mayHold: boolean;
    readonly mayLead: boolean;
    readonly maySteer: boolean;
  }
  /** A node acts as the holder of a task or as the leader, until this true time at the latest; a later event prolongs it. */
  | {
    readonly type: "holds";
    readonly node: number;
    readonly key: string;
    readonly token: number;
    /** Absent: as long as it likes. */
    readonly untilMs?: number;
  }
  | { readonly type: "rests"; readonly node: number; readonly key: string; readonly token: number }
  /** A side effect reached the outside world, which asks for the token. */
  | {
    readonly type: "effect";
    readonly node: number;
    readonly key: string;
    readonly token: number;
    readonly isAccepted: boolean;
  }
  /** The voters of an epoch, from its decision on. */
  | { readonly type: "voters"; readonly epoch: number; readonly step: string; readonly voters: readonly number[] }
  /** What became of a change of the voters that the master asked for. */
  | { readonly type: "roster"; readonly node: number; readonly what: string; readonly outcome: string }
  | { readonly type: "penalised"; readonly node: number; readonly peer: number; readonly reason: string }
  /** Whether a node can talk with a majority of the voters, from here on; absent: it does not run. */
  | { readonly type: "reach"; readonly node: number; readonly canReach?: boolean }
  /** A node's own word whether a majority of the voters answers it. */
  | { readonly type: "quorum"; readonly node: number; readonly hasQuorum: boolean }
  /** From here on nothing goes wrong any more; `gone` never come back. */
  | { readonly type: "quiet"; readonly gone: readonly number[]; readonly leaseMs: number; readonly electionMs: number };

/** Events of one type. */
export type EventOf<T extends ClusterEvent["type"]> = Extract<ClusterEvent, { readonly type: T }> & {
  readonly atMs: number;
};

/** Events of one type, in order. */
export function only<T extends ClusterEvent["type"]>(
  events: readonly (ClusterEvent & { readonly atMs: number })[],
  type: T,
): EventOf<T>[] {
  return events.filter((event): event is EventOf<T> => event.type === type);
}

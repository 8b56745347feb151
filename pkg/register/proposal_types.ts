import type { PeerId } from "@bzzz/base";
import type { Ballot } from "./ballot.ts";
import type { ByteRules } from "./byte_rules.ts";
import type { Certificate, VoterSignature } from "./certificate.ts";
import type { Command } from "./command.ts";
import type { RegisterKey } from "./keys.ts";
import type { Accepted, VoterReply, VoterRequest } from "./messages.ts";
import type { UndecidedReason } from "./types.ts";
import type { VoterRoster } from "./voter_roster.ts";

/** What a proposal is for: to have a command decided, or to learn (and so confirm) what is decided. */
export type ProposalWork =
  | { readonly type: "command"; readonly command: Command; readonly bytes: Uint8Array }
  | { readonly type: "read" };

/** Everything a proposal needs to know from outside. Its functions have no effects. */
export interface ProposalInput {
  readonly key: RegisterKey;
  readonly self: PeerId;
  readonly roster: VoterRoster;
  readonly work: ProposalWork;
  readonly rules: ByteRules;
  /** The highest ballot of this key that the proposer's own voter knows. */
  readonly seen: Ballot | undefined;
  /** What an earlier proposal of the same command left behind when its voters were replaced. */
  readonly doubt?: Doubt;
  /** Whether a voter's signature under an accepted value is genuine. */
  readonly verify: (accept: Omit<Certificate, "signatures">, signature: VoterSignature) => boolean;
}

/** What a proposal ended with; a "stale_epoch" is begun again by the caller once it knows the new voters. */
export type ProposalOutcome =
  | { readonly type: "decided"; readonly certificate: Certificate; readonly isNew: boolean }
  | {
    readonly type: "refused";
    readonly code: string;
    readonly value?: Uint8Array;
    readonly retryAfterMs?: number;
    /** Of the value, when it had to be written again to be sure of it. */
    readonly certificate?: Certificate;
  }
  /** Only of a read: nothing was ever decided. */
  | { readonly type: "absent" }
  | { readonly type: "undecided"; readonly reason: Exclude<UndecidedReason, "no_voter"> }
  | { readonly type: "stale_epoch"; readonly epoch: number; readonly doubt?: Doubt };

/** Values of ours that some voter may have accepted, though we did not see one decided. */
export interface Doubt {
  /** The lowest at which that may have happened: what others have accepted above it may follow on ours. */
  readonly since: Ballot;
  /** Mostly one: the rules make the same of the same, and another only where the register has changed meanwhile. */
  readonly values: readonly Uint8Array[];
}

/** A voter that did not help, and why. */
export type Failure =
  | { readonly type: "lost" | "damaged" | "nack" }
  | { readonly type: "refused"; readonly code: string; readonly isFinal: boolean; readonly retryAfterMs?: number };

/** Why the present value is written once more: the outcome when that is decided. */
export type Confirmation =
  | { readonly type: "value" }
  | { readonly type: "same"; readonly isNew: boolean }
  | { readonly type: "refused"; readonly code: string; readonly retryAfterMs?: number };

/** Where a proposal is. Replies of an earlier `round` are void. */
export type ProposalPhase =
  | { readonly type: "peeking"; readonly replies: ReadonlyMap<PeerId, (Accepted & VoterSignature) | undefined> }
  | {
    readonly type: "preparing";
    readonly ballot: Ballot;
    readonly promises: ReadonlyMap<PeerId, Accepted | undefined>;
  }
  | {
    readonly type: "accepting";
    readonly ballot: Ballot;
    readonly value: Uint8Array;
    /** Absent: the command's own value. */
    readonly confirms: Confirmation | undefined;
    readonly signatures: ReadonlyMap<PeerId, Uint8Array>;
    /** Voters that could not read their record when this ballot was prepared. */
    readonly damaged: readonly PeerId[];
  }
  | { readonly type: "waiting" }
  | { readonly type: "done"; readonly outcome: ProposalOutcome };

/** The state of one proposal, from its first request to its outcome. */
export interface ProposalState {
  readonly input: ProposalInput;
  readonly phase: ProposalPhase;
  readonly round: number;
  readonly attempt: number;
  readonly seen: Ballot | undefined;
  readonly failures: ReadonlyMap<PeerId, Failure>;
  readonly doubt: Doubt | undefined;
  /** Why the voters refused the value in doubt; set while its fate is found out. */
  readonly objection: { readonly code: string; readonly retryAfterMs?: number } | undefined;
}

/** What a proposal hears. */
export type ProposalEvent =
  | { readonly type: "reply"; readonly from: PeerId; readonly round: number; readonly reply: VoterReply }
  /** No answer will come: not connected, or the connection ended. */
  | { readonly type: "lost"; readonly from: PeerId; readonly round: number }
  /** A wait is over. */
  | { readonly type: "waited"; readonly round: number }
  | { readonly type: "deadline" };

/** What the shell shall do. */
export type ProposalEffect =
  | { readonly type: "send"; readonly to: PeerId; readonly round: number; readonly request: VoterRequest }
  /** Send "waited" after a time drawn evenly from between the two. */
  | { readonly type: "wait"; readonly round: number; readonly minMs: number; readonly maxMs: number }
  /** That voter has not heard of our epoch: show it the records of the roster. */
  | { readonly type: "teach"; readonly voter: PeerId; readonly fromEpoch: number }
  | { readonly type: "finish"; readonly outcome: ProposalOutcome };

/** A state and what follows from it. */
export interface ProposalStep {
  readonly state: ProposalState;
  readonly effects: readonly ProposalEffect[];
}

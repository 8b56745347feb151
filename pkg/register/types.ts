import type { PeerId, TypedEventTarget } from "@bzzz/base";
import type { Certificate } from "./certificate.ts";
import type { Codec } from "./codec.ts";
import type { RegisterKey } from "./keys.ts";
import type { VoterRoster } from "./voter_roster.ts";

/** What becomes of a command, by the rules alone. `refuse` and `retry` are codes: `[a-z][a-z0-9_]*`, at most 64 characters. */
export type Decision<V> =
  | { readonly next: V }
  | { readonly refuse: string }
  /** The value is already what the command wants: it is safe to repeat. */
  | { readonly same: true };

/** What one voter says beyond the rules. `retry`: not now; `afterMs` says when it may become true. */
export type Verdict =
  | { readonly ok: true }
  | { readonly refuse: string }
  | { readonly retry: string; readonly afterMs?: number };

/** What only one voter knows when it checks. */
export interface LocalFacts {
  /**
   * How long this voter has seen the lease of `previous`, on its own monotonic clock; 0 when it is new to it, or when the voter
   * has just started. Undefined when `previous` has no lease.
   */
  readonly leaseAgeMs: number | undefined;
}

/** How the registers of one prefix may change. The same on every voter; the package above gives them. */
export interface RegisterRules<V, C> {
  /** "task", "leader". "roster" is taken. */
  readonly prefix: string;
  readonly value: Codec<V>;
  readonly command: Codec<C>;
  /**
   * Pure: the same answer on every voter, for ever. `leaseId` is this very command's, never used before: a value that grants
   * a lease keeps it, so that a voter never counts the lease from the first sight of an attempt that looked the same.
   */
  decide(key: RegisterKey, previous: V | undefined, command: C, actor: PeerId, leaseId: string): Decision<V>;
  /** What this voter knows: entries of its journal, grants, its own clock. Called only when `decide` gave a next value. */
  check(key: RegisterKey, previous: V | undefined, command: C, actor: PeerId, local: LocalFacts): Verdict;
  /** Identity of the lease in a value (holder, token, renewal, `leaseId`): when it changes, the lease begins anew. Undefined: none. */
  leaseId(value: V): string | undefined;
}

/** Options of a call. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** For all attempts together; 5 s unless told. */
  readonly timeoutMs?: number;
}

/**
 * Why nothing is known: no majority of voters answers; time was up; no voter is connected; the command may have been decided
 * and followed by another before that was seen. Read again: an undecided outcome is no refusal.
 */
export type UndecidedReason = "no_quorum" | "timeout" | "no_voter" | "overtaken";

/** An outcome that says nothing about the register. */
export interface Undecided {
  readonly type: "undecided";
  readonly reason: UndecidedReason;
}

/** A command that was not followed, and will not be. `value` is the decided value that spoke against it, when there is one. */
export interface Refused<V> {
  readonly type: "refused";
  readonly code: string;
  readonly value?: V;
  /** When a voter says that it may become possible: not before this. */
  readonly retryAfterMs?: number;
}

/** What became of a command. */
export type SubmitOutcome<V> =
  | {
    readonly type: "decided";
    readonly value: V;
    readonly certificate: Certificate;
    /** False when the register had what the command wants already. */
    readonly isNew: boolean;
  }
  | Refused<V>
  | Undecided;

/** What a read found. Linearizable: everything decided before it began is seen. */
export type ReadOutcome<V> =
  | { readonly type: "value"; readonly value: V | undefined; readonly certificate?: Certificate }
  | Undecided;

/** What voters would say to a command now. Changes nothing, promises nothing. */
export type ProbeOutcome<V> = { readonly type: "would_accept" } | Refused<V> | Undecided;

/** The registers of one prefix, as its package uses them. */
export interface Register<V, C> {
  /** Signs the command and has it decided. Waits `timeoutMs` at most; rejects only with `signal.reason`. */
  submit(key: RegisterKey, command: C, options?: CallOptions): Promise<SubmitOutcome<V>>;
  probe(key: RegisterKey, command: C, options?: CallOptions): Promise<ProbeOutcome<V>>;
  read(key: RegisterKey, options?: CallOptions): Promise<ReadOutcome<V>>;
}

/** Events of the service. */
export interface RegisterEvents {
  /** A decision that this node took part in as the proposer, or asked for. `value` is in the form of the key's rules. */
  "decided": { readonly key: RegisterKey; readonly value: Uint8Array; readonly certificate: Certificate };
  /** No majority of voters can be reached from here; claims and elections stand still. */
  "quorum:lost": { readonly reason: string };
  "quorum:gained": { readonly voters: number };
  "roster:changed": { readonly roster: VoterRoster };
}

/** The registers of a node. */
export interface RegisterService {
  readonly events: TypedEventTarget<RegisterEvents>;
  /** Gives the rules of a prefix, once. @throws RegisterError "register_misused" when it has rules already */
  use<V, C>(rules: RegisterRules<V, C>): Register<V, C>;
  /** The voters as this node knows them; undefined until it has heard of them. */
  roster(): VoterRoster | undefined;
  /** Whether this node votes, and has what it promised. */
  readonly isVoter: boolean;
  /** Whether a majority of the voters is connected (this node counted). */
  hasQuorum(): boolean;
}

import type { PeerId, TaskId } from "@bzzz/base";
import type { Candidate } from "./rendezvous.ts";
import type { TaskView } from "./types.ts";

/** What a node says of itself; plain data. */
export interface ClaimsConfig {
  readonly self: PeerId;
  readonly role: string;
  readonly capabilities: readonly string[];
  readonly maxTasks: number;
  /** Agent of rank r waits r times this, in milliseconds. */
  readonly stepMs: number;
}

/** An open task, with what the task's own entries do not tell. */
export interface OpenTask {
  readonly view: TaskView;
  /** A request that the task waits for has no answer yet. */
  readonly isAwaitingPerson: boolean;
  /** A task that must be completed first is not. */
  readonly hasOpenDependencies: boolean;
}

/** A timer that was asked for: what to do when it is due, if the task still has this token. */
export interface Scheduled {
  readonly purpose: "claim" | "start";
  readonly token: number;
}

/** What a node remembers to decide about claims. Make it with `createClaimsState`. */
export interface ClaimsState {
  readonly config: ClaimsConfig;
  /** Other agents that are present; this node is not among them. */
  readonly others: ReadonlyMap<PeerId, Candidate>;
  /** The journal has caught up with the mesh and a quorum answers: claims and starts are allowed. */
  readonly isReady: boolean;
  /** Presence was watched for at least one timeout: who is not present is absent. */
  readonly isWarm: boolean;
  readonly isDraining: boolean;
  readonly open: ReadonlyMap<TaskId, OpenTask>;
  readonly scheduled: ReadonlyMap<TaskId, Scheduled>;
  /** The tasks of `scheduled` that are about to start: they take a slot. */
  readonly starting: ReadonlySet<TaskId>;
  /** More could be claimed than has a timer; planned again when the timers are used up. */
  readonly hasMore: boolean;
  /** Tasks whose register was asked and has not answered. */
  readonly claiming: ReadonlySet<TaskId>;
  /** Versions that voters told of and the entries do not tell yet. */
  readonly known: ReadonlyMap<TaskId, number>;
  readonly running: ReadonlyMap<TaskId, { readonly token: number; readonly isCancelled: boolean }>;
  /** Tokens of open tasks under which work ran here and ended; it is never started again under them. */
  readonly ended: ReadonlyMap<TaskId, number>;
  /** Tasks of present holders that have not changed for long: the voters are asked once whether they are still held. */
  readonly suspects: ReadonlySet<TaskId>;
  /** Open tasks whose work stopped because its lease could not be renewed; it goes on if the task is still held. */
  readonly suspended: ReadonlySet<TaskId>;
}

/** What happened. */
export type ClaimsEvent =
  | { readonly type: "task"; readonly task: OpenTask }
  /** The board has it no more: there was too much of its poster. */
  | { readonly type: "forgotten"; readonly taskId: TaskId }
  | {
    readonly type: "presence";
    readonly others: readonly Candidate[];
    readonly isReady: boolean;
    readonly isWarm: boolean;
  }
  /** A holder that is present may have let go of its task without a word (a disk that failed it). */
  | { readonly type: "suspect"; readonly taskId: TaskId }
  | { readonly type: "due"; readonly taskId: TaskId; readonly scheduled: Scheduled; readonly nowMs: number }
  /** The register has decided what was asked, and the entry that says so is stored. */
  | { readonly type: "claim_decided"; readonly taskId: TaskId; readonly version: number }
  /** It has not; `version` is the one that spoke against it. Asked again after `afterMs`, if that still makes sense. */
  | {
    readonly type: "claim_refused";
    readonly taskId: TaskId;
    readonly token: number;
    readonly afterMs: number;
    readonly version?: number;
  }
  /**
   * An execution is over. `parked`: it waits for a person without a process, and will be started again; `suspended`: its
   * lease could not be renewed.
   */
  | {
    readonly type: "ended";
    readonly taskId: TaskId;
    readonly token: number;
    readonly outcome: "done" | "parked" | "suspended";
  }
  | { readonly type: "drain" };

/** What is to be done, as data. */
export type ClaimsEffect =
  | { readonly type: "schedule"; readonly taskId: TaskId; readonly delayMs: number; readonly scheduled: Scheduled }
  | { readonly type: "unschedule"; readonly taskId: TaskId }
  /** Ask the register for the task. */
  | { readonly type: "claim"; readonly taskId: TaskId; readonly token: number }
  /** Its deadline has passed: tell the register. */
  | { readonly type: "expire"; readonly taskId: TaskId; readonly token: number }
  | { readonly type: "start"; readonly taskId: TaskId; readonly token: number }
  /** Stop the work at once; the task is not this node's any more. */
  | { readonly type: "cancel"; readonly taskId: TaskId; readonly token: number; readonly reason: CancelReason }
  /** Give back what was claimed but not begun. */
  | { readonly type: "release"; readonly taskId: TaskId; readonly token: number; readonly reason: string }
  /** Ask people what becomes of a task whose tries are used up, unless they are asked after this time; may be repeated. */
  | { readonly type: "escalate"; readonly taskId: TaskId; readonly delayMs: number };
/** Why work on a task stops before its end. */
export type CancelReason = "lost" | "cancelled" | "finished";

/** The next state, and what the shell does about it. */
export interface ClaimsDecision {
  readonly state: ClaimsState;
  readonly effects: readonly ClaimsEffect[];
}

/** A node that knows nothing yet. */
export function createClaimsState(config: ClaimsConfig): ClaimsState {
  return {
    config,
    others: new Map(),
    isReady: false,
    isWarm: false,
    isDraining: false,
    open: new Map(),
    scheduled: new Map(),
    starting: new Set(),
    hasMore: false,
    claiming: new Set(),
    known: new Map(),
    running: new Map(),
    ended: new Map(),
    suspects: new Set(),
    suspended: new Set(),
  };
}

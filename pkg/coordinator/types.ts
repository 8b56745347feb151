import type { EntryId, PeerId, RequestId, TaskId } from "@bzzz/base";
import type { BodyOf, EntryKind, Envelope, Hlc } from "@bzzz/wire";
import { type ShortBody, shortBodyOf } from "./task_texts.ts";
import type { TaskState } from "./states.ts";
import type { ReportedUse } from "./task_use.ts";
import type { TaskValue } from "./task_value.ts";

/** Kinds of entries that make up the life of a task. */
export type TaskKind = Extract<EntryKind, `task_${string}`>;

/** What the author's grant said of it when the entry was accepted. */
export interface Authority {
  readonly binaryType: string;
  readonly role: string;
  readonly level: string;
}

/** Who wrote an entry, and where it stands in the order of all nodes. */
export interface EntryStamp {
  readonly id: EntryId;
  readonly author: PeerId;
  readonly seq: number;
  readonly hlc: Hlc;
  /** Missing where the reader does not know the grant. */
  readonly authority?: Authority;
}

/** Kinds that tell something of a task; what they tell counts when a decision names them. */
export type ToldKind = Exclude<TaskKind, "task_decided" | "task_claimed">;

/** The certified value of a task's register, with what carried it. */
export interface DecidedEntry extends EntryStamp {
  readonly kind: "task_decided";
  readonly body: { readonly taskId: TaskId };
  /** Decoded from the body; its certificate was verified. */
  readonly value: TaskValue;
}

/** One entry of a task's life, verified and decoded. */
export type TaskEntry =
  | { [K in ToldKind]: EntryStamp & { readonly kind: K; readonly body: ShortBody<K> } }[ToldKind]
  | DecidedEntry;

/**
 * How an attempt ended: `lost` means that its lease was over and another took the task, `rejected` that a review sent its
 * result back, `budget_exhausted` that it was stopped because more was used than the task may.
 */
export type AttemptOutcome =
  | "completed"
  | "submitted"
  | "failed"
  | "budget_exhausted"
  | "released"
  | "lost"
  | "rejected"
  | "cancelled"
  | "expired";

/** One claim of a task. */
export interface AttemptView {
  /** The fencing token of the claim: no two claims have the same. */
  readonly token: number;
  /** The number of the try; a released try does not count, so several claims may have the same. */
  readonly attempt: number;
  readonly holder: PeerId;
  /** The stamp of the first decision of this claim that is known here. */
  readonly claimedAt: Hlc;
  /** Missing while the attempt lasts. */
  readonly outcome?: AttemptOutcome;
  readonly reason?: string;
  /** What its holder says that it has used; missing when it has said nothing. */
  readonly used?: ReportedUse;
}

/** A result that no decision names: it came too late, or from a node that did not hold the task. */
export interface SupersededResult {
  readonly entry: EntryId;
  readonly author: PeerId;
  readonly kind: "task_completed" | "task_failed";
  readonly token: number | undefined;
  readonly hlc: Hlc;
}

/** What a holder has written and no decision names yet: it is decided next, also after a crash. */
export interface UndecidedResult {
  readonly entry: EntryId;
  readonly kind: "task_completed" | "task_failed" | "task_released";
  readonly isFinal: boolean;
}

/** A task as its entries tell it and its register decides it; the same on every node that has the same entries. */
export interface TaskView extends Omit<ShortBody<"task_posted">, "taskId"> {
  readonly taskId: TaskId;
  /** The entry that posted it. */
  readonly post: EntryId;
  readonly postedBy: PeerId;
  readonly postedAuthority?: Authority;
  readonly postedAt: Hlc;
  /** Of the newest certified value that is known here; 0 before the first. */
  readonly version: number;
  readonly state: TaskState;
  /** The fencing token: grows with every claim. */
  readonly token: number;
  /** The number of the try, 0 before the first. */
  readonly attempt: number;
  /** Tries that failed, were lost or rejected. */
  readonly spent: number;
  /** Who holds the task now. */
  readonly holder?: PeerId;
  /** Whole value of the register as it was certified last. */
  readonly value?: TaskValue;
  readonly attempts: readonly AttemptView[];
  /** Requests to people that the holder waits for; not empty exactly when `state` is "blocked". */
  readonly waitingFor: readonly RequestId[];
  readonly progress?: { readonly percent?: number; readonly text: string; readonly atMs: number };
  readonly result?: {
    readonly entry: EntryId;
    readonly by: PeerId;
    readonly attempt: number;
    readonly summary: string;
    readonly durationMs: number;
  };
  readonly undecided?: UndecidedResult;
  /** Why it failed, was cancelled or sent back. */
  readonly reason?: string;
  /** When people had it tried again last: its tries and budgets count from there. */
  readonly renewedAt?: Hlc;
  /** The tries or a budget are used up: people must decide. */
  readonly isExhausted: boolean;
  readonly superseded: readonly SupersededResult[];
  readonly updatedAt: Hlc;
}

/** Reads a decision's value when its certificate is good; undefined when it is not, or cannot be judged yet. */
export type DecisionReader = (body: BodyOf<"task_decided">) => TaskValue | undefined;

/**
 * The task entry of a verified envelope and its decoded body; undefined for other kinds, for claims from before there
 * were registers, and for decisions that `readDecision` does not vouch for.
 */
export function taskEntryOf(
  stored: { readonly envelope: Pick<Envelope, "id" | "header">; readonly kind: string; readonly body: unknown },
  authority: Authority | undefined,
  readDecision: DecisionReader,
): TaskEntry | undefined {
  const { id, header } = stored.envelope;
  if (!TASK_KINDS.has(stored.kind) || header.seq === undefined) return undefined;
  const stamp: EntryStamp = {
    id,
    author: header.author,
    seq: header.seq,
    hlc: header.hlc,
    ...(authority ? { authority } : {}),
  };
  if (stored.kind === "task_decided") {
    const body = stored.body as BodyOf<"task_decided">; // the wire decoder checked the body against this kind's schema
    const value = readDecision(body);
    return value && { ...stamp, kind: "task_decided", body: { taskId: body.taskId }, value };
  }
  if (stored.kind === "task_claimed") return undefined;
  return { ...stamp, kind: stored.kind, body: shortBodyOf(stored.body as object) } as TaskEntry; // as above
}

const TASK_KIND_LIST: Readonly<Record<TaskKind, true>> = {
  task_posted: true,
  task_claimed: true,
  task_decided: true,
  task_progress: true,
  task_blocked: true,
  task_resumed: true,
  task_completed: true,
  task_failed: true,
  task_released: true,
  task_cancelled: true,
  task_reviewed: true,
  task_retried: true,
};

/** The kinds that tell of tasks, for queries of the journal. */
export const TASK_KINDS: ReadonlySet<string> = new Set(Object.keys(TASK_KIND_LIST));

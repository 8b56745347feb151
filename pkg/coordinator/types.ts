import type { EntryId, PeerId, RequestId, TaskId } from "@bzzz/base";
import type { BodyOf, EntryKind, Envelope, Hlc } from "@bzzz/wire";

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
  /** Missing where the reader does not know the grant; rules that need it then refuse. */
  readonly authority?: Authority;
}

/** One entry of a task's life, verified and decoded. */
export type TaskEntry = {
  [K in TaskKind]: EntryStamp & { readonly kind: K; readonly body: BodyOf<K> };
}[TaskKind];

/** Where a task stands. Planning, discussion and review come with the entries that lead there. */
export const TASK_STATES = [
  "announced",
  "claimed",
  "executing",
  "blocked",
  "completed",
  "failed",
  "cancelled",
] as const;
/** One of `TASK_STATES`. */
export type TaskState = (typeof TASK_STATES)[number];

/** What an entry means to the state machine, once its attempt and author are known. */
export const TASK_EVENTS = [
  "claim",
  "contest",
  "progress",
  "block",
  "resume",
  "resume_last",
  "complete",
  "fail_retry",
  "fail_final",
  "release",
  "cancel",
] as const;
/** One of `TASK_EVENTS`. */
export type TaskEvent = (typeof TASK_EVENTS)[number];

/** Why an entry changed nothing. */
export type TaskRefusal =
  | "task_exists"
  | "already_finished"
  | "already_holder"
  | "attempt_ahead"
  | "deadline_passed"
  | "lost_contest"
  | "not_allowed"
  | "not_blocked"
  | "not_held"
  | "not_holder"
  | "role_required"
  | "stale_attempt"
  | "wrong_request";

/** How an attempt ended: `lost` means that its holder went absent and another took over. */
export type AttemptOutcome = "completed" | "failed" | "released" | "lost" | "cancelled";

/** One attempt at a task. */
export interface AttemptView {
  readonly attempt: number;
  readonly holder: PeerId;
  /** Nodes whose claim of this attempt lost to the holder's. */
  readonly rivals: readonly PeerId[];
  readonly claimedAt: Hlc;
  /** Missing while the attempt lasts. */
  readonly outcome?: AttemptOutcome;
  readonly reason?: string;
}

/** A result that came too late, or from a node that did not hold the task. */
export interface SupersededResult {
  readonly entry: EntryId;
  readonly author: PeerId;
  readonly kind: TaskKind;
  readonly attempt: number;
  readonly refusal: TaskRefusal;
  readonly hlc: Hlc;
}

/** A task as its entries tell it; the same on every node that has the same entries. */
export interface TaskView extends Omit<BodyOf<"task_posted">, "taskId"> {
  readonly taskId: TaskId;
  readonly postedBy: PeerId;
  readonly postedAuthority?: Authority;
  readonly postedAt: Hlc;
  readonly state: TaskState;
  /** The newest attempt, 0 before the first claim: the fencing token of this phase. */
  readonly attempt: number;
  /** Who holds the task now. */
  readonly holder?: PeerId;
  readonly attempts: readonly AttemptView[];
  /** Requests to people that the holder waits for; not empty exactly when `state` is "blocked". */
  readonly waitingFor: readonly RequestId[];
  readonly progress?: { readonly percent?: number; readonly text: string; readonly atMs: number };
  readonly result?: {
    readonly by: PeerId;
    readonly attempt: number;
    readonly summary: string;
    readonly output: string;
    readonly durationMs: number;
  };
  /** Why it failed or was cancelled. */
  readonly reason?: string;
  /** Failed or lost attempts reached `MAX_ATTEMPTS`: people must decide. */
  readonly isExhausted: boolean;
  readonly superseded: readonly SupersededResult[];
  /** How many entries changed nothing, by reason; superseded results are among them. */
  readonly refusals: Readonly<Partial<Record<TaskRefusal, number>>>;
  readonly updatedAt: Hlc;
}

/** The task entry of a verified envelope and its decoded body, or undefined for other kinds. */
export function taskEntryOf(
  stored: { readonly envelope: Pick<Envelope, "id" | "header">; readonly kind: string; readonly body: unknown },
  authority?: Authority,
): TaskEntry | undefined {
  const { id, header } = stored.envelope;
  if (!TASK_KINDS.has(stored.kind) || header.seq === undefined) return undefined;
  return {
    id,
    author: header.author,
    seq: header.seq,
    hlc: header.hlc,
    ...(authority ? { authority } : {}),
    kind: stored.kind,
    body: stored.body,
  } as TaskEntry; // the wire decoder checked the body against the schema of this kind
}

const TASK_KIND_LIST: Readonly<Record<TaskKind, true>> = {
  task_posted: true,
  task_claimed: true,
  task_progress: true,
  task_blocked: true,
  task_resumed: true,
  task_completed: true,
  task_failed: true,
  task_released: true,
  task_cancelled: true,
};

/** The kinds of `TaskEntry`, for queries of the journal. */
export const TASK_KINDS: ReadonlySet<string> = new Set(Object.keys(TASK_KIND_LIST));

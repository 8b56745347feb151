import type { EntryId, PeerId, RequestId, TaskId } from "@bzzz/base";
import type { Authority } from "./types.ts";
import type { ShortBody } from "./task_texts.ts";

/** A task's post as this node's journal has it. */
export interface PostFact {
  readonly body: ShortBody<"task_posted">;
  readonly author: PeerId;
}

/** An entry that a command names. */
export interface EntryFact {
  readonly kind: string;
  readonly author: PeerId;
  readonly task: TaskId | undefined;
  /** Type of a message ("plan", "summary"); undefined for other kinds. */
  readonly messageType: string | undefined;
}

/** A request to people that a command names. */
export interface RequestFact {
  readonly task: TaskId | undefined;
  readonly openedBy: PeerId;
  readonly isOpen: boolean;
  /** A person permits what was asked for. */
  readonly isApproved: boolean;
}

/** How the discussion of a plan stands. */
export interface PlanFact {
  /** Milliseconds since this node heard of the plan, by its monotonic clock; 0 after a restart. */
  readonly ageMs: number;
  /** A blocking objection that its author has not taken back. */
  readonly isBlocked: boolean;
}

/**
 * What one voter knows beside the register: facts of its own journal and its clock. Undefined means "not here yet", and
 * the voter asks for another try instead of guessing.
 */
export interface TaskFacts {
  nowMs(): number;
  post(taskId: TaskId, post: EntryId): PostFact | undefined;
  authority(peer: PeerId): Authority | undefined;
  /** What a member's newest record says that it can do. */
  capabilities(peer: PeerId): readonly string[] | undefined;
  /** A task that others depend on, by its certified values; undefined while it is unknown. */
  isCompleted(taskId: TaskId): boolean | undefined;
  entry(id: EntryId): EntryFact | undefined;
  request(id: RequestId): RequestFact | undefined;
  plan(taskId: TaskId, plan: EntryId): PlanFact | undefined;
  /** The posts of a delegated task's parents, the nearest in front; undefined while one of them is unknown. */
  parents(body: ShortBody<"task_posted">): readonly ShortBody<"task_posted">[] | undefined;
}

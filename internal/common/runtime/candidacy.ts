import { AUTHORITY_LEVELS, type Grant, mayPerform, type Membership } from "@bzzz/agentid";
import type { PeerId, TaskId } from "@bzzz/base";
import type { TaskView } from "@bzzz/coordinator";
import type { LeaderCandidate } from "@bzzz/election";
import type { PresenceRecord } from "@bzzz/presence";
import type { BodyOf } from "@bzzz/wire";

/** What a node that stands says of itself beside its presence. */
export type Candidacy = Pick<
  BodyOf<"presence">,
  "isElectable" | "uptimeMs" | "connections" | "latencyMs" | "completedTasks"
>;

/** Completed tasks that are counted; more weigh no more. */
const MAX_COUNTED_TASKS = 1_000;

/** Counts what this node has completed, from the tasks as they change. */
export class CompletedTasks {
  readonly #self: PeerId;
  readonly #tasks = new Set<TaskId>();

  constructor(self: PeerId) {
    this.#self = self;
  }

  get count(): number {
    return this.#tasks.size;
  }

  taskChanged(view: Pick<TaskView, "taskId" | "state" | "result">): void {
    const isMine = view.state === "completed" && view.result?.by === this.#self;
    if (isMine && this.#tasks.size < MAX_COUNTED_TASKS) this.#tasks.add(view.taskId);
  }
}

/** What this node says of itself as a candidate. */
export function describeCandidacy(
  facts: {
    readonly uptimeMs: number;
    readonly connections: number;
    readonly completedTasks: number;
    readonly latencyMs: number | undefined;
  },
): Candidacy {
  const { uptimeMs, connections, completedTasks, latencyMs } = facts;
  return {
    isElectable: true,
    uptimeMs: Math.max(0, Math.round(uptimeMs)),
    connections,
    completedTasks,
    ...(latencyMs === undefined ? {} : { latencyMs: Math.max(0, Math.round(latencyMs * 10) / 10) }),
  };
}

/** A node as a candidate: its level is its grant's, the rest is its own word. Undefined when it does not stand, or may not. */
export function candidateOf(
  peer: PeerId,
  body: BodyOf<"presence">,
  grant: Pick<Grant, "level" | "role" | "binaryType"> | undefined,
): LeaderCandidate | undefined {
  if (body.isElectable !== true || body.status === "draining") return undefined;
  if (!grant || !mayPerform("lead", grant).allow) return undefined;
  return {
    peer,
    authority: AUTHORITY_LEVELS.indexOf(grant.level) / (AUTHORITY_LEVELS.length - 1),
    load: body.load,
    activeTasks: body.activeTasks,
    maxTasks: body.maxTasks,
    uptimeMs: body.uptimeMs ?? 0,
    connections: body.connections ?? 0,
    completedTasks: body.completedTasks ?? 0,
    ...(body.latencyMs === undefined ? {} : { latencyMs: body.latencyMs }),
  };
}

/** Every candidate that is here: this node by its own description, the others by what was heard of them. */
export function presentCandidates(
  parts: {
    readonly self: PeerId;
    readonly describeSelf: () => BodyOf<"presence">;
    readonly records: () => readonly PresenceRecord[];
    readonly membership: Pick<Membership, "grantOf">;
  },
  nowMs: number,
): LeaderCandidate[] {
  const alive = parts.records().filter(({ peer, liveness }) => peer !== parts.self && liveness === "alive");
  return [{ peer: parts.self, body: parts.describeSelf() }, ...alive].flatMap(({ peer, body }) => {
    const candidate = candidateOf(peer, body, parts.membership.grantOf(peer, nowMs));
    return candidate ? [candidate] : [];
  });
}

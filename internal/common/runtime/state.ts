import { type PeerId, type TaskId, TypedEventTarget } from "@bzzz/base";
import { isFinished, type TaskState } from "@bzzz/coordinator";
import type { HealthStatus } from "@bzzz/health";
import { compareHlc, type Hlc } from "@bzzz/wire";

/** Unfinished tasks that are kept; the one unchanged longest goes first. The journal has them all. */
export const MAX_ACTIVE_TASKS = 10_000;
/** Finished tasks that are remembered, so that a late message does not revive them. */
export const MAX_FINISHED_TASKS = 1_000;
/** Peers that are kept; the one silent longest goes first. */
export const MAX_KNOWN_PEERS = 4_096;

/** A task, as far as every part of the node needs to know it. */
export interface TaskInfo {
  readonly taskId: TaskId;
  readonly title: string;
  readonly state: TaskState;
  /** Which try this is. */
  readonly attempt: number;
  /** Decided changes so far: what has fewer is older news. */
  readonly version: number;
  readonly holder?: PeerId;
  /** Time of the entry this is from; of one version the older news are ignored. */
  readonly updatedAt: Hlc;
}

/** A node of the mesh, as it was last heard of. */
export interface PeerInfo {
  readonly peerId: PeerId;
  readonly agentId: string;
  readonly binaryType: string;
  readonly role: string;
  readonly status: "ready" | "working" | "busy" | "draining" | "left" | "failed";
  readonly isConnected: boolean;
  /** Wall time of this node. */
  readonly lastSeenMs: number;
}

/** Who leads. The term only grows. */
export interface ElectionInfo {
  readonly term: number;
  readonly leader?: PeerId;
}

/** What every part of a node may read (specification section 7.2). A value: each event makes a new one. */
export interface SharedStateData<Config> {
  readonly activeTasks: ReadonlyMap<TaskId, TaskInfo>;
  /** The last ones, oldest first. */
  readonly finishedTasks: ReadonlyMap<TaskId, TaskInfo>;
  readonly peerRegistry: ReadonlyMap<PeerId, PeerInfo>;
  readonly electionState: ElectionInfo;
  readonly configSnapshot: Config;
  /** Undefined until it was first asked. */
  readonly healthStatus: HealthStatus | undefined;
}

/** What changes it. Tasks and elections are facts of the mesh and ordered by it; the rest is this node's own. */
export type StateEvent<Config> =
  | { readonly type: "task:changed"; readonly task: TaskInfo }
  | { readonly type: "peer:changed"; readonly peer: PeerInfo }
  | { readonly type: "peer:removed"; readonly peerId: PeerId }
  | { readonly type: "election:changed"; readonly election: ElectionInfo }
  | { readonly type: "config:changed"; readonly config: Config }
  | { readonly type: "health:changed"; readonly health: HealthStatus };

/** Nothing known but the configuration. */
export function initialState<Config>(config: Config): SharedStateData<Config> {
  return {
    activeTasks: new Map(),
    finishedTasks: new Map(),
    peerRegistry: new Map(),
    electionState: { term: 0 },
    configSnapshot: config,
    healthStatus: undefined,
  };
}

/** The state after `event`; the very same object when it says nothing new. Pure. */
export function foldState<Config>(
  state: SharedStateData<Config>,
  event: StateEvent<Config>,
): SharedStateData<Config> {
  switch (event.type) {
    case "task:changed":
      return foldTask(state, event.task);
    case "peer:changed": {
      const others = [...state.peerRegistry].filter(([id]) => id !== event.peer.peerId);
      const peers = capped(others, MAX_KNOWN_PEERS - 1, (a, b) => a.lastSeenMs - b.lastSeenMs);
      return { ...state, peerRegistry: peers.set(event.peer.peerId, event.peer) };
    }
    case "peer:removed":
      if (!state.peerRegistry.has(event.peerId)) return state;
      return { ...state, peerRegistry: without(state.peerRegistry, event.peerId) };
    case "election:changed": {
      const { term, leader } = state.electionState;
      const isNews = event.election.term > term || (event.election.term === term && event.election.leader !== leader);
      return isNews ? { ...state, electionState: event.election } : state;
    }
    case "config:changed":
      return { ...state, configSnapshot: event.config };
    case "health:changed":
      return { ...state, healthStatus: event.health };
  }
}

function foldTask<Config>(state: SharedStateData<Config>, task: TaskInfo): SharedStateData<Config> {
  const { taskId } = task;
  const known = state.activeTasks.get(taskId) ?? state.finishedTasks.get(taskId);
  const isNews = !known || task.version > known.version ||
    (task.version === known.version && compareHlc(task.updatedAt, known.updatedAt) > 0);
  if (!isNews) return state;
  const byAge = (a: TaskInfo, b: TaskInfo) => compareHlc(a.updatedAt, b.updatedAt);
  if (isFinished(task.state)) {
    const finished = capped([...without(state.finishedTasks, taskId)], MAX_FINISHED_TASKS - 1, byAge);
    return { ...state, activeTasks: without(state.activeTasks, taskId), finishedTasks: finished.set(taskId, task) };
  }
  const active = capped([...without(state.activeTasks, taskId)], MAX_ACTIVE_TASKS - 1, byAge);
  return { ...state, activeTasks: active.set(taskId, task), finishedTasks: without(state.finishedTasks, taskId) };
}

function without<K, V>(map: ReadonlyMap<K, V>, key: K): ReadonlyMap<K, V> {
  if (!map.has(key)) return map;
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}

/** A new map of at most `capacity` entries; what `byAge` puts first goes. */
function capped<K, V>(entries: [K, V][], capacity: number, byAge: (a: V, b: V) => number): Map<K, V> {
  if (entries.length <= capacity) return new Map(entries);
  const dropped = new Set(
    entries.map(([key, value]) => ({ key, value })).sort((a, b) => byAge(a.value, b.value))
      .slice(0, entries.length - capacity).map(({ key }) => key),
  );
  return new Map(entries.filter(([key]) => !dropped.has(key)));
}

/** What became of an update. */
export type TaskUpdate =
  | { readonly ok: true; readonly task: TaskInfo }
  /** `stale`: something newer is known. */
  | { readonly ok: false; readonly reason: "task_unknown" | "task_finished" | "stale" };

/** The state of this process, for its parts to read and to watch. What other nodes know travels through the journal only. */
export class SharedState<Config> {
  readonly events = new TypedEventTarget<{ "state:changed": SharedStateData<Config> }>();
  #data: SharedStateData<Config>;

  constructor(config: Config) {
    this.#data = initialState(config);
  }

  /** A value that does not change any more; ask again for a newer one. */
  get current(): SharedStateData<Config> {
    return this.#data;
  }

  /** Folds one event in; listeners hear of it if it was news. */
  apply(event: StateEvent<Config>): void {
    const next = foldState(this.#data, event);
    if (next === this.#data) return;
    this.#data = next;
    this.events.emit("state:changed", next);
  }

  /** The specification's `UpdateTaskState`: a task that is not known is an answer, not an exception. */
  updateTaskState(taskId: TaskId, state: TaskState, at: Hlc): TaskUpdate {
    const known = this.#data.activeTasks.get(taskId);
    if (!known) {
      return { ok: false, reason: this.#data.finishedTasks.has(taskId) ? "task_finished" : "task_unknown" };
    }
    if (compareHlc(at, known.updatedAt) <= 0) return { ok: false, reason: "stale" };
    const task = { ...known, state, updatedAt: at };
    this.apply({ type: "task:changed", task });
    return { ok: true, task };
  }
}

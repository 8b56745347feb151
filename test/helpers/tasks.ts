/**
 * What the history of a task proves, read from a node's journal: who held it when, under which token.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ApiClient, EntryView, TaskDetailView } from "@bzzz/api";

/** One value that a majority of the voters has certified. */
export interface Decided {
  readonly version: number;
  readonly state: string;
  readonly holder: string | undefined;
  readonly token: number;
  readonly told: string | undefined;
  readonly by: string;
  readonly atMs: number;
}

/** The decisions of a task in the order of their versions; the same one told twice counts once. */
export function decisionsOf(task: Pick<TaskDetailView, "history">): Decided[] {
  const byVersion = new Map<number, Decided>();
  for (const entry of task.history) {
    const decided = decidedOf(entry);
    if (decided && !byVersion.has(decided.version)) byVersion.set(decided.version, decided);
  }
  return [...byVersion.values()].sort((a, b) => a.version - b.version);
}

function decidedOf(entry: EntryView): Decided | undefined {
  const value = entry.kind === "task_decided" ? entry.body?.["value"] as Record<string, unknown> : undefined;
  if (!value) return undefined;
  const text = (key: string) => typeof value[key] === "string" ? value[key] : undefined;
  return {
    version: Number(value["version"]),
    state: text("state") ?? "",
    holder: text("holder"),
    token: Number(value["token"]),
    told: text("told"),
    by: text("by") ?? "",
    atMs: entry.hlc.ms,
  };
}

/** A token has one holder for ever, tokens only grow, and what counts was told under the token that held. */
export function assertFenced(task: TaskDetailView): void {
  const decisions = decisionsOf(task);
  const holders = new Map<number, string>();
  let token = 0;
  for (const decided of decisions) {
    const what = `task ${task.task_id}: ${JSON.stringify(decisions)}`;
    assert.ok(decided.token >= token, what);
    token = decided.token;
    if (decided.holder === undefined) continue;
    assert.equal(holders.get(decided.token) ?? decided.holder, decided.holder, what);
    holders.set(decided.token, decided.holder);
  }
  const end = decisions.find(({ state }) => state === "completed");
  if (!end) return;
  const result = task.history.find(({ id }) => id === end.told);
  assert.equal(result?.kind, "task_completed", `task ${task.task_id}: its result is there`);
  assert.equal(result?.author.peer_id, holders.get(end.token), `task ${task.task_id}: its holder's`);
  assert.equal(result?.body?.["token"], end.token, `task ${task.task_id}: told under the token that held`);
}

/** Tasks that one agent held at the same time, at most, by the stamps of its decisions. */
export function mostAtOnce(tasks: readonly TaskDetailView[], peerId: string): number {
  const steps: { atMs: number; by: number }[] = [];
  for (const task of tasks) {
    let isHeld = false;
    for (const { holder, atMs } of decisionsOf(task)) {
      if ((holder === peerId) === isHeld) continue;
      isHeld = holder === peerId;
      steps.push({ atMs, by: isHeld ? 1 : -1 });
    }
  }
  steps.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let now = 0;
  let most = 0;
  for (const { by } of steps) most = Math.max(most, now += by);
  return most;
}

/** All tasks with their histories. */
export async function allTasks(api: ApiClient): Promise<TaskDetailView[]> {
  const tasks = await api.tasks({ limit: 1_000 });
  return await Promise.all(tasks.map((task) => api.task(task.task_id)));
}

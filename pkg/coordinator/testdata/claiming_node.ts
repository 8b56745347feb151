// A node that decides about claims.
import assert from "node:assert/strict";
import type { PeerId, RequestId, TaskId } from "@bzzz/base";
import {
  type Candidate,
  type ClaimsConfig,
  type ClaimsEffect,
  type ClaimsEvent,
  type ClaimsState,
  createClaimsState,
  decideClaims,
  foldTask,
  type TaskView,
} from "../mod.ts";
import { PEERS, TaskLife, TEST_TASK } from "../testing.ts";

/** The node under test, and another agent. */
export const [ADA, BOB] = PEERS as [PeerId, PeerId];

/** A request of a task. */
export const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;

/** A node under test: applies events, keeps the state, hands out the effects. */
export class ClaimingNode {
  state: ClaimsState;

  constructor(fields: Partial<ClaimsConfig> = {}) {
    const config = { self: ADA, role: "developer", capabilities: ["text"], maxTasks: 1, stepMs: 150 };
    this.state = createClaimsState({ ...config, ...fields });
  }

  apply(event: ClaimsEvent): readonly ClaimsEffect[] {
    const decision = decideClaims(this.state, event);
    this.state = decision.state;
    return decision.effects;
  }

  presence(
    others: readonly PeerId[] = [],
    fields: { isReady?: boolean; isWarm?: boolean } = {},
  ): readonly ClaimsEffect[] {
    return this.apply({ type: "presence", others: others.map(other), isReady: true, isWarm: true, ...fields });
  }

  task(
    life: TaskLife,
    fields: { isAwaitingPerson?: boolean; hasOpenDependencies?: boolean } = {},
  ): readonly ClaimsEffect[] {
    const task = { view: view(life), isAwaitingPerson: false, hasOpenDependencies: false, ...fields };
    return this.apply({ type: "task", task });
  }

  /** Lets the timer that `task` asked for fall due. */
  due(taskId: TaskId = TEST_TASK): readonly ClaimsEffect[] {
    const scheduled = this.state.scheduled.get(taskId);
    assert.ok(scheduled, "nothing is scheduled");
    return this.apply({ type: "due", taskId, scheduled, nowMs: 50 });
  }

  /** Claims, hears its own claim, starts. */
  run(life: TaskLife): void {
    this.task(life);
    this.due();
    this.task(life.act(ADA, 20, { type: "claim" }));
    this.apply({ type: "claim_decided", taskId: TEST_TASK, version: life.value?.version ?? 0 });
    assert.deepEqual(this.due(), [{ type: "start", taskId: TEST_TASK, token: life.value?.token }]);
  }
}

/** Another agent that could take the task. */
export function other(peer: PeerId): Candidate {
  return { peer, role: "developer", capabilities: ["text"], activeTasks: 0, maxTasks: 1, weight: 1 };
}

/** What the entries of a task come to. */
export function view(life: TaskLife): TaskView {
  return foldTask(life.entries) ?? assert.fail();
}

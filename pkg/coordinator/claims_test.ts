import assert from "node:assert/strict";
import type { PeerId, RequestId, TaskId } from "@bzzz/base";
import fc from "fast-check";
import {
  type Candidate,
  type ClaimsConfig,
  type ClaimsEffect,
  type ClaimsEvent,
  type ClaimsState,
  createClaimsState,
  decideClaims,
  foldTask,
  rankCandidates,
  type TaskEntry,
  type TaskView,
  usedSlots,
} from "./mod.ts";
import { entry, PEERS, posted, TEST_TASK } from "./testing.ts";

const [ADA, BOB] = PEERS as [PeerId, PeerId];
const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;

/** A node under test: applies events, keeps the state, hands out the effects. */
class Node {
  state: ClaimsState;

  constructor(fields: Partial<ClaimsConfig> = {}) {
    this.state = createClaimsState({
      self: ADA,
      role: "developer",
      capabilities: ["text"],
      maxTasks: 1,
      stepMs: 150,
      settleMs: 100,
      leaseMs: 30_000,
      ...fields,
    });
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

  task(entries: readonly TaskEntry[], isAwaitingPerson = false): readonly ClaimsEffect[] {
    return this.apply({ type: "task", task: { view: view(entries), isAwaitingPerson } });
  }

  /** Lets the timer that `task` asked for fall due. */
  due(taskId: TaskId = TEST_TASK): readonly ClaimsEffect[] {
    const scheduled = this.state.scheduled.get(taskId);
    assert.ok(scheduled, "nothing is scheduled");
    return this.apply({ type: "due", taskId, scheduled, nowMs: 50 });
  }

  /** Claims, hears its own claim, starts. */
  run(entries: readonly TaskEntry[], attempt = 1): void {
    this.task(entries);
    this.due();
    this.task([...entries, claim(this.state.config.self, 20, attempt)]);
    this.apply({ type: "claim_stored", taskId: TEST_TASK, attempt });
    assert.deepEqual(this.due(), [{ type: "start", taskId: TEST_TASK, attempt }]);
  }
}

function other(peer: PeerId): Candidate {
  return { peer, role: "developer", capabilities: ["text"], activeTasks: 0, maxTasks: 1, weight: 1 };
}

function view(entries: readonly TaskEntry[]): TaskView {
  const folded = foldTask(entries);
  assert.ok(folded);
  return folded;
}

const claim = (who: PeerId, ms: number, attempt = 1) => entry("task_claimed", who, ms, { attempt });
const fail = (who: PeerId, ms: number, attempt = 1) =>
  entry("task_failed", who, ms, { attempt, reason: "no luck", retryable: true });

Deno.test("an announced task is claimed after rank × step, and started after the claim has settled", () => {
  const node = new Node();
  node.presence(PEERS.slice(1));
  const rank = rankCandidates(view([posted()]), PEERS.map(other)).findIndex((c) => c.peer === ADA);

  const [schedule] = node.task([posted()]);
  const claimed = node.due();
  node.task([posted(), claim(ADA, 2)]);
  const [settle] = node.apply({ type: "claim_stored", taskId: TEST_TASK, attempt: 1 });
  const started = node.due();

  assert.equal(schedule?.type === "schedule" && schedule.delayMs, rank * 150);
  assert.deepEqual(claimed, [{ type: "claim", taskId: TEST_TASK, attempt: 1 }]);
  assert.equal(settle?.type === "schedule" && settle.delayMs, 100);
  assert.deepEqual(started, [{ type: "start", taskId: TEST_TASK, attempt: 1 }]);
});

Deno.test("somebody else's claim ends the wait", () => {
  const node = new Node();
  node.presence([BOB]);
  node.task([posted()]);

  const effects = node.task([posted(), claim(BOB, 2)]);

  assert.deepEqual(effects, [{ type: "unschedule", taskId: TEST_TASK }]);
  assert.equal(node.state.scheduled.size, 0);
});

Deno.test("nothing is claimed before the journal has caught up", () => {
  const node = new Node();
  node.presence([], { isReady: false });

  assert.deepEqual(node.task([posted()]), []);
  assert.equal(node.presence([])[0]?.type, "schedule");
});

Deno.test("a node without the capability or the role claims nothing", () => {
  const node = new Node();
  node.presence();

  assert.deepEqual(node.task([posted({ requiredCapabilities: ["gpu"] })]), []);
  assert.deepEqual(node.task([posted({ requiredRole: "reviewer" })]), []);
});

Deno.test("a claim past the deadline is not made", () => {
  const node = new Node();
  node.presence();
  node.task([posted({ deadlineMs: 49 })]);

  assert.deepEqual(node.due(), []);
});

Deno.test("the work stops when the claim is lost, cancelled or finished by another", () => {
  const cases: [string, TaskEntry[]][] = [
    ["lost", [claim(BOB, 30, 2)]],
    ["cancelled", [entry("task_cancelled", "poster" as PeerId, 30, { reason: "" })]],
    ["finished", [
      claim(BOB, 30, 2),
      entry("task_completed", BOB, 31, { attempt: 2, summary: "", output: "", durationMs: 1 }),
    ]],
  ];
  for (const [reason, entries] of cases) {
    const node = new Node();
    node.presence([BOB]);
    node.run([posted()]);

    const effects = node.task([posted(), claim(ADA, 20), ...entries]);

    assert.deepEqual(effects.filter((e) => e.type === "cancel"), [
      { type: "cancel", taskId: TEST_TASK, attempt: 1, reason },
    ]);
    assert.equal(usedSlots(node.state), 1, "the slot is taken until the work has really ended");
  }
});

Deno.test("its own result does not cancel the execution that gave it", () => {
  const node = new Node();
  node.presence();
  node.run([posted()]);

  const done = entry("task_completed", ADA, 30, { attempt: 1, summary: "", output: "", durationMs: 1 });

  assert.deepEqual(node.task([posted(), claim(ADA, 20), done]), []);
});

Deno.test("a task of an absent holder is taken over as the next attempt", () => {
  const node = new Node();
  node.presence([BOB]);
  node.task([posted(), claim(BOB, 2)]);

  const [schedule] = node.presence([]);

  assert.equal(schedule?.type === "schedule" && schedule.delayMs, 30_000);
  assert.deepEqual(node.due(), [{ type: "claim", taskId: TEST_TASK, attempt: 2 }]);
});

Deno.test("a holder that comes back within the lease keeps its task", () => {
  const node = new Node();
  node.presence();
  node.task([posted(), claim(BOB, 2)]);

  assert.deepEqual(node.presence([BOB]), [{ type: "unschedule", taskId: TEST_TASK }]);
});

Deno.test("a holder is not absent while presence has not been watched for long enough", () => {
  const node = new Node();
  node.presence([], { isWarm: false });

  assert.deepEqual(node.task([posted(), claim(BOB, 2)]), []);
});

Deno.test("a task that waits for a person is taken over only once there is an answer", () => {
  const blocked = [posted(), claim(BOB, 2), entry("task_blocked", BOB, 3, { attempt: 1, requestId: ASK })];
  const node = new Node();
  node.presence();

  assert.deepEqual(node.task(blocked, true), []);
  assert.equal(node.task(blocked, false)[0]?.type, "schedule");
});

Deno.test("after a restart its own task is started again, a blocked one only when it is answered", () => {
  const node = new Node();
  node.presence();
  const blocked = [posted(), claim(ADA, 2), entry("task_blocked", ADA, 3, { attempt: 1, requestId: ASK })];

  assert.deepEqual(node.task(blocked, true), []);
  node.task(blocked, false);

  assert.deepEqual(node.due(), [{ type: "start", taskId: TEST_TASK, attempt: 1 }]);
});

Deno.test("an attempt that ended here is not started again, one that is parked is", () => {
  const held = [posted(), claim(ADA, 20)];
  for (const isParked of [true, false]) {
    const node = new Node();
    node.presence();
    node.run([posted()]);
    node.task(held);

    const effects = node.apply({ type: "ended", taskId: TEST_TASK, attempt: 1, isParked });

    assert.equal(effects.some((e) => e.type === "schedule"), isParked, `parked: ${isParked}`);
  }
});

Deno.test("a takeover after three spent attempts fails the task without work", () => {
  const node = new Node();
  node.presence();
  const spent = [posted(), claim(BOB, 2), fail(BOB, 3), claim(BOB, 4, 2), fail(BOB, 5, 2), claim(BOB, 6, 3)];
  node.task(spent);

  assert.deepEqual(node.due(), [{ type: "claim", taskId: TEST_TASK, attempt: 4 }]);
  node.task([...spent, claim(ADA, 7, 4)]);
  const effects = node.apply({ type: "claim_stored", taskId: TEST_TASK, attempt: 4 });

  assert.deepEqual(effects, [{ type: "exhaust", taskId: TEST_TASK, attempt: 4 }]);
});

Deno.test("the last holder of an exhausted task asks people, others do not", () => {
  const spent = (who: PeerId) => [1, 2, 3].flatMap((n) => [claim(who, 2 * n, n), fail(who, 2 * n + 1, n)]);
  const node = new Node();
  node.presence();

  assert.deepEqual(node.task([posted(), ...spent(ADA)]), [{ type: "escalate", taskId: TEST_TASK }]);
  assert.deepEqual(node.task([posted(), ...spent(BOB)]), []);
});

Deno.test("a claim that could not be stored frees its slot and is tried again later", () => {
  const node = new Node();
  node.presence();
  node.task([posted()]);
  node.due();
  assert.equal(usedSlots(node.state), 1);

  const [retry] = node.apply({ type: "claim_failed", taskId: TEST_TASK, attempt: 1 });

  assert.equal(usedSlots(node.state), 0);
  assert.equal(retry?.type === "schedule" && retry.delayMs, 1000);
  assert.deepEqual(node.due(), [{ type: "claim", taskId: TEST_TASK, attempt: 1 }]);
});

Deno.test("a refused claim is not repeated", () => {
  const node = new Node();
  node.presence();
  node.task([posted()]);
  node.due();

  assert.deepEqual(node.apply({ type: "claim_stored", taskId: TEST_TASK, attempt: 1 }), []);
  assert.deepEqual(node.presence([BOB]), []);
});

Deno.test("of many open tasks a few get timers at a time, and the next ones when those are used up", () => {
  const ids = Array.from({ length: 40 }, (_, i) => `000000000000000000000000${String(i).padStart(2, "0")}` as TaskId);
  const node = new Node();
  node.presence([], { isReady: false });
  for (const taskId of ids) node.task([posted({ taskId })]);

  node.presence([BOB]);
  const first = [...node.state.scheduled.keys()];
  for (const taskId of first) node.task([posted({ taskId }), entry("task_claimed", BOB, 2, { attempt: 1, taskId })]);
  const second = [...node.state.scheduled.keys()];

  assert.equal(first.length, 12);
  assert.equal(second.length, 12, "tasks that others took make room");
  assert.equal(new Set([...first, ...second]).size, 24);
});

Deno.test("drain: no new claims, what was claimed but not begun is given back, what waits for a person is kept", () => {
  const node = new Node();
  node.presence();
  node.task([posted()]);
  node.due();
  node.apply({ type: "drain" });

  node.task([posted(), claim(ADA, 2)]);
  const released = node.apply({ type: "claim_stored", taskId: TEST_TASK, attempt: 1 });

  assert.deepEqual(released, [{
    type: "release",
    taskId: TEST_TASK,
    attempt: 1,
    reason: "the agent is stopping",
  }]);
  const waiting = new Node();
  waiting.presence();
  waiting.apply({ type: "drain" });
  const blocked = [posted(), claim(ADA, 2), entry("task_blocked", ADA, 3, { attempt: 1, requestId: ASK })];
  assert.deepEqual(waiting.task(blocked, true), []);
});

Deno.test("property: whatever happens, max_tasks is kept and no attempt is claimed or started twice", () => {
  const ids = Array.from({ length: 5 }, (_, i) => `0000000000000000000000000${i}` as TaskId);
  const step = fc.tuple(
    fc.constantFrom("due", "stored", "failed", "ended", "lost", "presence"),
    fc.nat(4),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, maxTasks) => {
    const node = new Node({ maxTasks });
    const logs = new Map<TaskId, TaskEntry[]>(ids.map((taskId) => [taskId, [posted({ taskId })]]));
    const done = new Set<string>();
    let ms = 10;
    const take = (effects: readonly ClaimsEffect[]) => {
      for (const effect of effects) {
        if (effect.type !== "claim" && effect.type !== "start") continue;
        const key = `${effect.type}/${effect.taskId}/${effect.attempt}`;
        assert.ok(!done.has(key), key);
        done.add(key);
      }
      assert.ok(usedSlots(node.state) <= maxTasks, "too many at once");
    };
    node.presence([BOB]);
    const tell = (taskId: TaskId) => take(node.task(logs.get(taskId) ?? []));
    for (const taskId of ids) tell(taskId);

    for (const [act, index] of steps) {
      const taskId = ids[index] as TaskId;
      const log = logs.get(taskId) ?? [];
      const attempt = node.state.claiming.get(taskId);
      if (act === "due" && node.state.scheduled.has(taskId)) take(node.due(taskId));
      if (act === "stored" && attempt !== undefined) {
        log.push(entry("task_claimed", ADA, ++ms, { attempt, taskId }));
        tell(taskId);
        take(node.apply({ type: "claim_stored", taskId, attempt }));
      }
      if (act === "failed" && attempt !== undefined) {
        done.delete(`claim/${taskId}/${attempt}`);
        take(node.apply({ type: "claim_failed", taskId, attempt }));
      }
      const running = node.state.running.get(taskId);
      if (act === "ended" && running) {
        log.push(entry("task_failed", ADA, ++ms, { attempt: running.attempt, reason: "", retryable: true, taskId }));
        tell(taskId);
        take(node.apply({ type: "ended", taskId, attempt: running.attempt, isParked: false }));
      }
      if (act === "lost" && view(log).holder === ADA) {
        log.push(entry("task_claimed", BOB, ++ms, { attempt: view(log).attempt + 1, taskId }));
        tell(taskId);
      }
      if (act === "presence") take(node.presence(index % 2 ? [BOB] : []));
    }
  }));
});

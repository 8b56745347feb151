import assert from "node:assert/strict";
import type { TaskId } from "@bzzz/base";
import fc from "fast-check";
import { type ClaimsEffect, rankCandidates, usedSlots } from "./mod.ts";
import { PEERS, posted, POSTER, TaskLife, TEST_TASK } from "./testing.ts";
import { ADA, ASK, BOB, ClaimingNode, other, view } from "./testdata/claiming_node.ts";

Deno.test("an announced task is claimed after rank × step, and started as soon as that is decided", () => {
  const node = new ClaimingNode();
  const life = new TaskLife();
  node.presence(PEERS.slice(1));
  const rank = rankCandidates(view(life), PEERS.map(other)).findIndex((c) => c.peer === ADA);

  const [schedule] = node.task(life);
  const claimed = node.due();
  node.task(life.act(ADA, 2, { type: "claim" }));
  const [start] = node.apply({ type: "claim_decided", taskId: TEST_TASK, version: 1 });
  const started = node.due();

  assert.equal(schedule?.type === "schedule" && schedule.delayMs, rank * 150);
  assert.deepEqual(claimed, [{ type: "claim", taskId: TEST_TASK, token: 0 }]);
  assert.equal(start?.type === "schedule" && start.delayMs, 0);
  assert.deepEqual(started, [{ type: "start", taskId: TEST_TASK, token: 1 }]);
});

Deno.test("somebody else's claim ends the wait", () => {
  const node = new ClaimingNode();
  const life = new TaskLife();
  node.presence([BOB]);
  node.task(life);

  const effects = node.task(life.act(BOB, 2, { type: "claim" }));

  assert.deepEqual(effects, [{ type: "unschedule", taskId: TEST_TASK }]);
  assert.equal(node.state.scheduled.size, 0);
});

Deno.test("nothing is claimed before the journal has caught up and a quorum answers", () => {
  const node = new ClaimingNode();
  node.presence([], { isReady: false });

  assert.deepEqual(node.task(new TaskLife()), []);
  assert.equal(node.presence([])[0]?.type, "schedule");
});

Deno.test("a node without the capability or the role claims nothing, and nobody what depends on open tasks", () => {
  const node = new ClaimingNode();
  node.presence();

  assert.deepEqual(node.task(new TaskLife(posted({ requiredCapabilities: ["gpu"] }))), []);
  assert.deepEqual(node.task(new TaskLife(posted({ requiredRole: "reviewer" }))), []);
  assert.deepEqual(node.task(new TaskLife(), { hasOpenDependencies: true }), []);
  assert.equal(node.task(new TaskLife())[0]?.type, "schedule");
});

Deno.test("past its deadline a task is not claimed: the register is told that it has expired", () => {
  const node = new ClaimingNode();
  node.presence();
  node.task(new TaskLife(posted({ deadlineMs: 49 })));

  assert.deepEqual(node.due(), [{ type: "expire", taskId: TEST_TASK, token: 0 }]);
  assert.deepEqual(node.presence([BOB]), [], "once");
});

Deno.test("the work stops when the task is lost, cancelled or finished by another", () => {
  const cases: [string, (life: TaskLife) => TaskLife][] = [
    ["lost", (life) => life.act(BOB, 30, { type: "claim" })],
    ["cancelled", (life) => life.cancel(POSTER, 30)],
    ["cancelled", (life) => life.cancel(ADA, 30)], // by the person at this node
    ["finished", (life) => life.act(BOB, 30, { type: "claim" }).act(BOB, 31, { type: "begin" }).complete(BOB, 32)],
  ];
  for (const [reason, then] of cases) {
    const node = new ClaimingNode();
    const life = new TaskLife();
    node.presence([BOB]);
    node.run(life);

    const effects = node.task(then(life));

    const cancels = effects.filter((e) => e.type === "cancel");
    assert.deepEqual(cancels, [{ type: "cancel", taskId: TEST_TASK, token: 1, reason }]);
    assert.equal(usedSlots(node.state), 1, "the slot is taken until the work has really ended");
  }
});

Deno.test("its own word on the task does not cancel the execution that gave it", () => {
  for (const end of ["complete", "fail", "release"] as const) {
    const node = new ClaimingNode();
    const life = new TaskLife();
    node.presence();
    node.run(life);
    life.act(ADA, 25, { type: "begin" });

    assert.deepEqual(node.task(life[end](ADA, 30)).filter((e) => e.type === "cancel"), [], end);
  }
});

Deno.test("work that ended here is not started again under its token; what is parked or suspended is", () => {
  for (const [outcome, delayMs] of [["done", undefined], ["parked", 0], ["suspended", 1_000]] as const) {
    const node = new ClaimingNode();
    const life = new TaskLife();
    node.presence();
    node.run(life);

    const effects = node.apply({ type: "ended", taskId: TEST_TASK, token: 1, outcome });

    assert.deepEqual(
      effects.flatMap((e) => e.type === "schedule" ? [e.delayMs] : []),
      [delayMs].filter((d) => d !== undefined),
      outcome,
    );
  }
});

Deno.test("how work ended is remembered while its task is open, and no longer: also when the task was over first", () => {
  for (const outcome of ["done", "suspended"] as const) {
    const node = new ClaimingNode();
    const life = new TaskLife();
    node.presence();
    node.run(life);

    node.task(life.act(ADA, 25, { type: "begin" }).complete(ADA, 30));
    node.apply({ type: "ended", taskId: TEST_TASK, token: 1, outcome });

    const { open, running, ended, suspended } = node.state;
    assert.deepEqual([open.size, running.size, ended.size, suspended.size], [0, 0, 0, 0], outcome);
  }
});

Deno.test("a claim that led to nothing frees its slot and is tried again when the voters say", () => {
  const node = new ClaimingNode();
  node.presence();
  node.task(new TaskLife());
  node.due();
  assert.equal(usedSlots(node.state), 1);

  const [retry] = node.apply({ type: "claim_refused", taskId: TEST_TASK, token: 0, afterMs: 1_000 });

  assert.equal(usedSlots(node.state), 0);
  assert.equal(retry?.type === "schedule" && retry.delayMs, 1_000);
  assert.deepEqual(node.due(), [{ type: "claim", taskId: TEST_TASK, token: 0 }]);
});

Deno.test("after a refusal by a newer value nothing is claimed until the entries tell it", () => {
  const node = new ClaimingNode();
  const life = new TaskLife();
  node.presence([BOB]);
  node.task(life);
  node.due();

  assert.deepEqual(
    node.apply({ type: "claim_refused", taskId: TEST_TASK, token: 0, afterMs: 1_000, version: 1 }),
    [],
  );
  assert.deepEqual(node.presence([]), []);
  node.task(life.act(BOB, 2, { type: "claim" }));

  assert.equal(node.state.scheduled.get(TEST_TASK)?.token, 1, "known now: held by one who is absent");
});

Deno.test("of many open tasks a few get timers at a time, and the next ones when those are used up", () => {
  const ids = Array.from({ length: 40 }, (_, i) => `000000000000000000000000${String(i).padStart(2, "0")}` as TaskId);
  const node = new ClaimingNode();
  node.presence([], { isReady: false });
  for (const taskId of ids) node.task(new TaskLife(posted({ taskId })));

  node.presence([BOB]);
  const first = [...node.state.scheduled.keys()];
  for (const taskId of first) node.task(new TaskLife(posted({ taskId })).act(BOB, 2, { type: "claim" }));
  const second = [...node.state.scheduled.keys()];

  assert.equal(first.length, 12);
  assert.equal(second.length, 12, "tasks that others took make room");
  assert.equal(new Set([...first, ...second]).size, 24);
});

Deno.test("drain: no new claims, what was claimed but not begun is given back, what waits or is done is kept", () => {
  const node = new ClaimingNode();
  const life = new TaskLife();
  node.presence();
  node.task(life);
  node.due();
  node.apply({ type: "drain" });

  node.task(life.act(ADA, 2, { type: "claim" }));
  const released = node.apply({ type: "claim_decided", taskId: TEST_TASK, version: 1 });

  assert.deepEqual(released, [{ type: "release", taskId: TEST_TASK, token: 1, reason: "the agent is stopping" }]);
  const waiting = new ClaimingNode();
  waiting.presence();
  waiting.apply({ type: "drain" });
  const asked = new TaskLife().start(ADA, 2).act(ADA, 3, { type: "block", request: ASK });
  const done = new TaskLife().start(ADA, 2);
  done.tell("task_completed", ADA, 3, { attempt: 1, token: 1, summary: "", output: "", durationMs: 1 });
  assert.deepEqual(waiting.task(asked, { isAwaitingPerson: true }), []);
  assert.deepEqual(waiting.task(done), []);
});

Deno.test("A-18 A-23 property: whatever happens, max_tasks is kept and no token is started twice", () => {
  const ids = Array.from({ length: 5 }, (_, i) => `0000000000000000000000000${i}` as TaskId);
  const step = fc.tuple(
    fc.constantFrom("due", "decided", "refused", "overtaken", "ended", "lost", "presence"),
    fc.nat(4),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 3 }), (steps, maxTasks) => {
    const node = new ClaimingNode({ maxTasks });
    const lives = new Map(ids.map((taskId) => [taskId, new TaskLife(posted({ taskId }))]));
    const started = new Set<string>();
    let ms = 10;
    const take = (effects: readonly ClaimsEffect[]) => {
      for (const effect of effects) {
        if (effect.type !== "start") continue;
        const key = `${effect.taskId}/${effect.token}`;
        assert.ok(!started.has(key), key);
        started.add(key);
      }
      assert.ok(usedSlots(node.state) <= maxTasks, "too many at once");
    };
    node.presence([BOB]);
    for (const life of lives.values()) take(node.task(life));

    for (const [act, index] of steps) {
      const taskId = ids[index] as TaskId;
      const life = lives.get(taskId) as TaskLife;
      const { version = 0, token = 0 } = life.value ?? {};
      const isAsked = node.state.claiming.has(taskId);
      if (act === "due" && node.state.scheduled.has(taskId)) take(node.due(taskId));
      if (act === "decided" && isAsked && "next" in life.ask(ADA, { type: "claim" })) {
        take(node.task(life.act(ADA, ms += 10, { type: "claim" })));
        take(node.apply({ type: "claim_decided", taskId, version: version + 1 }));
      }
      if (act === "refused" && isAsked) take(node.apply({ type: "claim_refused", taskId, token, afterMs: 1_000 }));
      if (act === "overtaken" && isAsked && "next" in life.ask(BOB, { type: "claim" })) {
        life.act(BOB, ms += 10, { type: "claim" });
        take(node.apply({ type: "claim_refused", taskId, token, afterMs: 1_000, version: version + 1 }));
        take(node.task(life));
      }
      const running = node.state.running.get(taskId);
      if (act === "ended" && running) {
        if (life.value?.holder === ADA) take(node.task(life.fail(ADA, ms += 10)));
        take(node.apply({ type: "ended", taskId, token: running.token, outcome: "done" }));
      }
      if (act === "lost" && life.value?.holder === ADA) take(node.task(life.act(BOB, ms += 10, { type: "claim" })));
      if (act === "presence") take(node.presence(index % 2 ? [BOB] : []));
    }
  }));
});

Deno.test("a task that the board has forgotten is claimed no more, and nothing of it is kept", () => {
  const node = new ClaimingNode();
  node.presence([]);
  node.task(new TaskLife());

  const effects = node.apply({ type: "forgotten", taskId: TEST_TASK });

  assert.deepEqual(effects, [{ type: "unschedule", taskId: TEST_TASK }]);
  assert.deepEqual([node.state.open.size, node.state.scheduled.size], [0, 0]);
});

Deno.test("a task that is worked on is not forgotten under the work", () => {
  const node = new ClaimingNode();
  node.presence([]);
  node.task(new TaskLife().start(ADA, 2));
  node.due();

  assert.deepEqual(node.apply({ type: "forgotten", taskId: TEST_TASK }), []);
  assert.deepEqual([node.state.open.size, node.state.running.size], [1, 1]);
});

import { strict as assert } from "node:assert";
import { createUlid, type PeerId, type TaskId } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import fc from "fast-check";
import {
  foldState,
  initialState,
  MAX_FINISHED_TASKS,
  MAX_KNOWN_PEERS,
  type PeerInfo,
  SharedState,
  type StateEvent,
  type TaskInfo,
} from "./state.ts";

interface TestConfig {
  readonly name: string;
}

function taskId(n: number): TaskId {
  return createUlid(n, createSeededRandom(n)) as TaskId;
}

function createTask(fields: Partial<TaskInfo> & { readonly n?: number } = {}): TaskInfo {
  const { n = 1, ...rest } = fields;
  return {
    taskId: taskId(n),
    title: "t",
    state: "announced",
    attempt: 0,
    version: 0,
    updatedAt: { ms: 100, counter: 0 },
    ...rest,
  };
}

function createPeer(n: number, fields: Partial<PeerInfo> = {}): PeerInfo {
  return {
    peerId: `peer-${n}` as PeerId,
    agentId: `agent-${n}`,
    binaryType: "agent",
    role: "developer",
    status: "ready",
    isConnected: true,
    lastSeenMs: n,
    ...fields,
  };
}

const START = initialState<TestConfig>({ name: "start" });

Deno.test("a task appears, changes, and leaves the active ones when it is finished", () => {
  const shared = new SharedState<TestConfig>({ name: "a" });
  shared.apply({ type: "task:changed", task: createTask() });

  const update = shared.updateTaskState(taskId(1), "executing", { ms: 200, counter: 0 });
  const during = shared.current.activeTasks.get(taskId(1))?.state;
  shared.updateTaskState(taskId(1), "completed", { ms: 300, counter: 0 });

  assert.ok(update.ok);
  assert.equal(during, "executing");
  assert.deepEqual([shared.current.activeTasks.size, shared.current.finishedTasks.size], [0, 1]);
});

Deno.test("updateTaskState() answers for what it cannot do", () => {
  const shared = new SharedState<TestConfig>({ name: "a" });
  shared.apply({ type: "task:changed", task: createTask() });
  shared.apply({ type: "task:changed", task: createTask({ n: 2, state: "failed" }) });
  const later = { ms: 200, counter: 0 };

  assert.deepEqual(shared.updateTaskState(taskId(9), "executing", later), { ok: false, reason: "task_unknown" });
  assert.deepEqual(shared.updateTaskState(taskId(2), "executing", later), { ok: false, reason: "task_finished" });
  assert.deepEqual(shared.updateTaskState(taskId(1), "executing", { ms: 100, counter: 0 }), {
    ok: false,
    reason: "stale",
  });
});

Deno.test("F-39 the order in which news of tasks arrive does not matter (property)", () => {
  const states = ["announced", "claimed", "executing", "blocked", "completed", "failed", "cancelled"] as const;
  const news = fc.uniqueArray(
    fc.record({
      n: fc.integer({ min: 1, max: 3 }),
      ms: fc.integer({ min: 1, max: 50 }),
      state: fc.constantFrom(...states),
    }),
    { selector: ({ n, ms }) => `${n}/${ms}`, maxLength: 30, size: "max" },
  );
  fc.assert(fc.property(news, fc.infiniteStream(fc.nat()), (items, chance) => {
    const events = items.map(({ n, ms, state }): StateEvent<TestConfig> => ({
      type: "task:changed",
      task: createTask({ n, state, updatedAt: { ms, counter: 0 } }),
    }));
    const shuffled = events.map((event) => ({ event, key: chance.next().value ?? 0 })).toSorted((a, b) => a.key - b.key)
      .map(({ event }) => event);
    const fold = (list: readonly StateEvent<TestConfig>[]) => {
      const { activeTasks, finishedTasks } = list.reduce(foldState<TestConfig>, START);
      return [new Map([...activeTasks].toSorted()), new Map([...finishedTasks].toSorted())];
    };

    assert.deepEqual(fold(shuffled), fold(events));
  }));
});

Deno.test("F-42 a fold never changes the state it was given, and returns it when there is no news", () => {
  const event: StateEvent<TestConfig> = { type: "task:changed", task: createTask() };
  const one = foldState(START, event);

  const again = foldState(one, event);

  assert.equal(again, one);
  assert.equal(START.activeTasks.size, 0);
  assert.equal(foldState(START, { type: "peer:removed", peerId: createPeer(1).peerId }), START);
});

Deno.test("an election counts by its term", () => {
  const leader = createPeer(1).peerId;
  const two = foldState(START, { type: "election:changed", election: { term: 2, leader } });

  assert.equal(foldState(two, { type: "election:changed", election: { term: 1 } }), two);
  assert.equal(foldState(two, { type: "election:changed", election: { term: 2, leader } }), two);
  assert.deepEqual(foldState(two, { type: "election:changed", election: { term: 3 } }).electionState, { term: 3 });
});

Deno.test("finished tasks and peers are bounded: the oldest go", () => {
  let state = START;
  for (let n = 1; n <= MAX_FINISHED_TASKS + 5; n++) {
    const task = createTask({ n, state: "completed", updatedAt: { ms: n, counter: 0 } });
    state = foldState(state, { type: "task:changed", task });
  }
  const peers = new Map(Array.from({ length: MAX_KNOWN_PEERS }, (_, n) => {
    const peer = createPeer(n, { lastSeenMs: n === 7 ? -1 : n });
    return [peer.peerId, peer] as const;
  }));

  const crowded = foldState({ ...START, peerRegistry: peers }, { type: "peer:changed", peer: createPeer(99_999) });

  assert.equal(state.finishedTasks.size, MAX_FINISHED_TASKS);
  assert.ok(!state.finishedTasks.has(taskId(5)) && state.finishedTasks.has(taskId(6)));
  assert.equal(crowded.peerRegistry.size, MAX_KNOWN_PEERS);
  assert.ok(!crowded.peerRegistry.has(createPeer(7).peerId));
});

Deno.test("listeners hear of news only, with a value that stays as it is", () => {
  const shared = new SharedState<TestConfig>({ name: "a" });
  const heard: string[] = [];
  shared.events.on("state:changed", (state) => heard.push(state.configSnapshot.name));
  const before = shared.current;

  shared.apply({ type: "config:changed", config: { name: "b" } });
  shared.apply({ type: "peer:removed", peerId: createPeer(1).peerId });

  assert.deepEqual(heard, ["b"]);
  assert.equal(before.configSnapshot.name, "a");
});

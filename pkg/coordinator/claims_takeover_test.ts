import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { PEERS, posted, POSTER, TaskLife, TEST_TASK } from "./testing.ts";
import { ADA, ASK, BOB, ClaimingNode } from "./testdata/claiming_node.ts";

function failedThreeTimes(who: PeerId): TaskLife {
  return new TaskLife().start(who, 2).fail(who, 3).start(who, 5).fail(who, 6).start(who, 8).fail(who, 9);
}

/** A result of `who` that a person has sent back three times. */
function rejectedThreeTimes(who: PeerId): TaskLife {
  const life = new TaskLife(posted({ review: {} }));
  for (const ms of [10, 20, 30]) {
    life.start(who, ms).complete(who, ms + 2);
    const { id } = life.tell("task_reviewed", POSTER, ms + 4, { verdict: "reject", reason: "wrong" });
    life.act(POSTER, ms + 5, { type: "reject", told: id });
  }
  return life;
}

Deno.test("a task of a holder that seems absent is asked for at once; the voters keep the lease", () => {
  const node = new ClaimingNode();
  const life = new TaskLife().act(BOB, 2, { type: "claim" });
  node.presence([BOB]);
  assert.deepEqual(node.task(life), []);

  const [schedule] = node.presence([]);
  assert.equal(schedule?.type === "schedule" && schedule.delayMs, 0);
  assert.deepEqual(node.due(), [{ type: "claim", taskId: TEST_TASK, token: 1 }]);
  const [again] = node.apply({ type: "claim_refused", taskId: TEST_TASK, token: 1, afterMs: 27_000 });

  assert.equal(again?.type === "schedule" && again.delayMs, 27_000, "when the voters said");
  assert.deepEqual(node.presence([BOB]), [{ type: "unschedule", taskId: TEST_TASK }], "it has come back");
});

Deno.test("a present holder is asked about once when it is suspected, and believed when the voters say so", () => {
  const node = new ClaimingNode();
  const life = new TaskLife().act(BOB, 2, { type: "claim" });
  node.presence([BOB]);
  node.task(life);

  const [schedule] = node.apply({ type: "suspect", taskId: TEST_TASK });
  assert.equal(schedule?.type, "schedule");
  assert.deepEqual(node.due(), [{ type: "claim", taskId: TEST_TASK, token: 1 }]);

  assert.deepEqual(node.apply({ type: "claim_refused", taskId: TEST_TASK, token: 1, afterMs: 9_000 }), []);
  assert.deepEqual(node.presence([]).map(({ type }) => type), ["schedule"], "absent is another matter");
});

Deno.test("a holder is not absent while presence has not been watched for long enough", () => {
  const node = new ClaimingNode();
  node.presence([], { isWarm: false });

  assert.deepEqual(node.task(new TaskLife().act(BOB, 2, { type: "claim" })), []);
});

Deno.test("a task that waits for a person is taken over only once there is an answer", () => {
  const blocked = new TaskLife().start(BOB, 2).act(BOB, 3, { type: "block", request: ASK });
  const node = new ClaimingNode();
  node.presence();

  assert.deepEqual(node.task(blocked, { isAwaitingPerson: true }), []);
  assert.equal(node.task(blocked)[0]?.type, "schedule");
});

Deno.test("after a restart its own task is started again, a blocked one only when it is answered", () => {
  const node = new ClaimingNode();
  node.presence();
  const blocked = new TaskLife().start(ADA, 2).act(ADA, 3, { type: "block", request: ASK });

  assert.deepEqual(node.task(blocked, { isAwaitingPerson: true }), []);
  node.task(blocked);

  assert.deepEqual(node.due(), [{ type: "start", taskId: TEST_TASK, token: 1 }]);
});

for (const [what, exhausted] of [["failures", failedThreeTimes], ["rejections", rejectedThreeTimes]] as const) {
  Deno.test(`of a task that is used up by ${what} its last holder tells people, others do not`, () => {
    const node = new ClaimingNode();
    node.presence([BOB]);

    assert.deepEqual(node.task(exhausted(ADA)), [{ type: "escalate", taskId: TEST_TASK, delayMs: 0 }]);
    assert.deepEqual(node.task(exhausted(BOB)), []);
  });

  Deno.test(`of a task that is used up by ${what} the first of those that are there tells, when its last holder is gone`, () => {
    const [first, second, gone] = PEERS.slice(0, 3).sort() as [PeerId, PeerId, PeerId];
    const effectsAt = (self: PeerId, fields: { isWarm?: boolean } = {}) => {
      const node = new ClaimingNode({ self });
      node.presence([first, second].filter((peer) => peer !== self), fields);
      return node.task(exhausted(gone)).map(({ type }) => type);
    };

    assert.deepEqual(effectsAt(first), ["escalate"]);
    assert.deepEqual(effectsAt(second), []);
    assert.deepEqual(effectsAt(first, { isWarm: false }), [], "whoever is not present yet may still be there");
  });
}

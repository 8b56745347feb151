import assert from "node:assert/strict";
import type { RequestId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import type { PostReference, TaskRegister, TaskValue } from "@bzzz/coordinator";
import { PEERS, TEST_TASK } from "@bzzz/coordinator/testing";
import { createNullLogger } from "@bzzz/logging";
import { TaskHold } from "./hold.ts";

const [SELF] = PEERS;
/** As much of a value as a hold looks at. */
const VALUE = { holder: SELF, token: 2, version: 5, renewals: 1, leaseMs: 3_000, state: "executing", waitingFor: [] };

Deno.test("what a hold that is over had on its way is not said again in the name of the next one", async () => {
  const clock = new ManualClock();
  const answer = Promise.withResolvers<void>();
  let submitted = 0;
  const newer = { ...VALUE, version: 6 } as unknown as TaskValue; // renewed by the next hold of the same token
  const register = {
    submit: async () => {
      submitted++;
      await answer.promise;
      return { type: "refused", code: "stale_version", value: newer };
    },
    read: () => Promise.resolve({ type: "value", value: newer, certificate: undefined }),
  } as unknown as TaskRegister; // the two calls a change makes
  const hold = new TaskHold({
    clock,
    awakeMs: () => clock.monotonicMs(),
    logger: createNullLogger(),
    self: SELF ?? assert.fail(),
    register,
    tell: () => Promise.resolve(),
    stopped: new AbortController().signal,
  }, {
    taskId: TEST_TASK,
    reference: {} as PostReference,
    value: VALUE as unknown as TaskValue,
    sentAtMs: 0,
  }, () => {});

  const asked = hold.change({ type: "block", request: "01SM0000000000000000000001" as RequestId });
  hold.close();
  answer.resolve();

  assert.equal((await asked).type, "refused");
  assert.equal(submitted, 1);
});

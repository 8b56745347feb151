import assert from "node:assert/strict";
import { BzzzError, type PeerId, TypedEventTarget } from "@bzzz/base";
import { ManualClock, waitFor } from "@bzzz/base/testing";
import { ContextError } from "@bzzz/context";
import type { TaskView } from "@bzzz/coordinator";
import type { RequestView } from "@bzzz/hmmm";
import { createNullLogger } from "@bzzz/logging";
import { addressKey } from "@bzzz/ucxl";
import type { ReadModelEvents } from "../read_model.ts";
import { DecisionPublisher, type DecisionPublisherDeps } from "./decision_publisher.ts";

const SELF = "12D3KooWSelf" as PeerId;
const AT = { ms: Date.UTC(2026, 10, 22), counter: 0 };

/** Only what a publisher reads of a view. */
function task(id: string, more: Partial<TaskView> = {}): TaskView {
  return {
    taskId: id,
    title: "Count the words",
    state: "completed",
    postedAt: AT,
    updatedAt: AT,
    attempts: [],
    result: {
      entry: "e" as NonNullable<TaskView["result"]>["entry"],
      by: SELF,
      attempt: 1,
      summary: "two",
      durationMs: 1,
    },
    ...more,
  } as TaskView;
}

function request(id: string, decision: string, author: PeerId = SELF): RequestView {
  return { requestId: id, title: "Push?", openedAt: AT, answer: { author, decision, reason: "fine" } } as RequestView;
}

function setUp(
  options: {
    tasks?: TaskView[];
    requests?: RequestView[];
    messages?: readonly Record<string, unknown>[];
    refuse?: (attempt: number) => BzzzError | undefined;
  } = {},
) {
  const clock = new ManualClock();
  const events = new TypedEventTarget<ReadModelEvents>();
  const published: { address: string; decision: Record<string, unknown>; audience: readonly string[] }[] = [];
  let attempts = 0;
  const publisher = new DecisionPublisher({
    desk: {
      publish: (address, decision, audience) => {
        const refusal = options.refuse?.(++attempts);
        if (refusal) return Promise.reject(refusal);
        published.push({ address: addressKey(address), decision: decision as Record<string, unknown>, audience });
        return Promise.resolve({} as never); // nobody looks at it
      },
    },
    readModel: {
      events,
      board: { list: () => options.tasks ?? [] },
      inbox: {
        list: () => options.requests ?? [],
        get: (id: string) => options.requests?.find(({ requestId }) => requestId === id),
      },
      threads: { get: () => ({ messages: options.messages ?? [] }) },
    } as unknown as DecisionPublisherDeps["readModel"], // the parts that are read
    textOf: (id) => {
      const said = options.messages?.find((one) => one["id"] === id)?.["body"] as { text: string } | undefined;
      return said?.text ?? "";
    },
    textsOf: () => ({ description: "", output: "2" }),
    clock,
    logger: createNullLogger(),
    self: SELF,
    meshName: "My Mesh",
    who: () => ({ agentId: "basil", role: "developer" }),
  });
  return { clock, events, publisher, published, attempts: () => attempts };
}

const TASK = "01JD3Z00000000000000000TSK";
const REQUEST = "01JD3Z00000000000000000REQ";

Deno.test("a task this node completed is published once, also when it was before the start", async () => {
  const { events, publisher, published } = setUp({
    tasks: [task(TASK), task("01JD3Z00000000000000000XXX", { state: "failed" })],
  });
  publisher.start();
  events.emit("task:changed", { view: task(TASK) });
  events.emit("task:changed", {
    view: task("01JD3Z00000000000000000ZZZ", {
      result: {
        entry: "e" as NonNullable<TaskView["result"]>["entry"],
        by: "12D3KooWOther" as PeerId,
        attempt: 1,
        summary: "",
        durationMs: 1,
      },
    }),
  });

  await publisher.stop();

  assert.deepEqual(published.map(({ address, audience }) => [address, audience]), [[
    "ucxl://basil:developer@my-mesh:01jd3z00000000000000000tsk/*^/decisions/2026-11-22-task-000tsk.json",
    ["developer"],
  ]]);
  assert.equal(published[0]?.decision["type"], "task_completion");
});

Deno.test("what a person decided here is published; words alone and others' answers are not", async () => {
  const { events, publisher, published } = setUp({ requests: [request(REQUEST, "deny")] });
  publisher.start();
  events.emit("request:changed", { view: request("01JD3Z00000000000000000AAA", "answer") });
  events.emit("request:changed", { view: request("01JD3Z00000000000000000BBB", "approve", "12D3KooWOther" as PeerId) });
  events.emit("request:changed", { view: request("01JD3Z00000000000000000CCC", "approve") });

  await publisher.stop();

  assert.deepEqual(published.map(({ decision }) => [decision["type"], decision["outcome"]]), [
    ["escalation_answer", "blocker"],
    ["escalation_answer", "approval"],
  ]);
});

Deno.test("a role without a key yet is waited for; what is there already is left alone", async () => {
  const missing = (attempt: number) => attempt < 3 ? new BzzzError("role_key_missing", "no key yet") : undefined;
  const waiting = setUp({ tasks: [task(TASK)], refuse: missing });
  waiting.publisher.start();
  await waitFor(() => waiting.attempts() === 1, { timeoutMs: 30_000, what: "the first try" });
  await waiting.clock.advance(20_000);
  await waitFor(() => waiting.published.length === 1, { timeoutMs: 30_000, what: "the decision" });
  await waiting.publisher.stop();

  const known = setUp({ tasks: [task(TASK)], refuse: () => new ContextError("already_exists", "is there") });
  known.publisher.start();
  await known.publisher.stop();
  assert.deepEqual([known.published.length, known.attempts()], [0, 1]);
});

Deno.test("stop() does not wait for a key", async () => {
  const { publisher, attempts } = setUp({
    tasks: [task(TASK)],
    refuse: () => new BzzzError("role_key_missing", "no key yet"),
  });
  publisher.start();
  await waitFor(() => attempts() === 1, { timeoutMs: 30_000, what: "the first try" });

  await publisher.stop();

  assert.equal(attempts(), 1);
});

Deno.test("issue 013 a task that this node failed for good is published as a blocker, each time it does", async () => {
  const failed = (token: number, holder: PeerId = SELF) =>
    task(TASK, {
      state: "failed",
      token,
      reason: "no compiler",
      attempts: [{ token, attempt: 3, holder, claimedAt: AT }],
    });
  const { events, publisher, published } = setUp({ tasks: [failed(3)] });
  publisher.start();
  events.emit("task:changed", { view: failed(3) });
  events.emit("task:changed", { view: failed(4) });
  events.emit("task:changed", { view: failed(5, "12D3KooWOther" as PeerId) });

  await publisher.stop();

  assert.deepEqual(published.map(({ address, decision }) => [address, decision["outcome"], decision["summary"]]), [
    [
      "ucxl://basil:developer@my-mesh:01jd3z00000000000000000tsk/*^/decisions/2026-11-22-failed-000tsk-3.json",
      "blocker",
      "no compiler",
    ],
    [
      "ucxl://basil:developer@my-mesh:01jd3z00000000000000000tsk/*^/decisions/2026-11-22-failed-000tsk-4.json",
      "blocker",
      "no compiler",
    ],
  ]);
});

Deno.test("issue 013 a plan that an objection changed is published as a structural change; one that stood is not", async () => {
  const message = (id: string, type: string, text: string, more: Record<string, unknown> = {}, author = SELF) => ({
    id,
    author,
    body: { type, text, ...more },
  });
  const other = "12D3KooWOther" as PeerId;
  const messages = [
    message("p1", "plan", "drop the table"),
    message("o1", "objection", "people need it", { severity: "blocking" }, other),
    message("p2", "plan", "keep the table"),
  ];
  const begun = (plan: string) =>
    task(TASK, {
      state: "executing",
      token: 2,
      attempts: [{ token: 2, attempt: 1, holder: SELF, claimedAt: AT }],
      value: { plan } as TaskView["value"] & object, // what is looked at
    });
  const publishedOf = async (view: TaskView, said: typeof messages) => {
    const { events, publisher, published } = setUp({ messages: said });
    publisher.start();
    events.emit("task:changed", { view });
    await publisher.stop();
    return published.map(({ decision }) => [decision["outcome"], decision["summary"], decision["rationale"]]);
  };

  assert.deepEqual(await publishedOf(begun("p2"), messages), [
    ["structural_change", "keep the table", "people need it"],
  ]);
  assert.deepEqual(await publishedOf(begun("p1"), messages), [], "the first plan stood");
  assert.deepEqual(await publishedOf(begun("p2"), messages.toSpliced(1, 1)), [], "nobody objected");
  assert.deepEqual(await publishedOf({ ...begun("p2"), state: "planning" }, messages), [], "not decided yet");
});

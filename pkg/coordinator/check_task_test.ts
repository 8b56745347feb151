import assert from "node:assert/strict";
import type { EntryId, PeerId, RequestId } from "@bzzz/base";
import {
  checkTask,
  createTaskRules,
  decideTask,
  type EntryFact,
  type TaskCheck,
  type TaskFacts,
  taskKey,
} from "./mod.ts";
import { type Act, authority, commandOf, PEERS, posted, POSTER, TaskLife, TEST_TASK } from "./testing.ts";

const [ADA, BOB] = PEERS as [PeerId, PeerId];
const ASK = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as RequestId;
const OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAX" as typeof TEST_TASK;
const TOLD = "a".repeat(64) as EntryId;
const PLAN = "b".repeat(64) as EntryId;

/** A voter that knows everything a test does not take away. */
function facts(life: TaskLife, fields: Partial<TaskFacts> = {}): TaskFacts {
  return {
    nowMs: () => 1_000,
    post: (_, id) => id === life.post.id ? { body: life.post.body, author: life.post.author } : undefined,
    authority: () => authority(),
    capabilities: () => ["text"],
    isCompleted: () => true,
    entry: () => entryFact(ADA, "task_completed"),
    request: () => ({ task: TEST_TASK, openedBy: ADA, isOpen: false, isApproved: true }),
    plan: () => ({ ageMs: 30_000, isBlocked: false }),
    parents: () => [],
    ...fields,
  };
}

function entryFact(author: PeerId, kind: string, messageType?: string): EntryFact {
  return { kind, author, task: TEST_TASK, messageType };
}

function check(
  life: TaskLife,
  actor: PeerId,
  act: Act,
  fields: Partial<TaskFacts> = {},
  leaseAgeMs: number | undefined = undefined,
): TaskCheck {
  const command = commandOf(life.post, life.value, act);
  const decision = decideTask(life.value, command, actor);
  assert.ok("next" in decision, `the rules allow it: ${JSON.stringify(decision)}`);
  return checkTask(facts(life, fields), { taskId: TEST_TASK, previous: life.value, command, actor, leaseAgeMs });
}

const claim = { type: "claim" } as const;
const OK = { ok: true };

Deno.test("a claim is refused by name for what the claimer is, and put off for what has not come yet", () => {
  const cases: [string, TaskLife, Partial<TaskFacts>, TaskCheck][] = [
    ["all is well", new TaskLife(), {}, { ok: true }],
    ["the post has not come", new TaskLife(), { post: () => undefined }, { retry: "post_unknown" }],
    ["a stranger", new TaskLife(), { authority: () => undefined }, { retry: "member_unknown" }],
    ["a person", new TaskLife(), { authority: () => authority({ binaryType: "hap" }) }, { refuse: "not_allowed" }],
    ["another role", new TaskLife(posted({ requiredRole: "reviewer" })), {}, { refuse: "role_required" }],
    ["no record", new TaskLife(), { capabilities: () => undefined }, { retry: "member_unknown" }],
    [
      "a missing capability",
      new TaskLife(posted({ requiredCapabilities: ["gpu"] })),
      {},
      { refuse: "capability_missing" },
    ],
    ["too late", new TaskLife(posted({ deadlineMs: 999 })), {}, { refuse: "deadline_passed" }],
    [
      "an open dependency",
      new TaskLife(posted({ dependencies: [OTHER] })),
      { isCompleted: () => undefined },
      { retry: "dependencies_open" },
    ],
    [
      "more than the parent may give",
      new TaskLife(posted({ parent: OTHER, requiredCapabilities: ["text"] })),
      { parents: () => [posted({ rights: ["read"] }).body] },
      { refuse: "rights_exceeded" },
    ],
    [
      "an unknown parent",
      new TaskLife(posted({ parent: OTHER })),
      { parents: () => undefined },
      { retry: "post_unknown" },
    ],
    [
      "delegated too often",
      new TaskLife(posted({ parent: OTHER })),
      { parents: () => Array.from({ length: 4 }, () => posted().body) },
      { refuse: "too_many_delegations" },
    ],
  ];
  for (const [what, life, fields, expected] of cases) assert.deepEqual(check(life, ADA, claim, fields), expected, what);
});

Deno.test("terms that are not the post's are refused", () => {
  const life = new TaskLife(posted({ review: {} }));
  const command = { ...commandOf(life.post, undefined, claim), terms: { isReviewed: false } };

  assert.deepEqual(
    checkTask(facts(life), {
      taskId: TEST_TASK,
      previous: undefined,
      command: command as ReturnType<typeof commandOf>,
      actor: ADA,
      leaseAgeMs: undefined,
    }),
    { refuse: "terms_mismatch" },
  );
});

Deno.test("a held task is taken over after a lease and a quarter, by this voter's clock, and not while people are asked", () => {
  const held = new TaskLife().start(ADA, 2);
  assert.deepEqual(check(held, BOB, claim, {}, 37_499), { retry: "lease_live", afterMs: 1 });
  assert.deepEqual(check(held, BOB, claim, {}, 0), { retry: "lease_live", afterMs: 37_500 });
  assert.deepEqual(check(held, BOB, claim, {}, 37_500), OK);

  held.act(ADA, 3, { type: "block", request: ASK });
  const asking = { request: () => ({ task: TEST_TASK, openedBy: ADA, isOpen: true, isApproved: false }) };
  assert.deepEqual(check(held, BOB, claim, asking, 900_000), { retry: "request_open" });
  assert.deepEqual(check(held, BOB, claim, { request: () => undefined }, 900_000), { retry: "request_open" });
  assert.deepEqual(check(held, BOB, claim, {}, 900_000), OK);
});

Deno.test("what a command names must be here, the actor's own, of its kind, and about this task", () => {
  const held = new TaskLife().start(ADA, 2);
  const complete = { type: "complete", told: TOLD } as const;

  assert.deepEqual(check(held, ADA, complete), OK);
  assert.deepEqual(check(held, ADA, complete, { entry: () => undefined }), { retry: "entry_unknown" });
  for (
    const wrong of [
      entryFact(BOB, "task_completed"),
      entryFact(ADA, "task_failed"),
      { ...entryFact(ADA, "task_completed"), task: OTHER },
    ]
  ) {
    assert.deepEqual(check(held, ADA, complete, { entry: () => wrong }), { refuse: "entry_mismatch" });
  }
  const block = { type: "block", request: ASK } as const;
  const request = (openedBy: PeerId, task = TEST_TASK) => ({ task, openedBy, isOpen: true, isApproved: false });
  assert.deepEqual(check(held, ADA, block, { request: () => request(ADA) }), OK);
  assert.deepEqual(check(held, ADA, block, { request: () => undefined }), { retry: "request_unknown" });
  assert.deepEqual(check(held, ADA, block, { request: () => request(BOB) }), { refuse: "request_mismatch" });
  assert.deepEqual(check(held, ADA, block, { request: () => request(ADA, OTHER) }), { refuse: "request_mismatch" });
});

Deno.test("work resumes when the answer is here", () => {
  const blocked = new TaskLife().start(ADA, 2).act(ADA, 3, { type: "block", request: ASK });
  const resume = { type: "resume", request: ASK } as const;
  const open = { task: TEST_TASK, openedBy: ADA, isOpen: true, isApproved: false };

  assert.deepEqual(check(blocked, ADA, resume), OK);
  assert.deepEqual(check(blocked, ADA, resume, { request: () => open }), { retry: "request_open" });
});

Deno.test("a plan waits for its window, and for no blocking objection, unless a person approves", () => {
  const life = new TaskLife(posted({ plan: { windowMs: 30_000 } })).act(ADA, 2, claim).act(ADA, 3, { type: "plan" })
    .act(ADA, 4, { type: "propose", plan: PLAN });
  const begin = { type: "begin" } as const;

  assert.deepEqual(check(life, ADA, begin), OK);
  assert.deepEqual(check(life, ADA, begin, { plan: () => ({ ageMs: 29_000, isBlocked: false }) }), {
    retry: "plan_window_open",
    afterMs: 1_000,
  });
  assert.deepEqual(check(life, ADA, begin, { plan: () => undefined }), { retry: "entry_unknown" });
  const blocked = { plan: () => ({ ageMs: 60_000, isBlocked: true }) };
  assert.deepEqual(check(life, ADA, begin, blocked), { refuse: "objection_stands" });
  assert.deepEqual(check(life, ADA, { ...begin, approval: ASK }, blocked), OK);
  const denied = { ...blocked, request: () => ({ task: TEST_TASK, openedBy: ADA, isOpen: false, isApproved: false }) };
  assert.deepEqual(check(life, ADA, { ...begin, approval: ASK }, denied), { refuse: "request_mismatch" });
});

Deno.test("a result is judged by the role that the post names, and told why", () => {
  const submitted = (review: { role?: string }) => new TaskLife(posted({ review })).start(ADA, 2).complete(ADA, 3);
  const accept = { type: "accept", told: TOLD } as const;
  const reviewer = { authority: () => authority({ role: "reviewer" }), entry: () => entryFact(BOB, "task_reviewed") };
  const developer = { ...reviewer, authority: () => authority() };

  assert.deepEqual(check(submitted({ role: "reviewer" }), BOB, accept, reviewer), OK);
  assert.deepEqual(check(submitted({ role: "reviewer" }), BOB, accept, developer), { refuse: "not_allowed" });
  assert.deepEqual(check(submitted({}), BOB, accept, developer), { refuse: "not_allowed" });
  const person = { ...reviewer, authority: () => authority({ binaryType: "hap" }) };
  assert.deepEqual(check(submitted({}), BOB, accept, person), OK);
});

Deno.test("the poster, people and coordinators cancel and retry; readers and other agents do not", () => {
  const cancel = (actor: PeerId, fields: Parameters<typeof authority>[0] = {}) =>
    check(new TaskLife(), actor, { type: "cancel", told: TOLD }, {
      authority: () => authority(fields),
      entry: () => entryFact(actor, "task_cancelled"),
    });

  assert.deepEqual(cancel(POSTER), OK);
  assert.deepEqual(cancel(BOB, { binaryType: "hap" }), OK);
  assert.deepEqual(cancel(BOB, { level: "coordination" }), OK);
  assert.deepEqual(cancel(BOB), { refuse: "not_allowed" });
  assert.deepEqual(cancel(BOB, { binaryType: "hap", level: "read_only" }), { refuse: "not_allowed" });
  const late = new TaskLife(posted({ deadlineMs: 500 })).cancel(POSTER, 2);
  const told = { entry: () => entryFact(POSTER, "task_retried") };
  assert.deepEqual(check(late, POSTER, { type: "retry", told: TOLD }, told), { refuse: "deadline_passed" });
  assert.deepEqual(check(late, POSTER, { type: "retry", told: TOLD, deadlineMs: 2_000 }, told), OK);
});

Deno.test("a task expires when its deadline has passed and nobody holds it", () => {
  const expire = { type: "expire" } as const;
  const due = posted({ deadlineMs: 900 });

  assert.deepEqual(check(new TaskLife(due), BOB, expire), OK);
  assert.deepEqual(check(new TaskLife(), BOB, expire), { refuse: "deadline_open" });
  assert.deepEqual(check(new TaskLife(posted({ deadlineMs: 1_500 })), BOB, expire), {
    retry: "deadline_open",
    afterMs: 501,
  });
  assert.deepEqual(check(new TaskLife(due).start(ADA, 2), BOB, expire, {}, 0), {
    retry: "lease_live",
    afterMs: 37_500,
  });
});

Deno.test("the rules name the lease of a value, and ask about the task of the key", () => {
  const life = new TaskLife();
  const asked: string[] = [];
  const rules = createTaskRules(facts(life, { post: (taskId) => void asked.push(taskId) }));
  const value = life.act(ADA, 2, claim).value ?? assert.fail();
  const renewed = life.act(ADA, 3, { type: "renew" }).value ?? assert.fail();

  rules.check(taskKey(TEST_TASK), undefined, commandOf(life.post, undefined, claim), ADA, { leaseAgeMs: undefined });

  assert.deepEqual(asked, [TEST_TASK]);
  assert.notEqual(rules.leaseId(value), rules.leaseId(renewed), "a renewal begins the lease anew");
  assert.equal(rules.leaseId(life.act(ADA, 4, { type: "begin" }).value ?? assert.fail()), rules.leaseId(renewed));
  assert.equal(rules.leaseId(life.complete(ADA, 5).value ?? assert.fail()), undefined);
});

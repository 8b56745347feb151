import assert from "node:assert/strict";
import type { PersonProof } from "@bzzz/agentid";
import type { EntryId, RequestId, TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { TaskBoard } from "@bzzz/coordinator";
import { authority, PEERS, posted, TaskLife, TEST_TASK } from "@bzzz/coordinator/testing";
import { messageEntryOf, requestDigest, requestEntryOf, RequestInbox, ThreadIndex, threadOfTask } from "@bzzz/hmmm";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { JournalTaskFacts, PlanTimes } from "./task_facts.ts";

const OTHER = "01ARZ3NDEKTSV4RRFFQ69G5FAV" as TaskId;
const ANA = { agentId: "ana" as never, ...authority({ binaryType: "hap" }) };

function createWorld() {
  const clock = new ManualClock();
  const board = new TaskBoard();
  const threads = new ThreadIndex();
  const plans = new PlanTimes(clock);
  const inbox = new RequestInbox();
  const entries = new Map<EntryId, { kind: string; body: unknown; envelope: ReturnType<TestAuthor["entry"]> }>();
  const facts = new JournalTaskFacts({
    clock,
    board,
    inbox,
    threads,
    plans,
    entry: (id) => entries.get(id),
    authority: () => authority(),
    capabilities: () => ["text"],
  });
  const say = (author: TestAuthor, body: BodyOf<"message_posted">, parent?: EntryId): EntryId => {
    const place = { topic: TOPICS.hmmm, thread: threadOfTask(TEST_TASK), task: TEST_TASK };
    const envelope = author.entry("message_posted", body, { ...place, ...(parent ? { parent } : {}) });
    const entry = { kind: "message_posted", body, envelope };
    entries.set(envelope.id, entry);
    plans.hear(entry);
    const message = messageEntryOf(entry, ANA);
    if (message) threads.add(message);
    return envelope.id;
  };
  return { clock, board, inbox, facts, entries, say };
}

Deno.test("the window of a plan begins when this node hears of it, and hearing it again changes nothing", async () => {
  const { clock, facts, say } = createWorld();
  const plan = say(new TestAuthor(1), { type: "plan", text: "dig" });

  await clock.advance(5_000);
  clock.jumpWall(3_600_000);

  assert.deepEqual(facts.plan(TEST_TASK, plan), { ageMs: 5_000, isBlocked: false });
  assert.equal(facts.plan(TEST_TASK, "f".repeat(64) as EntryId), undefined);
});

Deno.test("a blocking objection is to the plan it answers, until its author agrees", () => {
  const { facts, say } = createWorld();
  const [holder, ana] = [new TestAuthor(1), new TestAuthor(2)];
  const first = say(holder, { type: "plan", text: "dig" });
  say(ana, { type: "objection", severity: "blocking", text: "no" }, first);
  const second = say(holder, { type: "plan", text: "dig with care" });

  const [old, revised] = [facts.plan(TEST_TASK, first)?.isBlocked, facts.plan(TEST_TASK, second)?.isBlocked];
  say(ana, { type: "agreement", text: "better" });

  assert.deepEqual([old, revised], [true, false]);
  assert.equal(facts.plan(TEST_TASK, first)?.isBlocked, false);
});

Deno.test("a post is the one that is named, of this task; parents are found as far as they are known", () => {
  const { board, facts, entries } = createWorld();
  const author = new TestAuthor(1);
  const { taskId: _, ...post } = posted().body;
  const rest = { ...post, description: "" };
  const envelope = author.entry("task_posted", { ...rest, taskId: TEST_TASK });
  entries.set(envelope.id, { kind: "task_posted", body: { ...rest, taskId: TEST_TASK }, envelope });

  assert.equal(facts.post(TEST_TASK, envelope.id)?.author, author.peer);
  assert.equal(facts.post(OTHER, envelope.id), undefined);
  assert.equal(facts.parents({ ...rest, taskId: OTHER, parent: TEST_TASK }), undefined, "not here yet");
  board.add(posted());
  assert.equal(facts.parents({ ...rest, taskId: OTHER, parent: TEST_TASK })?.length, 1);
});

Deno.test("a voter believes an approval when a person signed it, whatever its asker asked for", () => {
  const requestId = "01JD3Z00000000000000000REQ" as RequestId;
  const asked: BodyOf<"request_opened"> = {
    requestId,
    kind: "approval",
    to: {},
    title: "Carry it out?",
    body: "",
    taskId: TEST_TASK,
    allow: ["approve", "deny"],
    stakes: "normal",
    onTimeout: "hold",
  };
  const isApproved = (human: PersonProof | undefined): boolean | undefined => {
    const { inbox, facts } = createWorld();
    const agent = new TestAuthor(1, { startMs: 1_000 });
    const portal = new TestAuthor(2, { startMs: 2_000 });
    const body = { requestId, requestDigest: requestDigest(asked), decision: "approve" as const };
    for (
      const [author, kind, said] of [[agent, "request_opened", asked], [portal, "request_answered", body]] as const
    ) {
      const envelope = author.entry(kind, said, {});
      const entry = requestEntryOf({ envelope, kind, body: said }, ANA, () => human);
      if (entry) inbox.add(entry);
    }
    return facts.request(requestId)?.isApproved;
  };

  assert.equal(isApproved(undefined), false);
  assert.equal(isApproved({ by: { type: "decision" } } as PersonProof), true); // no more of it is read
});

Deno.test("a dependency is completed when that is certified", () => {
  const { board, facts } = createWorld();
  const [ada = assert.fail()] = PEERS;
  const life = new TaskLife();

  assert.equal(facts.isCompleted(TEST_TASK), undefined);
  board.add(life.post);
  assert.equal(facts.isCompleted(TEST_TASK), false);
  for (const entry of life.start(ada, 2).complete(ada, 3).entries) board.add(entry);

  assert.equal(facts.isCompleted(TEST_TASK), true);
});

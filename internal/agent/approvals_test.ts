import assert from "node:assert/strict";
import type { RequestId } from "@bzzz/base";
import { revokeDevice } from "@bzzz/agentid";
import { createTestPerson } from "@bzzz/agentid/testing";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { actionDigest, requestDigest, requestStateAt } from "@bzzz/hmmm";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import type { Answer, AskRequest, Executor } from "./mod.ts";
import { FakeMesh, type FakeNode } from "./testing.ts";

const SECOND = 1000;
const PUSH = { verb: "repo.push", target: "origin main", args: [{ name: "commits", value: 3 }], effect: "3 commits" };
const ASK: AskRequest = { title: "Push?", body: "3 commits", action: PUSH, isEditable: true, stakes: "high" };

/** Asks these things, one after the other, and tells what it did; it remembers what it was answered. */
class Asker implements Executor {
  readonly name = "asker";
  readonly answers: Answer[] = [];
  readonly #asks: readonly AskRequest[];

  constructor(...asks: AskRequest[]) {
    this.#asks = asks;
  }

  async run(_job: Parameters<Executor["run"]>[0], io: Parameters<Executor["run"]>[1]) {
    for (const ask of this.#asks) {
      const answer = await io.ask(ask);
      this.answers.push(answer);
      if (answer.decision === "approve") await io.performed(answer.requestId, "done", "pushed");
    }
    return { summary: "asked", output: "" };
  }
}

async function createWorld(executor: Executor) {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const ana = mesh.addPerson("ana");
  const node = mesh.addNode("agent-0");
  const runner = await mesh.startAgent(node, executor);
  const taskId = await mesh.post(ana, { input: "x" });
  await clock.advance(2 * SECOND);
  const opened = () => ana.bodies("request_opened");
  return { clock, mesh, ana, node, runner, taskId, opened };
}

/** Answers as a portal does, or as somebody forges it. */
async function answer(
  who: FakeNode,
  opened: BodyOf<"request_opened"> | undefined,
  fields: Partial<BodyOf<"request_answered">> = {},
): Promise<void> {
  assert.ok(opened, "nobody was asked");
  const { requestId } = opened;
  const body = { requestId, requestDigest: requestDigest(opened), decision: "approve" as const, ...fields };
  await who.append({ kind: "request_answered", topic: TOPICS.coordination, body });
}

Deno.test("an approved action is done and told of; permitted and done are two entries", async () => {
  const asker = new Asker(ASK);
  const { ana, clock, opened, runner, taskId } = await createWorld(asker);
  const [request] = opened();
  assert.deepEqual(
    [request?.kind, request?.action, request?.stakes, request?.offers],
    ["approval", PUSH, "high", ["edit", "escalate"]],
  );

  await answer(ana, request);
  await clock.advance(2 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(asker.answers[0]?.decision, "approve");
  const told = ana.bodies("request_performed");
  assert.deepEqual(told.map(({ outcome, text }) => [outcome, text]), [["done", "pushed"]]);
  assert.equal(ana.book().inbox.get(request?.requestId as RequestId)?.performed?.outcome, "done");
  await runner.stop();
});

Deno.test("what was done is told once, however often and how fast a program tells it", async () => {
  const chatty: Executor = {
    name: "chatty",
    run: async (_job, io) => {
      const { requestId } = await io.ask(ASK);
      await Promise.all(["pushed", "again", "and again"].map((text) => io.performed(requestId, "done", text)));
      await io.performed(requestId, "failed", "after all");
      return { summary: "asked", output: "" };
    },
  };
  const { ana, clock, opened, runner, taskId } = await createWorld(chatty);

  await answer(ana, opened()[0]);
  await clock.advance(2 * SECOND);

  assert.equal(ana.task(taskId)?.state, "completed");
  assert.deepEqual(ana.bodies("request_performed").map(({ text }) => text), ["pushed"]);
  await runner.stop();
});

Deno.test("the same question twice at once is one question, and both get its answer", async () => {
  const answers: Answer[] = [];
  const twice: Executor = {
    name: "twice",
    run: async (_job, io) => {
      answers.push(...await Promise.all([io.ask(ASK), io.ask(ASK)]));
      return { summary: "asked", output: "" };
    },
  };
  const { ana, clock, opened, runner, taskId } = await createWorld(twice);
  assert.equal(opened().length, 1);

  await answer(ana, opened()[0]);
  await clock.advance(2 * SECOND);

  assert.deepEqual(answers.map(({ decision }) => decision), ["approve", "approve"]);
  assert.equal(ana.task(taskId)?.state, "completed");
  assert.equal(ana.bodies("task_resumed").length, 1);
  await runner.stop();
});

Deno.test("altered, replayed and forged decisions move no agent: it goes on waiting", async () => {
  const asker = new Asker(ASK);
  const { ana, node, mesh, clock, opened, runner } = await createWorld(asker);
  const [request] = opened();
  assert.ok(request);
  const eve = mesh.addNode("eve");
  const guest = mesh.addNode("guest", { binaryType: "hap", level: "read_only" });
  const edited = { ...PUSH, args: [{ name: "commits", value: 9 }] };

  await answer(ana, request, { requestDigest: "0".repeat(64) }); // of another text
  await answer(ana, request, { editedAction: edited, editedDigest: "1".repeat(64) }); // altered under way
  await answer(ana, request, { decision: "answer", text: "yes" }); // not offered
  await answer(eve, request); // an agent
  await answer(guest, request); // reads only
  await answer(node, request); // itself
  await clock.advance(5 * SECOND);

  assert.deepEqual(asker.answers, []);
  await runner.stop();
});

/** Answers by a rule that the person lets approve pushes. */
async function byRule(who: FakeNode, opened: BodyOf<"request_opened"> | undefined, fields: object = {}): Promise<void> {
  assert.ok(opened && who.device);
  const { requestId } = opened;
  const auto = { rule: "pushes", policy: "0".repeat(64) };
  const body = { requestId, requestDigest: requestDigest(opened), decision: "approve" as const, auto, ...fields };
  const rules = [{ rule: "pushes", action: "repo.push" }];
  await who.append({
    kind: "request_answered",
    topic: TOPICS.coordination,
    body: who.device.signAuto(body, { policy: auto.policy, rules, issuedAtMs: 0, notAfterMs: Number.MAX_SAFE_INTEGER }),
  });
}

Deno.test("a portal without a person's signature approves nothing, whatever it shows instead", async () => {
  const asker = new Asker(ASK);
  const { ana, mesh, clock, opened, runner } = await createWorld(asker);
  const [request] = opened();
  assert.ok(request && ana.device);
  const { requestId } = request;
  const body = { requestId, requestDigest: requestDigest(request), decision: "approve" as const };
  const signed = ana.device.sign(body, { role: ana.grant.role, atMs: Math.trunc(clock.nowMs()) });
  const impostor = mesh.addNode("impostor", { binaryType: "hap" }); // a grant that names nobody
  const other = mesh.addPerson("other", createTestPerson(createSeededRandom(5)));
  const tell = (who: FakeNode, answer: BodyOf<"request_answered">) =>
    who.append({ kind: "request_answered", topic: TOPICS.coordination, body: answer });

  await tell(impostor, body); // nothing
  await tell(impostor, signed); // another's signature
  await tell(other, signed); // another person's
  await tell(ana, { ...signed, scope: "task" }); // more than was signed
  await tell(ana, { ...signed, auto: { rule: "pushes", policy: "0".repeat(64) } });
  ana.signsAnswers = false;
  await tell(ana, body); // the right node, its person's key locked
  await byRule(ana, request); // a rule, with high stakes
  await clock.advance(5 * SECOND);
  const before = asker.answers.length;
  await tell(ana, signed);
  await clock.advance(5 * SECOND);

  assert.equal(before, 0);
  assert.deepEqual(asker.answers.map(({ decision }) => decision), ["approve"]);
  await runner.stop();
});

Deno.test("a question waits for a signed answer, too; anybody who may can say no", async () => {
  const asker = new Asker({ title: "Which?", body: "main or next" });
  const { ana, clock, opened, runner } = await createWorld(asker);
  ana.signsAnswers = false;

  await answer(ana, opened()[0], { decision: "answer", text: "main" });
  await clock.advance(5 * SECOND);
  const before = asker.answers.length;
  await answer(ana, opened()[0], { decision: "deny", reason: "ask later" });
  await clock.advance(5 * SECOND);

  assert.equal(before, 0);
  assert.deepEqual(asker.answers.map(({ decision }) => decision), ["deny"]);
  await runner.stop();
});

Deno.test("an approval by a device that its person has revoked by then is not acted on", async () => {
  const asker = new Asker(ASK);
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  const person = createTestPerson(createSeededRandom(5));
  const ana = mesh.addPerson("ana", person);
  const node = mesh.addNode("agent-0");
  const runner = await mesh.startAgent(node, asker);
  const taskId = await mesh.post(ana, { input: "x" });
  await clock.advance(2 * SECOND);
  mesh.partition([ana], [node]); // it does not hear of the answer yet
  await answer(ana, ana.bodies("request_opened")[0]);
  await clock.advance(SECOND);

  // the person keeps what the device had decided in history, and trusts it no more
  const lastSeq = ana.entries.length + 5;
  const place = { mesh: mesh.people.book.mesh, peer: ana.peer, issuedAtMs: Math.trunc(clock.nowMs()) };
  mesh.people.add(revokeDevice(person.root, { ...place, lastSeq, reason: "lost" }), ana.peer);
  mesh.heal();
  await clock.advance(60 * SECOND);

  assert.deepEqual(asker.answers, []);
  assert.match(node.task(taskId)?.reason ?? "", /no longer decides with that device/);
  await runner.stop();
});

Deno.test("an approval of somebody who has left the mesh by then is not acted on", async () => {
  const asker = new Asker(ASK);
  const { ana, mesh, clock, node, opened, runner, taskId } = await createWorld(asker);
  mesh.partition([ana], [node]); // it does not hear of the answer yet
  await answer(ana, opened()[0]);
  await clock.advance(SECOND);

  mesh.revoke(ana);
  mesh.heal();
  await clock.advance(60 * SECOND);

  assert.deepEqual(asker.answers, []);
  assert.match(node.task(taskId)?.reason ?? "", /no longer a person of the mesh/);
  await runner.stop();
});

Deno.test("silence until the deadline denies, and is told so", async () => {
  const asker = new Asker({ ...ASK, due: { afterMs: 30 * SECOND, onTimeout: "deny" } });
  const { ana, clock, runner, taskId } = await createWorld(asker);

  await clock.advance(25 * SECOND);
  const before = asker.answers.length;
  await clock.advance(10 * SECOND);

  assert.equal(before, 0);
  assert.deepEqual(asker.answers.map(({ decision, reason }) => [decision, reason]), [
    ["deny", "nobody answered in time"],
  ]);
  assert.equal(ana.task(taskId)?.state, "completed");
  assert.deepEqual(ana.bodies("request_performed"), []);
  await runner.stop();
});

Deno.test("an approval for the task covers the same action again, and no other", async () => {
  const other = { ...ASK, title: "Delete?", action: { ...PUSH, verb: "repo.delete" } };
  const asker = new Asker(ASK, { ...ASK, title: "Push again?" }, other);
  const { ana, clock, opened, runner } = await createWorld(asker);

  await answer(ana, opened()[0], { scope: "task" });
  await clock.advance(5 * SECOND);

  assert.deepEqual(asker.answers.map((one) => one.decision), ["approve", "approve"]);
  assert.deepEqual(opened().map((one) => one.title), ["Push?", "Delete?"]);
  await runner.stop();
});

Deno.test("an approval until a time is used without asking, which is told; taken back, people are asked again", async () => {
  const asker = new Asker(ASK);
  const { ana, mesh, clock, opened, runner } = await createWorld(asker);
  const untilMs = Math.trunc(clock.nowMs()) + 3600 * SECOND;
  await answer(ana, opened()[0], { scope: "until", untilMs });
  await clock.advance(2 * SECOND);
  const second = await mesh.post(ana, { input: "x" });
  await clock.advance(2 * SECOND);
  assert.deepEqual([ana.task(second)?.state, opened().length], ["completed", 1]);
  const given = ana.book().inbox.get(opened()[0]?.requestId as RequestId)?.answer?.entry;
  assert.ok(given);
  const covered = ana.bodies("request_covered");
  assert.deepEqual(covered, [{ requestId: opened()[0]?.requestId, answer: given }]);

  const body = { requestId: opened()[0]?.requestId as RequestId, answer: given, reason: "not any more" };
  await ana.append({ kind: "request_revoked", topic: TOPICS.coordination, body });
  const third = await mesh.post(ana, { input: "x" });
  await clock.advance(2 * SECOND);

  assert.deepEqual([ana.task(third)?.state, opened().length], ["blocked", 2]);
  assert.equal(asker.answers.length, 2);
  await runner.stop();
});

for (const onTimeout of ["hold", "deny", "escalate"] as const) {
  Deno.test(`an agent that stopped while it waited: at the deadline it comes to "${onTimeout}", after the restart as well`, async () => {
    const asker = new Asker({ ...ASK, ...(onTimeout === "hold" ? {} : { due: { afterMs: 60 * SECOND, onTimeout } }) });
    const { ana, mesh, node, clock, opened, runner, taskId } = await createWorld(asker);
    await runner.stop();
    await clock.advance(10 * SECOND);
    const again = await mesh.startAgent(node, asker);
    await clock.advance(30 * SECOND);
    assert.deepEqual([ana.task(taskId)?.state, asker.answers.length], ["blocked", 0]);

    await clock.advance(60 * SECOND);

    const said = asker.answers.map(({ decision, reason }) => [decision, reason]);
    if (onTimeout === "deny") {
      assert.deepEqual(said, [["deny", "nobody answered in time"]]);
      assert.equal(ana.task(taskId)?.state, "completed");
    } else {
      assert.deepEqual([said, ana.task(taskId)?.state], [[], "blocked"], "silence approves nothing");
      const view = ana.book().inbox.get(opened()[0]?.requestId as RequestId);
      assert.ok(view);
      assert.equal(requestStateAt(view, clock.nowMs()), onTimeout === "hold" ? "pending" : "escalated");
      await answer(ana, opened()[0]);
      await clock.advance(5 * SECOND);
      assert.deepEqual(asker.answers.map(({ decision }) => decision), ["approve"]);
      assert.equal(ana.task(taskId)?.state, "completed");
    }
    assert.equal(opened().length, 1, "people are asked once");
    await again.stop();
  });
}

Deno.test("the deadline passes while no agent runs: the one that starts afterwards is told of the denial", async () => {
  const asker = new Asker({ ...ASK, due: { afterMs: 60 * SECOND, onTimeout: "deny" } });
  const { ana, mesh, node, clock, runner, taskId } = await createWorld(asker);
  await runner.stop();
  await clock.advance(120 * SECOND);

  const again = await mesh.startAgent(node, asker);
  await clock.advance(10 * SECOND);

  assert.deepEqual(asker.answers.map(({ decision }) => decision), ["deny"]);
  assert.equal(ana.task(taskId)?.state, "completed");
  await again.stop();
});

Deno.test("the executor gets the edited action, and is told when a rule decided", async () => {
  const asker = new Asker({ ...ASK, stakes: "normal" });
  const { ana, clock, opened, runner } = await createWorld(asker);
  const edited = { ...PUSH, args: [{ name: "commits", value: 1 }] };

  await byRule(ana, opened()[0], { editedAction: edited, editedDigest: actionDigest(edited) });
  await clock.advance(2 * SECOND);

  assert.deepEqual(asker.answers[0]?.editedAction, edited);
  assert.equal(asker.answers[0]?.isAutomatic, true);
  await runner.stop();
});

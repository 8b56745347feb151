import assert from "node:assert/strict";
import { codeOf, OfflineMesh, person } from "./testing.ts";
import { messageInput, taskInput } from "./testdata/inputs.ts";

Deno.test("an objection to a task whose plan is not discussed is refused; an advisory word is heard", async () => {
  await using mesh = new OfflineMesh();
  const { facade } = await mesh.start(person("alice"));
  const { task: posted } = await facade.postTask(taskInput());
  const about = { task_id: posted.task_id, thread: `task/${posted.task_id}`, type: "objection" as const };

  assert.equal(await codeOf(facade.postMessage(messageInput({ ...about, severity: "blocking" }))), "task_refused");
  assert.equal(await codeOf(facade.postMessage(messageInput({ ...about, severity: "advisory" }))), "none");
  const nothing = { ...about, task_id: "01ARZ3NDEKTSV4RRFFQ69G5FAV", severity: "blocking" as const };
  assert.equal(await codeOf(facade.postMessage(messageInput(nothing))), "not_found");
});

Deno.test("postMessage(): to names and roles of members, each once; who does not exist is refused", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const roles = ["architect", "developer", "reviewer", "observer"];
  for (const role of roles) mesh.mesh.issue({ role });
  for (const grant of mesh.mesh.membership().grants()) node.local.membership.addGrant(grant);

  const sent = await node.facade.postMessage(
    messageInput({ to: ["alice", "alice", ...Array(20).fill("developer"), ...roles] }),
  );
  const unknown = await codeOf(node.facade.postMessage(messageInput({ to: ["nobody"] })));

  assert.deepEqual(sent.to, ["alice", "developer", "architect", "reviewer", "observer"]);
  assert.equal(unknown, "invalid_request");
  assert.equal(await codeOf(node.facade.postMessage(messageInput({ topic: "nowhere" }))), "invalid_topic");
  assert.equal(await codeOf(node.facade.postMessage(messageInput({ parent: "x" }))), "invalid_request");
  assert.equal(await codeOf(node.facade.postMessage(messageInput({ task_id: "x" }))), "invalid_request");
});

Deno.test("postMessage(): agents use up a thread, then a person must speak", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const alice = await mesh.start(person("alice"));
  for (const grant of mesh.mesh.membership().grants()) agent.local.membership.addGrant(grant);
  const inThread = messageInput({ thread: "t" });
  for (let i = 0; i < 50; i++) await agent.facade.postMessage(inThread);

  const refused = await codeOf(agent.facade.postMessage(inThread));
  await mesh.share();
  await alice.facade.postMessage(inThread);
  await mesh.share();

  assert.equal(refused, "thread_limit");
  await agent.facade.postMessage(inThread);
});

Deno.test("messages(): the newest ones, oldest first, however sparse they are", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  for (const text of ["1", "2", "3"]) await node.facade.postMessage(messageInput({ text, thread: "t" }));
  await Promise.all(Array.from({ length: 300 }, () => node.facade.postTask(taskInput())));
  await node.facade.postMessage(messageInput({ text: "4" }));

  const texts = async (query: { after?: number; limit: number; thread?: string; topic?: string }) =>
    (await node.facade.messages(query)).map(({ text }) => text);

  assert.deepEqual(await texts({ limit: 2 }), ["3", "4"]);
  assert.deepEqual(await texts({ limit: 100 }), ["1", "2", "3", "4"]);
  assert.deepEqual(await texts({ limit: 1, thread: "t" }), ["3"]);
  assert.deepEqual(await texts({ limit: 2, after: 0 }), ["1", "2"]);
  assert.deepEqual(await texts({ limit: 5, topic: "coordination" }), []);
});

Deno.test("journal(), messages(), taskHistory(): what somebody fills is answered in parts, the newest where no place is named", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const { task } = await node.facade.postTask(taskInput());
  const about = { thread: `task/${task.task_id}`, task_id: task.task_id };
  const long = "\u0001".repeat(65_000); // six characters each in JSON
  for (let n = 0; n < 100; n++) await node.facade.postMessage(messageInput({ ...about, text: `${n} ${long}` }));
  const size = (view: unknown) => JSON.stringify(view).length;

  const numbers: string[] = [];
  let largest = 0;
  for (let after = 0;;) {
    const page = await node.facade.journal({ after, limit: 1000, topic: "hmmm" });
    if (page.length === 0) break;
    largest = Math.max(largest, size(page));
    numbers.push(...page.map(({ body }) => String(body?.["text"]).split(" ")[0] ?? ""));
    after = page.at(-1)?.cursor ?? after;
  }
  const newest = await node.facade.messages({ limit: 1000, thread: about.thread });
  const history = await node.facade.taskHistory(task.task_id);

  assert.deepEqual(numbers, Array.from({ length: 100 }, (_, n) => String(n)), "page by page, each once");
  for (const [what, bytes] of Object.entries({ largest, newest: size(newest), history: size(history) })) {
    assert.ok(bytes < 32 * 1024 * 1024, `${what} has ${bytes} bytes`);
  }
  assert.match(newest.at(-1)?.text ?? "", /^99 /);
  assert.match(String(history.at(-1)?.body?.["text"]), /^99 /);
  assert.equal(history[0]?.kind, "task_posted", "what it is about is there, however much was said");
});

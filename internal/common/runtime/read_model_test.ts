import assert from "node:assert/strict";
import type { RequestId } from "@bzzz/base";
import { taskInput } from "./facade/testdata/inputs.ts";
import { OfflineMesh, person } from "./facade/testing.ts";

Deno.test("asks that a member fills the journal with leave their texts there, and are answered as any other", async () => {
  await using mesh = new OfflineMesh();
  const [alice, mallory] = [await mesh.start(person("alice")), await mesh.start({ agentId: "mallory" })];
  alice.local.membership.addGrant(mallory.member.grantBytes);
  mallory.local.membership.addGrant(alice.member.grantBytes);
  const body = "x".repeat(65_000);
  const ids: RequestId[] = [];
  for (let n = 0; n < 245; n++) { // 36 MB as V8 may hold them, 16 MB on the wire
    const { request_id: id } = await mallory.facade.ask({
      kind: "question",
      to: {},
      title: `ask ${n}`,
      body: `${n} ${body}`,
      refs: [],
      action: {
        verb: "push",
        target: "",
        args: Array.from({ length: 64 }, (_, at) => ({ name: `a${at}`, value: at })),
        effect: "",
      },
      stakes: "normal",
      on_timeout: "hold",
      on_behalf_of: [],
      human_present: false,
    });
    ids.push(id as RequestId); // the node made it
  }
  await mesh.share();
  const { inbox } = alice.readModel;
  const first = await alice.facade.request(ids[0] ?? "") ?? assert.fail("it cannot be read");

  assert.equal(first.body, `0 ${body}`);
  assert.equal(inbox.list(mesh.clock.nowMs(), "open").length, 245);
  assert.ok(!("body" in (inbox.list(mesh.clock.nowMs()).find(({ requestId }) => requestId === ids[0]) ?? {})));
  const answer = await alice.facade.answer(first.request_id, {
    request_digest: first.digest,
    decision: "answer",
    text: "yes",
  });
  assert.deepEqual([answer.state, inbox.list(mesh.clock.nowMs(), "open").length], ["answered", 244]);
  assert.equal((await alice.facade.request(first.request_id))?.answer?.text, "yes");
});

Deno.test("the long texts of tasks stay in the journal: what is shown has them, what is held has not", async () => {
  await using mesh = new OfflineMesh();
  await using alice = await mesh.start(person("alice"));
  const [description, text] = ["d".repeat(65_000), "i".repeat(65_000)];
  const input = taskInput({ client_id: "job-1", description, input: text });

  const { task } = await alice.facade.postTask(input);

  assert.deepEqual([task.description, task.input], [description, text]);
  assert.deepEqual((await alice.facade.tasks({ limit: 5 })).items, [task]);
  assert.equal((await alice.facade.postTask(input)).isNew, false, "the same words");
  const held = alice.readModel.board.list();
  assert.equal(held.length, 1);
  assert.ok(JSON.stringify(held).length < 2_000);
});

import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import { DecisionDesk } from "@bzzz/context";
import { createTestContext, MemoryContent, type TestContext } from "@bzzz/context/testing";
import { OpenGate } from "@bzzz/journal/testing";
import { addressKey, parseConcrete } from "@bzzz/ucxl";

const QUEUE = parseConcrete("ucxl://basil:developer@shop:checkout/decisions/2026-11-22-queue.json");
const RECORD = { v: 1, type: "architectural", title: "Use a queue", summary: "because", outcome: "structural_change" };

interface Seat extends AsyncDisposable {
  readonly node: TestContext;
  readonly desk: DecisionDesk;
}

interface Council extends AsyncDisposable {
  readonly seats: readonly [Seat, Seat, Seat];
  readonly sync: () => Promise<void>;
}

/** Members of one mesh who decide: an agent, another, and a person of level decision. Disposing takes all of them away. */
function council(isSigned: () => boolean = () => true): Council {
  const gate = new OpenGate();
  const content = new MemoryContent();
  const names = ["basil", "cyrus", "ana"];
  const seats = names.map((_, i): Seat => {
    const node = createTestContext({ gate, content, seed: i + 1 });
    const desk = new DecisionDesk({
      context: node.context,
      index: node.index,
      journal: node.journal,
      sealer: node.sealer,
      clock: node.clock,
      grantAt: ({ envelope: { header } }) => {
        const at = peers.indexOf(header.author);
        return at < 0 ? undefined : {
          agentId: names[at] as never, // written above
          level: at === 2 ? "decision" : "suggestion",
          binaryType: at === 2 ? "hap" : "agent",
          role: "developer" as never, // a role of its own name
        };
      },
      voterOf: ({ author }) => ({ person: undefined, isSigned: author === peers[2] && isSigned() }),
    });
    return {
      node,
      desk,
      [Symbol.asyncDispose]: async () => {
        desk.stop();
        await node[Symbol.asyncDispose]();
      },
    };
  }) as [Seat, Seat, Seat];
  const peers = seats.map(({ node }) => node.self);
  for (const { desk } of seats) desk.start();
  const sync = async () => {
    for (const to of seats) for (const from of seats) if (to !== from) await to.node.pull(from.node);
  };
  return {
    seats,
    sync,
    [Symbol.asyncDispose]: async () => {
      for (const seat of seats) await seat[Symbol.asyncDispose]();
    },
  };
}

function proposal(node: TestContext, quorum = 2) {
  return { ...RECORD, voting: { quorum, closes_at_ms: node.clock.nowMs() + 60_000 } };
}

Deno.test("a decision is published once, found by its address and listed", async () => {
  await using meeting = council();
  const { seats: [basil, cyrus], sync } = meeting;

  await basil.desk.publish(QUEUE, RECORD, ["developer"]);
  await assert.rejects(basil.desk.publish(QUEUE, RECORD, ["developer"]), { code: "already_exists" });
  await assert.rejects(basil.desk.publish({ ...QUEUE, path: "x" }, RECORD, ["developer"]), {
    code: "invalid_decision",
  });
  await assert.rejects(basil.desk.publish(QUEUE, {}, ["developer"]), { code: "invalid_decision" });
  await sync();

  const [found] = await cyrus.desk.list({ limit: 10 });
  assert.equal(found?.decision?.title, "Use a queue");
  assert.equal(found?.tally?.state, "recorded");
  await assert.rejects(cyrus.desk.vote(QUEUE, "approve"), { code: "decision_closed" });
});

Deno.test("votes are counted alike on all nodes, with reasons; the quorum closes", async () => {
  await using meeting = council();
  const { seats: [basil, cyrus, ana], sync } = meeting;
  await basil.desk.publish(QUEUE, proposal(basil.node), ["developer"]);
  await sync();

  await basil.desk.vote(QUEUE, "approve", { reason: "it is bounded" });
  const closed = await cyrus.desk.vote(QUEUE, "approve");
  assert.equal(closed.tally?.state, "open", "cyrus has not heard of basil's vote yet");
  await sync();

  for (const { desk } of [basil, cyrus, ana]) {
    const view = await desk.show(QUEUE);
    assert.deepEqual([view.tally?.state, view.tally?.by, view.tally?.counts.approve], ["approved", "quorum", 2]);
    const reasons = (await desk.votes(view)).map(({ voter, reason }) => `${voter}: ${reason}`);
    assert.deepEqual(reasons.sort(), ["basil: it is bounded", "cyrus: undefined"]);
  }
  await assert.rejects(ana.desk.vote(QUEUE, "reject"), { code: "decision_closed" });
});

Deno.test("the vote of a person with authority binds", async () => {
  await using meeting = council();
  const { seats: [basil, cyrus, ana], sync } = meeting;
  await basil.desk.publish(QUEUE, proposal(basil.node), ["developer"]);
  await basil.desk.vote(QUEUE, "approve");
  await sync();

  const view = await ana.desk.vote(QUEUE, "reject", { reason: "no" });
  await sync();

  assert.deepEqual([view.tally?.state, view.tally?.by, view.tally?.boundBy], ["rejected", "binding", "ana"]);
  assert.equal((await cyrus.desk.show(QUEUE)).tally?.state, "rejected");
});

Deno.test("a vote of a person's node that no person has signed is one of many, until its signature is found good", async () => {
  let isKnown = false;
  await using meeting = council(() => isKnown);
  const { seats: [basil, cyrus, ana], sync } = meeting;
  await basil.desk.publish(QUEUE, proposal(basil.node), ["developer"]);
  await sync();

  const cast = await ana.desk.vote(QUEUE, "reject");
  assert.deepEqual([cast.tally?.state, cast.tally?.counts.reject], ["open", 1]);
  await sync();
  const [seen] = await cyrus.desk.votes(await cyrus.desk.show(QUEUE));
  assert.deepEqual([seen?.isSigned, seen?.isBinding], [false, false]);

  isKnown = true; // the record that it hung on has come
  assert.equal((await cyrus.desk.show(QUEUE)).tally?.state, "open", "judged once, and kept");
  cyrus.desk.judgeAgain();

  assert.equal((await cyrus.desk.show(QUEUE)).tally?.by, "binding");
});

Deno.test("what signs a vote sees it as it is told, and its refusal tells nobody anything", async () => {
  const node = createTestContext({ seed: 9 });
  const seen: unknown[] = [];
  const desk = new DecisionDesk({
    ...node,
    context: node.context,
    grantAt: () => undefined,
    voterOf: () => ({ person: undefined, isSigned: false }),
    signVote: (body, passphrase) => {
      seen.push([body.vote, body.address, body.reason !== undefined, passphrase]);
      return Promise.reject(new BzzzError("identity_locked", "Cannot sign: your key is locked"));
    },
  });
  await using _node = node;
  await desk.publish(QUEUE, proposal(node), ["developer"]);
  const before = node.journal.entriesAfter(0, { limit: 100 }).length;

  await assert.rejects(desk.vote(QUEUE, "approve", { reason: "x", passphrase: "secret" }), { code: "identity_locked" });

  assert.deepEqual(seen, [["approve", addressKey(QUEUE), true, "secret"]]);
  assert.equal(node.journal.entriesAfter(0, { limit: 100 }).length, before);
});

Deno.test("a vote names the version it is about: a new version is voted on anew", async () => {
  await using meeting = council();
  const { seats: [basil] } = meeting;
  await basil.desk.publish(QUEUE, proposal(basil.node, 1), ["developer"]);
  await basil.desk.vote(QUEUE, "approve");
  assert.equal((await basil.desk.show(QUEUE)).tally?.state, "approved");
  const { bytes } = await basil.node.context.read(QUEUE);

  await basil.node.context.put(QUEUE, { bytes, mediaType: "application/json", audience: ["developer"] });

  assert.equal((await basil.desk.show(QUEUE)).tally?.state, "open");
});

Deno.test("a decision that supersedes another is named by it; who may not read sees neither", async () => {
  await using meeting = council();
  const { seats: [basil, cyrus], sync } = meeting;
  cyrus.node.sealer.role = "developer";
  await basil.desk.publish(QUEUE, proposal(basil.node), ["admin"]);
  const newer = { ...QUEUE, path: "decisions/2026-11-23-log.json" };
  await basil.desk.publish(newer, {
    ...RECORD,
    title: "Use a log",
    supersedes: "ucxl://basil:developer@shop:checkout/decisions/2026-11-22-queue.json",
  }, ["admin"]);
  await basil.desk.vote(QUEUE, "reject", { reason: "secret" });
  await sync();

  assert.match((await basil.desk.show(QUEUE)).supersededBy ?? "", /2026-11-23-log/);
  const hidden = await cyrus.desk.show(QUEUE);
  assert.deepEqual([hidden.decision, hidden.tally, hidden.supersededBy], [undefined, undefined, undefined]);
  assert.equal((await cyrus.desk.votes(hidden))[0]?.reason, undefined);
  await assert.rejects(cyrus.desk.vote(QUEUE, "approve"), (error) => {
    assert.ok(error instanceof BzzzError);
    return error.code === "not_a_recipient";
  });
});

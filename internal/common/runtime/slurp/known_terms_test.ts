import assert from "node:assert/strict";
import { type PeerId, TypedEventTarget } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { peerIdFromPublicKey, signingKeyFromSeed } from "@bzzz/crypto";
import { LEADER_KEY, leaderValueCodec } from "@bzzz/election";
import { createTestJournal, type TestJournal } from "@bzzz/journal/testing";
import { acceptStatement, type Certificate, encodeCertificate } from "@bzzz/register";
import { TOPICS } from "@bzzz/wire";
import { followTerms, type KnownTermsDeps } from "./known_terms.ts";

const VOTER = signingKeyFromSeed(createSeededRandom(7).bytes(32));
const VOTER_PEER = peerIdFromPublicKey(VOTER.publicKey);

function certificate(test: TestJournal, term: number): Uint8Array<ArrayBuffer> {
  const accept = {
    key: LEADER_KEY,
    epoch: 1,
    ballot: { counter: term, proposer: VOTER_PEER } as Certificate["ballot"],
    value: leaderValueCodec.encode({ version: term, term, holder: VOTER_PEER, leaseMs: 15_000, renewals: 0, score: 1 }),
  };
  const signature = VOTER.sign(acceptStatement(test.journal.mesh, accept));
  return new Uint8Array(encodeCertificate({ ...accept, signatures: [{ voter: VOTER_PEER, signature }] }));
}

/** A journal with so many terms in it, and what follows them; `voters` of epoch 1 may come later. */
async function withTerms(count: number) {
  const test = createTestJournal();
  const { journal } = test;
  journal.start();
  const tell = (term: number) =>
    journal.append({
      kind: "leadership_decided",
      topic: TOPICS.coordination,
      body: { term, certificate: certificate(test, term) },
    });
  for (let term = 1; term <= count; term++) await tell(term);
  const state = { voters: undefined as readonly PeerId[] | undefined, looks: 0 };
  const decisions: KnownTermsDeps["decisions"] = { votersOf: () => state.voters, events: new TypedEventTarget() };
  const learnVoters = () => {
    state.voters = [VOTER_PEER];
    (decisions.events as TypedEventTarget<{ "voters:learned": undefined }>).emit("voters:learned", undefined);
  };
  const stopped = new AbortController();
  const ledger = followTerms({
    journal: {
      events: journal.events,
      entriesAfter: (cursor, query) => (state.looks++, journal.entriesAfter(cursor, query)),
    },
    registers: { events: new TypedEventTarget() },
    election: { events: new TypedEventTarget() },
    decisions,
    mesh: journal.mesh,
    self: test.peer,
  }, { signal: stopped.signal });
  return {
    ledger,
    state,
    tell,
    learnVoters,
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await test[Symbol.asyncDispose]();
    },
  };
}

Deno.test("the terms of the history are read when somebody asks, once for all who do, and not at the start", async () => {
  await using node = await withTerms(40);
  node.learnVoters();
  assert.equal(node.state.looks, 0);

  await Promise.all([node.ledger.known(), node.ledger.known()]);

  for (const term of [1, 17, 40]) assert.equal(node.ledger.holderOf(term), VOTER_PEER, `term ${term}`);
  const { looks } = node.state;
  assert.ok(looks <= 4, `${looks} looks`);
  await node.ledger.known();
  assert.equal(node.state.looks, looks, "there was no news");
});

Deno.test("terms of an epoch whose voters are not known count once these are", async () => {
  await using node = await withTerms(3);
  await node.tell(4); // while it is followed
  await node.ledger.known();
  assert.equal(node.ledger.newestOf(VOTER_PEER), undefined);

  node.learnVoters();
  await node.ledger.known();

  for (const term of [1, 2, 3, 4]) assert.equal(node.ledger.holderOf(term), VOTER_PEER, `term ${term}`);
});

Deno.test("a term that is told while the node runs is known without a look at the history", async () => {
  await using node = await withTerms(2);
  node.learnVoters();

  await node.tell(3);

  assert.equal(node.ledger.holderOf(3), VOTER_PEER);
  assert.equal(node.state.looks, 0);
});

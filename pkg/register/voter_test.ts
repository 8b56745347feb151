import assert from "node:assert/strict";
import { type MeshId, type PeerId, utf8Decode, utf8Encode } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createSeededRandom } from "@bzzz/base/testing";
import { createSigningKey, peerIdFromPublicKey } from "@bzzz/crypto";
import { toByteRules } from "./byte_rules.ts";
import { acceptStatement } from "./certificate.ts";
import { registerKey } from "./keys.ts";
import { LeaseClock, LeaseNotes } from "./lease_clock.ts";
import type { VoterRequest } from "./messages.ts";
import { answerAsVoter, type VoterCell, type VoterContext } from "./voter.ts";

const MESH = "00".repeat(16) as MeshId;
const KEY = registerKey("lease", "x");
const random = createSeededRandom(3);
const KEYS = Array.from({ length: 3 }, () => createSigningKey(random));
const [A, B, C] = KEYS.map((key) => peerIdFromPublicKey(key.publicKey)) as [PeerId, PeerId, PeerId];
const ROSTER = { epoch: 2, step: "stable", voters: [A, B, C].sort().map((peer) => ({ peer, seat: peer })) } as const;

/** A value is who holds it; a command is who wants to. Taking over needs a lease of 100 ms that is over. */
const RULES = toByteRules<string, string>({
  prefix: "lease",
  value: { encode: utf8Encode, decode: utf8Decode },
  command: { encode: utf8Encode, decode: utf8Decode },
  decide: (_key, previous, command) => previous === command ? { same: true } : { next: command },
  check: (_key, previous, _command, _actor, { leaseAgeMs }) =>
    previous === undefined || (leaseAgeMs ?? 0) >= 125 ? { ok: true } : { retry: "lease_running", afterMs: 125 },
  leaseId: (value) => value,
});

function context(overrides: Partial<VoterContext> = {}): VoterContext {
  return {
    mesh: MESH,
    self: A,
    sender: B,
    roster: ROSTER,
    seat: A,
    rulesOf: (prefix) => prefix === "lease" ? RULES : undefined,
    openCommand: (body) => ({ key: KEY, actor: B, body, nonce: new Uint8Array(16) }),
    sign: () => new Uint8Array(64),
    leaseAgeMs: () => 0,
    damagedAt: [],
    ...overrides,
  };
}

const ballot = (counter: number, proposer = B) => ({ counter, proposer });
const accepted = (counter: number, text: string) => ({ ballot: ballot(counter), epoch: 2, value: utf8Encode(text) });
const claim = (counter: number, who: string, overrides: Partial<VoterRequest & { type: "accept" }> = {}) =>
  ({
    type: "accept",
    key: KEY,
    epoch: 2,
    ballot: ballot(counter),
    command: utf8Encode(who),
    value: utf8Encode(who),
    ...overrides,
  }) as const satisfies VoterRequest;

Deno.test("a voter promises only above what it promised, the same ballot included", () => {
  const cell: VoterCell = { promised: ballot(5) };
  const prepare = (counter: number) =>
    answerAsVoter(cell, { type: "prepare", key: KEY, epoch: 2, ballot: ballot(counter) }, context());

  assert.deepEqual(prepare(5).reply, { type: "nack", promised: ballot(5) });
  assert.equal(prepare(6).reply.type, "promise");
  assert.deepEqual(prepare(6).record?.promised, ballot(6));
});

Deno.test("a voter accepts at its promise and above, and never two values at one ballot", () => {
  const cell: VoterCell = { promised: ballot(5) };

  const below = answerAsVoter(cell, claim(4, "ana"), context());
  const at = answerAsVoter(cell, claim(5, "ana"), context());
  const again = answerAsVoter(at.record, claim(5, "ana"), context());
  const other = answerAsVoter(at.record, claim(5, "eve"), context());

  assert.equal(below.reply.type, "nack");
  assert.equal(at.reply.type, "accepted");
  assert.deepEqual([again.reply.type, again.record], ["accepted", undefined]);
  assert.deepEqual([other.reply.type, other.record], ["refused", undefined]);
});

Deno.test("a voter checks every transition itself, whoever proposes it", () => {
  const cell: VoterCell = { promised: ballot(5), accepted: accepted(3, "ana") };
  const codeOf = (request: VoterRequest, overrides: Partial<VoterContext> = {}) => {
    const { reply, record } = answerAsVoter(cell, request, context(overrides));
    assert.equal(record, undefined, "a refusal leaves no trace");
    return "code" in reply ? reply.code : reply.type;
  };

  assert.equal(codeOf(claim(5, "ben", { value: utf8Encode("eve") })), "illegal_transition");
  assert.equal(codeOf(claim(5, "ben"), { openCommand: () => undefined }), "bad_command");
  assert.equal(codeOf(claim(5, "ben", { previous: accepted(3, "eve") })), "previous_differs");
  assert.equal(codeOf(claim(5, "ben", { command: undefined, previous: accepted(3, "ana") })), "identity_differs");
  assert.equal(codeOf(claim(5, "ben"), { rulesOf: () => undefined }), "unknown_register");
  assert.equal(codeOf(claim(5, "ben", { previous: accepted(3, "ana") })), "lease_running");
});

Deno.test("a voter answers voters of its own epoch alone, and only on its own seat", () => {
  const reply = (overrides: Partial<VoterContext>, epoch = 2) =>
    answerAsVoter(undefined, { type: "peek", key: KEY, epoch }, context(overrides)).reply.type;

  assert.equal(reply({}), "peeked");
  assert.equal(reply({}, 1), "stale_epoch");
  assert.equal(reply({}, 3), "behind");
  assert.equal(reply({ roster: undefined }), "behind");
  assert.equal(reply({ sender: "stranger" as PeerId }), "not_a_voter");
  assert.equal(reply({ seat: "another" }), "not_a_voter");
});

Deno.test("a damaged record abstains, and is repaired only by a decision made since it said so", () => {
  const value = utf8Encode("ana");
  const certificate = (counter: number) => {
    const accept = { key: KEY, epoch: 2, ballot: ballot(counter), value };
    const signatures = [1, 2].map((i) => ({
      voter: [A, B, C][i] as PeerId,
      signature: KEYS[i]?.sign(acceptStatement(MESH, accept)) ?? new Uint8Array(64),
    }));
    return { ...accept, signatures };
  };
  const damagedAt = [ballot(7)];
  const repair = (counter: number, signers?: number) =>
    answerAsVoter("damaged", {
      type: "repair",
      certificate: { ...certificate(counter), signatures: certificate(counter).signatures.slice(0, signers ?? 2) },
    }, context({ damagedAt }));

  for (const request of [claim(9, "ana"), { type: "prepare", key: KEY, epoch: 2, ballot: ballot(9) }] as const) {
    assert.deepEqual(answerAsVoter("damaged", request, context()), { reply: { type: "damaged" } });
  }
  assert.equal(repair(6).reply.type, "damaged", "an older decision would forget what was promised since");
  assert.equal(repair(7, 1).reply.type, "refused", "one voter is no majority");
  assert.deepEqual(repair(7).record, { promised: ballot(7), accepted: { ballot: ballot(7), epoch: 2, value } });
});

Deno.test("a lease is as old as this voter has seen it, and begins anew with the voter", async () => {
  const clock = new ManualClock();
  const leases = new LeaseClock(() => clock.monotonicMs());
  leases.saw(KEY, { id: "ana 1", isOnDisk: false });
  await clock.advance(100);
  leases.saw(KEY, { id: "ana 1", isOnDisk: false });

  assert.equal(leases.ageMs(KEY, "ana 1", true), 100);
  assert.equal(leases.ageMs(KEY, "ana 2", true), 0, "a renewal that was not seen before");
  assert.equal(leases.ageMs(registerKey("lease", "y"), "ben 1", true), 100, "on disk since the start");
  assert.equal(leases.ageMs(registerKey("lease", "y"), "ben 1", false), 0, "told by another");
  leases.saw(KEY, { id: "ana 2", isOnDisk: false });
  await clock.advance(30);
  assert.equal(leases.ageMs(KEY, "ana 2", true), 30);
});

Deno.test("a value that is written once more after a restart is no younger for it", async () => {
  const clock = new ManualClock();
  const leases = new LeaseClock(() => clock.monotonicMs());
  await clock.advance(100);

  leases.saw(KEY, { id: "ana 1", isOnDisk: true });
  await clock.advance(20);

  assert.equal(leases.ageMs(KEY, "ana 1", true), 120);
  leases.saw(KEY, { id: "ana 2", isOnDisk: false });
  leases.saw(KEY, { id: "ana 2", isOnDisk: true });
  assert.equal(leases.ageMs(KEY, "ana 2", true), 0, "a renewal is as old as it is");
});

Deno.test("a lease that a group of requests brings is new to the rest of the group, and to the clock after it", async () => {
  const clock = new ManualClock();
  const leases = new LeaseClock(() => clock.monotonicMs());
  await clock.advance(100);
  const notes = new LeaseNotes(leases);

  notes.note(KEY, { id: "ana 2", isOnDisk: false });
  const within = notes.ageMs(KEY, "ana 2", true);
  const before = notes.ageMs(KEY, "ana 1", true);
  notes.note(KEY, { id: "ana 2", isOnDisk: true });
  notes.pass();

  assert.deepEqual([within, before], [0, 100]);
  assert.equal(leases.ageMs(KEY, "ana 2", true), 0);
});

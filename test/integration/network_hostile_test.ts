// What a running node refuses, from strangers, from members that lie, and in which numbers (S-07, S-24, S-33, S-35).
import assert from "node:assert/strict";
import { createSystemClock, createSystemRandom, type MeshId } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { encodeCbor, type Envelope, TOPICS } from "@bzzz/wire";
import { type Arena, createArena } from "../helpers/arena.ts";
import { Identity, Liar, type Masks, PROTOCOLS, randomFrames, Vandal, writeJunk } from "../helpers/hostile.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";

const clock = createSystemClock();
const random = createSystemRandom();

/** Dials with these credentials, expects to be turned away. */
async function assertTurnedAway(arena: Arena, identity: Identity, masks: Masks, code: string): Promise<void> {
  await using liar = await Liar.start(identity, masks);
  await assert.rejects(liar.dial(arena.address), { code });
}

Deno.test("S-35 F-49 strangers stay out: wrong network key, wrong mesh, no grant, an expired grant; each is counted", async () => {
  await using arena = await createArena();
  const { authority } = arena;
  const mesh = authority.mesh;
  const before = await arena.metrics();

  await assertTurnedAway(arena, authority.admit(), { networkKey: random.bytes(32) }, "p2p_dial_failed");
  await arena.counted(before, (m) => m.p2p("inbound.handshake_failed"), 1, "the wrong network key");
  await assertTurnedAway(arena, authority.admit(), { meshId: "ab".repeat(16) as MeshId }, "p2p_not_admitted");
  await arena.counted(before, (m) => m.p2p("refused.wrong_mesh"), 1, "the wrong mesh");
  await assertTurnedAway(arena, Identity.stranger(mesh), {}, "p2p_not_admitted");
  await arena.counted(before, (m) => m.p2p("refused.no_grant"), 1, "the missing grant");
  const expired = authority.admit({ notBeforeMs: clock.nowMs() - 2 * 3_600_000, ttlMs: 3_600_000 });
  await assertTurnedAway(arena, expired, {}, "p2p_not_admitted");
  await arena.counted(before, (m) => m.p2p("refused.expired"), 1, "the expired grant");
  const borrowed = authority.admit();
  await assertTurnedAway(
    arena,
    Identity.stranger(mesh),
    { credentials: { grant: borrowed.grantBytes } },
    "p2p_not_admitted",
  );
  await arena.counted(before, (m) => m.p2p("refused.no_grant"), 2, "somebody else's grant");

  assert.equal((await arena.api.status()).peers.connected, 1, "only the honest neighbour");
  await arena.assertServing();
});

Deno.test("S-07 a lying member: forged, altered, replayed, foreign, oversize, unknown; each refused and counted", async () => {
  await using arena = await createArena();
  const { authority, victimPeer } = arena;
  const identity = authority.admit();
  await using liar = await Liar.start(identity);
  await liar.dial(arena.address);
  const gossip = await liar.openGossip(victimPeer);
  const send = (envelope: Envelope) => gossip.publish(envelope.frame, envelope.header.topic);
  const entries = async () => (await arena.api.status()).journal.entries;
  const before = await arena.metrics();
  const genuine = identity.post("genuine");
  await send(genuine);
  await waitFor(() => arena.api.entry(genuine.id).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "a genuine entry",
  });
  const entriesBefore = await entries();

  await send(identity.post("forged", { author: victimPeer, seq: 1000 }));
  await arena.counted(before, (m) => m.journal("ingest.bad_signature"), 1, "a forged author");
  const altered = identity.post("to be altered").frame.slice();
  altered.set([(altered.at(-3) ?? 0) ^ 1], altered.byteLength - 3);
  await gossip.publish(altered);
  await arena.counted(before, (m) => m.journal("ingest.bad_signature"), 2, "an altered byte");
  // gossip knows its own duplicates; past its memory, or with the author's log at another place, the journal does
  await send(genuine);
  const presence = identity.presence({ hlc: { ms: clock.nowMs() - 120_000, counter: 0 } });
  await send(presence);
  await arena.counted(before, (m) => m.journal("ingest.stale"), 1, "a replayed signal");
  await send(identity.post("of another mesh", { mesh: "cd".repeat(16) as MeshId }));
  await arena.counted(before, (m) => m.journal("ingest.wrong_mesh"), 1, "another mesh's entry");
  await send(identity.seal("mind_read", encodeCbor({ a: 1 }), { isSignal: true }));
  await arena.counted(before, (m) => m.journal("ingest.unknown_signal"), 1, "an unknown signal");
  await send(identity.post("tomorrow", { hlc: { ms: clock.nowMs() + 3_600_000, counter: 0 } }));
  await arena.counted(before, (m) => m.journal("ingest.future"), 1, "an entry from the future");
  await gossip.publish(new Uint8Array(1024 * 1024 + 1000).fill(1));
  await arena.counted(before, (m) => m.get("bzzz_gossip_messages_total", "rejected"), 4, "an oversize frame");

  assert.equal(await entries(), entriesBefore, "none of it is in the journal");
  await arena.assertServing();
});

Deno.test("S-07 a lying member's bundles: forged in the middle, of two authors, in one another; each refused as a whole", async () => {
  await using arena = await createArena();
  const identity = arena.authority.admit();
  const other = arena.authority.admit();
  await using liar = await Liar.start(identity);
  await liar.dial(arena.address);
  const gossip = await liar.openGossip(arena.victimPeer);
  const send = (...frames: readonly Uint8Array[]) => gossip.publish(encodeCbor({ frames }));
  const before = await arena.metrics();
  const [a, b, c] = [identity.post("a"), identity.post("b"), identity.post("c")];
  const altered = b.frame.slice();
  altered.set([(altered.at(-3) ?? 0) ^ 1], altered.byteLength - 3);

  await send(a.frame, altered, c.frame);
  await arena.counted(before, (m) => m.journal("ingest.bad_signature"), 1, "the entry in the middle");
  await arena.counted(before, (m) => m.p2p("offence.rejected_message"), 1, "one offence for one message");
  await send(b.frame, other.post("of another").frame);
  await arena.counted(before, (m) => m.journal("ingest.malformed"), 1, "two authors");
  await send(b.frame, encodeCbor({ frames: [b.frame, c.frame] }));
  await arena.counted(before, (m) => m.journal("ingest.malformed"), 2, "a bundle in a bundle");
  await send(identity.presence().frame, identity.presence().frame);
  await arena.counted(before, (m) => m.journal("ingest.malformed"), 3, "signals");
  await send(b.frame, c.frame);

  for (const { id } of [a, b, c]) {
    await waitFor(() => arena.api.entry(id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "a genuine entry, beside a forged one or not",
    });
  }
  await arena.assertServing();
});

Deno.test("S-07 a role does what it may: an observer's task and a member's grant are refused", async () => {
  await using arena = await createArena();
  const observer = arena.authority.admit({ role: "observer" });
  await using liar = await Liar.start(observer);
  await liar.dial(arena.address);
  const gossip = await liar.openGossip(arena.victimPeer);
  const before = await arena.metrics();

  const grant = observer.grantBytes;
  assert.ok(grant);
  await gossip.publish(
    observer.seal("grant_issued", encodeCbor({ grant }), { topic: TOPICS.agents }).frame,
    TOPICS.agents,
  );

  await arena.counted(before, (m) => m.journal("ingest.not_permitted"), 1, "a grant by an observer");
  await arena.assertServing();
});

Deno.test("S-24 a revoked member is dropped at once and stays out; what it still says through others is refused", async () => {
  await using arena = await createArena();
  const { authority } = arena;
  const identity = authority.admit();
  const accomplice = authority.admit();
  await using liar = await Liar.start(identity);
  await using relay = await Liar.start(accomplice);
  await liar.dial(arena.address);
  await relay.dial(arena.address);
  const known = identity.post("before the revocation");
  await (await liar.openGossip(arena.victimPeer)).publish(known.frame);
  await waitFor(() => arena.api.entry(known.id).catch(() => undefined), {
    timeoutMs: PATIENCE_MS,
    what: "its last entry",
  });
  const before = await arena.metrics();

  const revokedAtMs = clock.monotonicMs();
  await arena.api.revokeMember(identity.peerId, { reason: "lied" });
  await waitFor(() => !liar.node.isConnected(arena.victimPeer), { timeoutMs: PATIENCE_MS, what: "the drop" });
  const droppedMs = clock.monotonicMs() - revokedAtMs;

  await assert.rejects(liar.dial(arena.address));
  const gossip = await relay.openGossip(arena.victimPeer);
  await gossip.publish(identity.post("after it").frame);
  await arena.counted(before, (m) => m.journal("ingest.revoked"), 1, "an entry of the revoked");
  const isKnown = async () =>
    (await arena.honest.members()).some((member) => member.peer_id === identity.peerId && member.revoked);
  await waitFor(isKnown, { timeoutMs: PATIENCE_MS, what: "the neighbour to know of the revocation" });
  assert.ok(droppedMs < 2000, `dropped after ${droppedMs} ms`);
  await arena.assertServing();
});

Deno.test("junk on the port, before any handshake, is counted and harms nobody", async () => {
  await using arena = await createArena();
  const before = await arena.metrics();
  const [, , host, , port] = arena.address.split("/");

  await Promise.all(Array.from({ length: 20 }, () => writeJunk(host ?? "", Number(port), 20_000)));

  await arena.counted(before, (m) => m.p2p("inbound.handshake_failed"), 20, "junk before the handshake");
  await arena.assertServing();
});

for (const [name, protocol] of Object.entries(PROTOCOLS)) {
  Deno.test(`10,000 random frames on ${name} from somebody with the network key: refused, and the node serves on`, async () => {
    await using arena = await createArena();
    let sent = 0;
    let visits = 0;

    while (sent < 10_000 && visits < 2000) {
      visits++;
      // a new identity each time: nothing that is held against the last one helps
      await using vandal = await Vandal.start(arena.authority.mesh.networkKey);
      sent += await vandal.write(arena.address, protocol, randomFrames(Math.min(1000, 10_000 - sent)));
    }

    assert.ok(sent >= 10_000, `${sent} frames in ${visits} visits`);
    assert.equal((await arena.api.status()).peers.connected, 1, "only the honest neighbour");
    await arena.assertServing();
  });
}

for (const [name, protocol] of Object.entries({ gossip: PROTOCOLS.gossip, sync: PROTOCOLS.sync })) {
  Deno.test(`random frames on ${name} from a member: it is dropped and stays out, the node serves on`, async () => {
    await using arena = await createArena();
    const before = await arena.metrics();
    await using liar = await Liar.start(arena.authority.admit());
    await liar.dial(arena.address);
    let sent = 0;

    for (let visits = 0; visits < 100 && liar.node.isConnected(arena.victimPeer); visits++) {
      try {
        const stream = await liar.node.open(arena.victimPeer, protocol, {});
        for (const frame of randomFrames(100)) {
          await stream.send(frame);
          sent++;
        }
        await stream.receive({ signal: AbortSignal.timeout(2000) }); // the node's answer is to hang up
      } catch {
        // hung up on
      }
    }

    await waitFor(() => !liar.node.isConnected(arena.victimPeer), {
      timeoutMs: PATIENCE_MS,
      what: `the drop after ${sent}`,
    });
    await arena.counted(before, (m) => m.p2p("dropped"), 1, "the dropped member");
    await assert.rejects(liar.dial(arena.address));
    await arena.assertServing();
  });
}

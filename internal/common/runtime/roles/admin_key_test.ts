import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { sealContent } from "@bzzz/crypto";
import { MemoryNetwork, type MemoryNode } from "@bzzz/p2p/testing";
import { createNullLogger } from "@bzzz/logging";
import { keyRolesOf, RoleSealer } from "@bzzz/roles";
import { encodeCbor } from "@bzzz/wire";
import { OfflineMesh, type OfflineNode } from "../facade/testing.ts";
import { ADMIN_SHARE_PROTOCOL, AdminKey, type CurrentLeader } from "./admin_key.ts";

interface Member {
  readonly node: OfflineNode;
  readonly net: MemoryNode;
  readonly key: AdminKey;
}

/** An admin and developers, each with what it needs to hold and ask for shares; who leads is the test's to say. */
async function createMembers(
  mesh: OfflineMesh,
  developers: number,
  leader: { current: CurrentLeader | undefined },
): Promise<{ members: Member[]; network: MemoryNetwork }> {
  const network = new MemoryNetwork({ clock: mesh.clock });
  const members: Member[] = [];
  for (let n = 0; n <= developers; n++) {
    const node = await mesh.start({ role: n === 0 ? "admin" : "developer" });
    for (const other of members) {
      other.node.local.membership.addGrant(node.member.grantBytes);
      node.local.membership.addGrant(other.node.member.grantBytes);
    }
    const net = network.createNode(node.member.peerId);
    const key = new AdminKey({
      shares: node.roles.shares,
      ledger: node.roles.ledger,
      keyring: node.roles.keyring,
      self: node.self,
      peer: node.member.peerId,
      membership: node.local.membership,
      roster: () => node.local.membership.roster(mesh.clock.nowMs()),
      leader: () => leader.current,
      journal: node.journal,
      streams: net,
      audit: node.audit,
      clock: mesh.clock,
      logger: createNullLogger(),
    });
    key.serve();
    members.push({ node, net, key });
  }
  network.connectAll();
  const [admin] = members;
  assert.ok(admin);
  await waitFor(async () => {
    await mesh.clock.advance(30_000);
    await mesh.share();
    return members.every(({ node }) => node.roles.keys().some((role) => role.isHeld && role.isCurrent));
  }, { timeoutMs: 30_000, what: "keys" });
  return { members, network };
}

async function canOpen(member: Member, sealed: Uint8Array): Promise<boolean> {
  return await sealerOf(member).open(sealed) !== "denied";
}

function sealerOf(member: Member): RoleSealer {
  const { ledger, keyring, directory } = member.node.roles;
  return new RoleSealer({
    ledger,
    keyring,
    directory,
    roster: () => [],
    ownRoles: () => keyRolesOf({ role: "developer", level: "suggestion" }, ledger),
  });
}

Deno.test("S-23 the leader has the admin key while it leads, from a majority, and every release leaves a trace", async () => {
  await using mesh = new OfflineMesh();
  const leader: { current: CurrentLeader | undefined } = { current: undefined };
  const { members: [admin, lead, ...rest] } = await createMembers(mesh, 4, leader);
  assert.ok(admin && lead);
  assert.ok(await admin.key.shareIfNeeded());
  assert.ok(!await admin.key.shareIfNeeded(), "once is enough");
  await mesh.share();
  const sealed = await admin.node.roles.sealer.seal(utf8Encode("for admins"), ["admin"]);
  const term = new AbortController();
  leader.current = { term: 7, holder: lead.node.member.peerId };
  assert.ok(!await canOpen(lead, sealed));
  const sealer = sealerOf(lead);
  const { revocations } = sealer;

  lead.key.lead({ term: 7, signal: term.signal });
  await lead.key.settled();

  assert.ok(await canOpen(lead, sealed));
  for (const other of rest) assert.ok(!await canOpen(other, sealed));
  assert.equal(sealer.revocations, revocations);
  term.abort();
  assert.equal(sealer.revocations, revocations + 1, "what was derived from what it has read has to go");
  assert.ok(!await canOpen(lead, sealed), "it has the key no longer than it leads");
  await mesh.share();
  const traces = admin.node.journal.entriesAfter(0, { limit: 100, kinds: ["access_decided"] });
  const releases = traces.filter((entry) => entry.kind === "access_decided" && entry.body.operation === "release");
  assert.equal(releases.length, 2, "5 holders, 3 shares, one of them its own");
});

Deno.test("holders that are away when a term begins are asked again, ever more rarely, and not after it", async () => {
  await using mesh = new OfflineMesh();
  const leader: { current: CurrentLeader | undefined } = { current: undefined };
  const { members, network } = await createMembers(mesh, 2, leader);
  const [admin, lead, other] = members;
  assert.ok(admin && lead && other);
  await admin.key.shareIfNeeded();
  await mesh.share();
  const sealed = await admin.node.roles.sealer.seal(utf8Encode("for admins"), ["admin"]);
  const term = new AbortController();
  leader.current = { term: 7, holder: lead.node.member.peerId };
  const each = (what: "cut" | "heal") => {
    for (const { node } of [admin, other]) network[what](lead.node.member.peerId, node.member.peerId);
  };
  const after = async (ms: number) => {
    await mesh.clock.advance(ms);
    await lead.key.settled();
    return await canOpen(lead, sealed);
  };

  each("cut");
  lead.key.lead({ term: 7, signal: term.signal });
  await lead.key.settled();
  assert.ok(!await after(60_000), "they are still away");
  each("heal");
  assert.ok(!await after(119_000));
  assert.ok(await after(1_000));
  term.abort();
  each("cut");
  const ended = new AbortController();
  lead.key.lead({ term: 7, signal: ended.signal });
  await lead.key.settled();
  ended.abort();
  each("heal");
  assert.ok(!await after(3_600_000), "the term is over");
});

Deno.test("who does not lead, or not that term, gets nothing, and that leaves a trace", async () => {
  await using mesh = new OfflineMesh();
  const leader: { current: CurrentLeader | undefined } = { current: undefined };
  const { members: [admin, lead, eve] } = await createMembers(mesh, 3, leader);
  assert.ok(admin && lead && eve);
  await admin.key.shareIfNeeded();
  await mesh.share();
  const signal = new AbortController().signal;

  assert.equal(await eve.key.assemble({ term: 1, signal }), undefined, "nobody leads");
  leader.current = { term: 2, holder: lead.node.member.peerId };
  assert.equal(await eve.key.assemble({ term: 2, signal }), undefined, "another leads");
  assert.equal(await lead.key.assemble({ term: 1, signal }), undefined, "of an earlier term");
  assert.ok(await lead.key.assemble({ term: 2, signal }));

  await admin.node.audit.settled();
  const refusals = admin.node.journal.entriesAfter(0, { limit: 100, kinds: ["access_decided"] })
    .filter((entry) => entry.kind === "access_decided" && !entry.body.allow);
  assert.ok(refusals.length >= 2);
});

Deno.test("too few holders that can be reached, or a wrong share: no key", async () => {
  await using mesh = new OfflineMesh();
  const leader: { current: CurrentLeader | undefined } = { current: undefined };
  const { members, network } = await createMembers(mesh, 4, leader);
  const [admin, lead, third, fourth, fifth] = members;
  assert.ok(admin && lead && third && fourth && fifth);
  await admin.key.shareIfNeeded();
  await mesh.share();
  leader.current = { term: 1, holder: lead.node.member.peerId };
  const held = { term: 1, signal: new AbortController().signal };
  const cut = (a: Member, b: Member) => network.cut(a.node.member.peerId, b.node.member.peerId);

  cut(lead, admin);
  cut(lead, third);
  assert.ok(await lead.key.assemble(held), "three of five are there");
  cut(lead, fourth);
  assert.equal(await lead.key.assemble(held), undefined, "two of five are not enough");
  network.heal(lead.node.member.peerId, fourth.node.member.peerId);
  const { open } = lead.net;
  lead.net.open = async (peer, protocol, options) => {
    const stream = await open.call(lead.net, peer, protocol, options);
    if (peer !== fifth.node.member.peerId || protocol !== ADMIN_SHARE_PROTOCOL) return stream;
    const { receive } = stream;
    stream.receive = async (how) => {
      await receive.call(stream, how);
      return encodeCbor({ sealed: await sealContent([lead.node.self.recipient], new Uint8Array(50).fill(9)) });
    };
    return stream;
  };
  assert.equal(await lead.key.assemble(held), undefined, "one of the three is wrong");
});

Deno.test("B-04 another member, or another key, and the key is split anew; fewer than three hold nothing", async () => {
  await using mesh = new OfflineMesh();
  const leader: { current: CurrentLeader | undefined } = { current: undefined };
  const { members: [admin, , third] } = await createMembers(mesh, 2, leader);
  assert.ok(admin && third);
  assert.ok(await admin.key.shareIfNeeded());
  const first = admin.node.roles.shares.current();
  await admin.node.roles.rotate("admin");

  assert.ok(await admin.key.shareIfNeeded(), "another key");
  assert.notEqual(admin.node.roles.shares.current()?.recipient, first?.recipient);
  await admin.node.trust.revoke(third.node.member.peerId, "test");
  assert.ok(!await admin.key.shareIfNeeded(), "two members are left");
});

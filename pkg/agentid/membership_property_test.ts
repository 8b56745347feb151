import { strict as assert } from "node:assert";
import fc from "fast-check";
import { type Grant, Membership } from "@bzzz/agentid";
import { createTestMesh, type TestMember, type TestMesh } from "@bzzz/agentid/testing";
import { ManualClock } from "@bzzz/base/testing";

const STEP_MS = 10 * 60_000;

/** One thing that somebody signs. `by` and `of` pick among the members so far; `by` picking nobody is the root. */
const action = fc.oneof(
  fc.record({
    do: fc.constant("grant" as const),
    by: fc.nat(12),
    role: fc.constantFrom("admin", "admin", "developer"),
    again: fc.option(fc.nat(8), { nil: undefined }),
    ttlSteps: fc.integer({ min: 1, max: 30 }),
    dateSteps: fc.integer({ min: -8, max: 3 }),
    lies: fc.boolean(),
  }),
  fc.record({
    do: fc.constant("revoke" as const),
    by: fc.nat(12),
    of: fc.nat(8),
    lastSeq: fc.nat(5),
    keeps: fc.boolean(),
    lies: fc.boolean(),
  }),
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;

interface SignedAct {
  readonly kind: "grant" | "revocation";
  readonly bytes: Uint8Array;
  readonly isByRoot: boolean;
}

/** Plays honest and lying issuers; liars put level master and an endless validity into what they sign with. */
async function play(
  actions: readonly Action[],
): Promise<{ mesh: TestMesh; members: TestMember[]; acts: SignedAct[]; nowMs: number }> {
  const clock = new ManualClock();
  const mesh = createTestMesh({ clock });
  const members: TestMember[] = [];
  const acts: SignedAct[] = [];
  for (const a of actions) {
    await clock.advance(STEP_MS);
    const issuer = issuerOf(members[a.by], a.lies, clock.nowMs());
    if (issuer === "not entitled") continue;
    const by = issuer ? { issuer } : {};
    if (a.do === "grant") {
      const again = a.again === undefined ? undefined : members[a.again];
      const member = mesh.issue({
        ...by,
        role: a.role,
        ...(again ? { signingKey: again.signingKey } : {}),
        ttlMs: a.ttlSteps * STEP_MS,
        issuedAtMs: clock.nowMs() + a.dateSteps * STEP_MS,
      });
      members.push(member);
      acts.push({ kind: "grant", bytes: member.grantBytes, isByRoot: !issuer });
      continue;
    }
    const target = members[a.of];
    if (!target) continue;
    const kept = a.keeps ? members.filter((m) => m.grant.issuer === target.peerId).map((m) => m.grant.id) : [];
    const { bytes } = mesh.revoke(target, { ...by, lastSeq: a.lastSeq, kept });
    acts.push({ kind: "revocation", bytes, isByRoot: !issuer });
  }
  return { mesh, members, acts, nowMs: clock.nowMs() };
}

function issuerOf(
  member: TestMember | undefined,
  lies: boolean,
  nowMs: number,
): TestMember | undefined | "not entitled" {
  if (!member) return undefined;
  if (lies) return { ...member, grant: { ...member.grant, level: "master", notAfterMs: Number.MAX_SAFE_INTEGER } };
  const isEntitled = member.grant.level === "master" && member.grant.notAfterMs > nowMs + 3 * STEP_MS;
  return isEntitled ? member : "not entitled";
}

function feed(mesh: TestMesh, acts: readonly SignedAct[]): Membership {
  const membership = new Membership(mesh.mesh);
  for (const act of acts) {
    const { status } = act.kind === "grant" ? membership.addGrant(act.bytes) : membership.addRevocation(act.bytes);
    assert.notEqual(status, "rejected");
  }
  return membership;
}

/** Everything a membership can be asked. */
function answers(membership: Membership, members: readonly TestMember[], nowMs: number): unknown {
  const peers = [...new Set(members.map((member) => member.peerId))].sort();
  return {
    stats: membership.stats(),
    roster: [0, nowMs - 20 * STEP_MS, nowMs, nowMs + 10 * STEP_MS].map((atMs) => membership.roster(atMs)),
    authors: peers.map((peer) =>
      [undefined, 1, 3, 5, 9].flatMap((seq) =>
        ([["live", nowMs], ["sync", nowMs], ["sync", nowMs - 8 * STEP_MS]] as const).map(([path, hlcMs]) =>
          membership.checkAuthor(peer, { path, hlcMs, nowMs, ...(seq === undefined ? {} : { seq }) })
        )
      )
    ),
  };
}

const history = fc.array(action, { minLength: 1, maxLength: 14 });

Deno.test("the order in which grants and revocations arrive does not matter", async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.infiniteStream(fc.nat()), async (actions, picks) => {
      const { mesh, members, acts, nowMs } = await play(actions);
      const shuffled = acts.map((act) => ({ act, at: picks.next().value ?? 0 })).sort((a, b) => a.at - b.at)
        .map(({ act }) => act);

      const inOrder = answers(feed(mesh, acts), members, nowMs);

      assert.deepEqual(answers(feed(mesh, shuffled), members, nowMs), inOrder);
      assert.deepEqual(answers(feed(mesh, [...shuffled, ...acts]), members, nowMs), inOrder, "hearing twice");
    }),
    { numRuns: 80 },
  );
});

Deno.test("whoever is admitted has a chain of standing authority to the root", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (actions) => {
      const { mesh, members, acts, nowMs } = await play(actions);
      const membership = feed(mesh, acts);
      const counting = new Set(membership.grants().map((bytes) => bytes.toString()));
      const all = members.filter((m) => counting.has(m.grantBytes.toString())).map((m) => m.grant);

      for (const view of membership.members(nowMs)) {
        const grant = all.find((g) => g.id === view.grantId);
        assert.ok(grant && hasChain(grant, all, 8), `${view.agentId} without a chain`);
      }
    }),
    { numRuns: 80 },
  );
});

/** An independent, slower reading of the rule, blind to revocations: every link is a master of its time. */
function hasChain(grant: Grant, all: readonly Grant[], depth: number): boolean {
  if (depth === 0) return false;
  if (grant.issuer === "root") return true;
  return all.some((master) =>
    master.peer === grant.issuer && master.level === "master" && master.notAfterMs >= grant.notAfterMs &&
    grant.issuedAtMs >= master.notBeforeMs - 5 * 60_000 && grant.issuedAtMs <= master.notAfterMs &&
    hasChain(master, all, depth - 1)
  );
}

Deno.test("without the root's signature nobody is ever admitted", async () => {
  await fc.assert(
    fc.asyncProperty(history, async (actions) => {
      const { mesh, acts, nowMs } = await play(actions);

      const membership = feed(mesh, acts.filter((act) => act.kind === "revocation" || !act.isByRoot));

      assert.deepEqual(membership.members(nowMs), []);
      assert.deepEqual(membership.grants(), []);
    }),
    { numRuns: 60 },
  );
});

Deno.test("a revocation by the root never lets anyone in, and ends its target", async () => {
  await fc.assert(
    fc.asyncProperty(history, fc.nat(8), async (actions, pick) => {
      const { mesh, members, acts: all, nowMs } = await play(actions);
      const target = members[pick];
      fc.pre(target !== undefined);
      // a master that falls takes its own revocations with it, so only the root's are played here
      const acts = all.filter((act) => act.kind === "grant" || act.isByRoot);
      const admittedBefore = new Set(feed(mesh, acts).members(nowMs).map((m) => m.peer));
      const { revocation, bytes } = mesh.revoke(target, { lastSeq: 2 });

      const after = feed(mesh, [...acts, { kind: "revocation", bytes, isByRoot: true }]);

      for (const member of after.members(nowMs)) assert.ok(admittedBefore.has(member.peer), "somebody came in");
      const current = after.grantOf(target.peerId);
      assert.ok(!current || current.issuedAtMs > revocation.issuedAtMs);
    }),
    { numRuns: 80 },
  );
});

import assert from "node:assert/strict";
import { ensurePerson, relockPerson } from "@bzzz/agentid";
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { HAP_PROFILE } from "../profiles.ts";
import { requireAgentId } from "../agent_name.ts";
import { foundMesh } from "../setup.ts";
import { checkPerson } from "./person_check.ts";
import { foundTestHome, startTestNode } from "../testdata/test_node.ts";

const random = createSystemRandom();
const logger = createNullLogger();

async function assertStaysOpen(settings: { readonly unlock: number; readonly idle: number }): Promise<void> {
  const clock = createSystemClock();
  const home = await Deno.makeTempDir({ prefix: "bzzz-person-" });
  try {
    const founded = await foundTestHome(HAP_PROFILE, {
      home,
      agentId: "ana",
      personPassphrase: "correct horse",
      clock,
    });
    const { services: { person, people }, stop } = await startTestNode(HAP_PROFILE, {
      home,
      clock,
      flags: { "person.unlock_seconds": settings.unlock, "person.idle_lock_seconds": settings.idle },
    });
    const nowMs = clock.nowMs();
    await person.unlock("correct horse");
    const state = await person.state();
    await person.announce();
    await stop();

    assert.ok(state.type === "unlocked");
    assert.ok(Math.abs(state.untilMs - nowMs - 77_000) < 30_000, `${state.untilMs - nowMs} ms`);
    const certificate = founded.person?.certificate;
    assert.ok(certificate && people.book.certificateOf(certificate.peer)?.id === certificate.id);
    assert.deepEqual(people.book.devicesOf(certificate.person).map(({ peer }) => peer), [founded.keys.peerId]);
    // the same files are the same person
    const place = { mesh: founded.mesh.meshId, peer: founded.keys.peerId, nowMs };
    assert.equal((await ensurePerson(home, place, { random })).certificate.id, certificate.id);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("a key stays open for the time of the configuration, and the mesh is told of the device", async () => {
  await assertStaysOpen({ unlock: 77, idle: 3_600 });
});

Deno.test("a key that signs nothing is locked after the idle time of the configuration", async () => {
  await assertStaysOpen({ unlock: 3_600, idle: 77 });
});

Deno.test("doctor says whether a person's key is there, locked, and how long its device is certified", async () => {
  const clock = new ManualClock(Date.UTC(2026, 0, 1));
  const home = await Deno.makeTempDir({ prefix: "bzzz-person-" });
  const look = async () => {
    const { status, found, fix = "" } = await checkPerson({ home, clock });
    return `${status}: ${found}; ${fix}`;
  };
  try {
    await foundMesh({ clock, random, logger, profile: HAP_PROFILE, version: "0.0.0" }, {
      home,
      meshName: "test",
      agentId: requireAgentId("ana"),
      isRootKeyKept: false,
      personPassphrase: "correct horse",
    });
    const locked = await look();
    await clock.advance(340 * 86_400_000);
    const ending = await look();
    await relockPerson(home, { random }, { old: { passphrase: "correct horse" }, next: {} });
    const open = await look();
    await Deno.remove(`${home}/identity/approval.key`);

    assert.match(locked, /^ok: locked, device until 2027-01-01/);
    assert.match(ending, /^warning: locked.*identity renew/);
    assert.match(open, /^warning: NOT LOCKED.*every program of this user.*identity passphrase/);
    assert.match(await look(), /^warning: nobody's key.*identity create/);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
});

// A flood from every side at once: members that send more than they may, strangers, junk. FLOOD_SECONDS sets its length.
import assert from "node:assert/strict";
import { concatBytes, createSystemClock, createSystemRandom, TaskGroup } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { type BodyOf, MAX_BUNDLE_FRAMES, packFrames, TOPICS } from "@bzzz/wire";
import { type Arena, createArena } from "../helpers/arena.ts";
import { type Gossip, type Identity, Liar, PROTOCOLS, randomFrames, Vandal, writeJunk } from "../helpers/hostile.ts";
import { metricsOf, rssMiB } from "../helpers/metrics.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";

const clock = createSystemClock();
const random = createSystemRandom();
const isShort = Deno.env.get("FLOOD_SECONDS") === undefined;
const floodMs = 1000 * Number(Deno.env.get("FLOOD_SECONDS") ?? 15);
/** In the short run the limit is low, so that a slow machine meets it too; a long run is with the defaults. */
const LOW_LIMITS = { BZZZ_LIMITS_MESSAGES_PER_SECOND_PER_PEER: "200", BZZZ_LIMITS_BURST: "400" };
/** What an agent is laid out for (its profile's `limits.memory_limit_mb`). */
const MEMORY_LIMIT_MIB = 512;
const HONEST_PERIOD_MS = 200;

/** What a member floods with. */
const WAYS: Readonly<Record<string, (identity: Identity) => () => { frame: Uint8Array; topic: string }>> = {
  "bundles of valid entries": (identity) => () => ({
    frame: packFrames(Array.from({ length: MAX_BUNDLE_FRAMES }, () => identity.post("b").frame)),
    topic: TOPICS.hmmm,
  }),
  "valid entries of 1 KiB": (identity) => () => ({ frame: identity.post("x".repeat(800)).frame, topic: TOPICS.hmmm }),
  "valid signals": (identity) => () => ({ frame: identity.presence().frame, topic: TOPICS.agents }),
  "valid entries of 60 KiB": (identity) => () => ({
    frame: identity.post("y".repeat(60_000)).frame,
    topic: TOPICS.hmmm,
  }),
  "bundles of junk": () => () => ({
    frame: packFrames(
      Array.from({ length: MAX_BUNDLE_FRAMES }, () => concatBytes(Uint8Array.of(0x83), random.bytes(300))),
    ),
    topic: TOPICS.hmmm,
  }),
  "one entry again and again": (identity) => {
    const { frame } = identity.post("again");
    return () => ({ frame, topic: TOPICS.hmmm });
  },
  "junk": () => () => ({ frame: random.bytes(700), topic: TOPICS.hmmm }),
  "entries that wait for others": (identity) => {
    let seq = 10;
    return () => ({
      frame: identity.post("gap", { seq: seq += 2, prev: "0".repeat(64) as never }).frame,
      topic: TOPICS.hmmm,
    });
  },
};

Deno.test(`a node under a flood of ${floodMs / 1000} s: offenders are dropped, others are served, memory stays in bounds`, async () => {
  await using arena = await createArena(isShort ? LOW_LIMITS : {});
  const untilMs = clock.monotonicMs() + floodMs;
  let hasFailed = false;
  const isOver = () => hasFailed || clock.monotonicMs() >= untilMs;
  const before = await arena.metrics();
  const tasks = new TaskGroup((error, what) => failures.push(`${what}: ${error}`));
  const failures: string[] = [];
  const sent = new Map<string, number>();
  const samples: number[] = [await rssMiB(arena.victim.pid)];
  const latencies: number[] = [];

  tasks.run("members", () => floodAsMembers(arena, isOver, sent));
  tasks.run("vandals", () => floodAsVandals(arena, isOver, sent));
  tasks.run("junk", () => floodTheDoor(arena, isOver));
  tasks.run("rss", async () => {
    while (!isOver()) {
      await clock.sleep(500);
      samples.push(await rssMiB(arena.victim.pid));
    }
  });
  try {
    while (!isOver()) {
      latencies.push(await honestMessage(arena));
      await clock.sleep(HONEST_PERIOD_MS);
    }
  } catch (error) {
    hasFailed = true;
    throw error;
  } finally {
    await tasks.settled();
  }
  await arena.assertServing();
  const after = await arena.metrics();

  latencies.sort((a, b) => a - b);
  const at = (share: number) => Math.round(latencies[Math.floor(share * (latencies.length - 1))] ?? 0);
  const [start, max, end] = [samples[0] ?? 0, Math.max(...samples), samples.at(-1) ?? 0].map(Math.round);
  report(
    `flood of ${floodMs / 1000} s: RSS start ${start}, max ${max}, end ${end} MiB (limit ${MEMORY_LIMIT_MIB}); ` +
      `neighbour ${Math.round(await rssMiB(arena.neighbour.pid))} MiB; ` +
      `${latencies.length} honest messages, all arrived, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms; ` +
      `${after.p2p("dropped") - before.p2p("dropped")} drops; sent ${JSON.stringify(Object.fromEntries(sent))}`,
  );
  report(`RSS every ${Math.round(floodMs / 20_000)} s: ${everyNth(samples, 20).map(Math.round).join(" ")}`);
  report(`${after}`);
  assert.deepEqual(failures, []);
  assert.ok(after.p2p("dropped") > before.p2p("dropped"), "offenders were dropped");
  assert.ok((max ?? 0) < MEMORY_LIMIT_MIB, `RSS reached ${max} MiB`);
  assert.equal((await arena.api.status()).node.peer_id, arena.victimPeer);
});

/** One member after the other floods until it is thrown out; by the time its turn comes again it may come back. */
async function floodAsMembers(arena: Arena, isOver: () => boolean, sent: Map<string, number>): Promise<void> {
  const members: { liar: Liar; way: string; next: () => { frame: Uint8Array; topic: string } }[] = [];
  try {
    for (let turn = 0; !isOver(); turn++) {
      const slot = turn % (3 * Object.keys(WAYS).length);
      const [way, create] = Object.entries(WAYS)[slot % Object.keys(WAYS).length] ?? [];
      if (way === undefined || !create) throw new TypeError("unreachable");
      let member = members[slot];
      if (!member) {
        const identity = arena.authority.admit();
        member = { liar: await Liar.start(identity), way, next: create(identity) };
        members[slot] = member;
      }
      await floodOnce(arena, member, isOver, sent);
    }
  } finally {
    await Promise.all(members.map(({ liar }) => liar[Symbol.asyncDispose]()));
  }
}

async function floodOnce(
  arena: Arena,
  member: { liar: Liar; way: string; next: () => { frame: Uint8Array; topic: string } },
  isOver: () => boolean,
  sent: Map<string, number>,
): Promise<void> {
  const { liar, way, next } = member;
  let gossip: Gossip;
  try {
    if (!liar.node.isConnected(arena.victimPeer)) await liar.dial(arena.address);
    gossip = await liar.openGossip(arena.victimPeer);
  } catch {
    await clock.sleep(200); // still out
    return;
  }
  const untilMs = clock.monotonicMs() + 10_000;
  let count = 0;
  try {
    while (!isOver() && clock.monotonicMs() < untilMs) {
      for (let i = 0; i < 64; i++, count++) {
        const { frame, topic } = next();
        await gossip.publish(frame, topic);
      }
      await clock.sleep(0); // the honest side of this process has its turn
    }
  } catch {
    // thrown out, as it should be
  }
  sent.set(way, (sent.get(way) ?? 0) + count);
}

async function floodAsVandals(arena: Arena, isOver: () => boolean, sent: Map<string, number>): Promise<void> {
  for (let visit = 0; !isOver(); visit++) {
    await using vandal = await Vandal.start(arena.authority.mesh.networkKey);
    const [name, protocol] = Object.entries(PROTOCOLS)[visit % 4] ?? ["gossip", PROTOCOLS.gossip];
    const count = await vandal.write(arena.address, protocol, randomFrames(200));
    sent.set(`vandal ${name}`, (sent.get(`vandal ${name}`) ?? 0) + count);
    await clock.sleep(100);
  }
}

async function floodTheDoor(arena: Arena, isOver: () => boolean): Promise<void> {
  const [, , host, , port] = arena.address.split("/");
  while (!isOver()) {
    await Promise.all(Array.from({ length: 4 }, () => writeJunk(host ?? "", Number(port), 8192)));
    await clock.sleep(250);
  }
}

/** What honest members say is there so soon, whatever the others send. */
const SERVED_WITHIN_MS = 15_000;

/** Milliseconds until what the neighbour says is in the victim's journal. */
async function honestMessage(arena: Arena): Promise<number> {
  const body: Partial<BodyOf<"message_posted">> = { text: `honest ${clock.nowMs()}` };
  const sinceSaid = new Stopwatch();
  const { id } = await arena.honest.postMessage({ text: body.text ?? "" });
  try {
    await waitFor(() => arena.api.entry(id).catch(() => undefined), {
      timeoutMs: PATIENCE_MS,
      what: "an honest message",
    });
  } catch (error) {
    report(`victim:\n${await arena.metrics()}\n${arena.victim.log.slice(-3000)}`);
    report(`neighbour:\n${await metricsOf(arena.neighbour)}\n${arena.neighbour.log.slice(-3000)}`);
    throw error;
  }
  return sinceSaid.within(SERVED_WITHIN_MS, "an honest message is there");
}

function everyNth<T>(items: readonly T[], count: number): T[] {
  const step = Math.max(1, Math.floor(items.length / count));
  return items.filter((_, i) => i % step === 0);
}

function report(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

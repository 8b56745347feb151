// Voters on hosts of their own, and what networks and machines do to them: links cut, cut one way, slow and lossy;
// programs stopped for longer than a lease, and killed. What is asserted is read from the journals.
import assert from "node:assert/strict";
import { createSeededRandom } from "@bzzz/base/testing";
import { IS_SLOW, note, testSeed } from "../helpers/load.ts";
import {
  announceSkip,
  findNetemObstacle,
  findNetnsObstacle,
  findNftObstacle,
  type SlowLink,
} from "../helpers/netns.ts";
import { VotersLan } from "../helpers/voters_lan.ts";

const noNetns = await findNetnsObstacle();
const noNft = noNetns ?? await findNftObstacle();
const noNetem = noNetns ?? await findNetemObstacle();
announceSkip("voters in network namespaces", noNft);
if (noNetns === undefined) announceSkip("voters on links of tc netem", noNetem);
const LAN = { BZZZ_ELECTION_PROFILE: "lan" } as const;
/** Longer than 1.25 of the lease: what nobody renews is taken over meanwhile. */
const WORK_SECONDS = 8;

/** What happens to one host, and how it ends. */
interface Fault {
  /** Whether the program on it still answers. */
  readonly isAlive: boolean;
  begin(voters: VotersLan, victim: string): Promise<void>;
  end(voters: VotersLan, victim: string): Promise<void>;
}

const FAULTS = {
  "nft drops everything": {
    isAlive: true,
    begin: async (voters, victim) => {
      await voters.lan.blockFrom(voters.indexOf(victim), othersOf(voters, victim));
      await voters.lan.blockTo(voters.indexOf(victim), othersOf(voters, victim));
    },
    end: (voters, victim) => voters.lan.unblock(voters.indexOf(victim)),
  },
  "nft drops what it hears": {
    isAlive: true,
    begin: (voters, victim) => voters.lan.blockFrom(voters.indexOf(victim), othersOf(voters, victim)),
    end: (voters, victim) => voters.lan.unblock(voters.indexOf(victim)),
  },
  "nft drops what it says": {
    isAlive: true,
    begin: (voters, victim) => voters.lan.blockTo(voters.indexOf(victim), othersOf(voters, victim)),
    end: (voters, victim) => voters.lan.unblock(voters.indexOf(victim)),
  },
  "ip link: cable pulled": {
    isAlive: true,
    begin: (voters, victim) => voters.lan.pullCable(voters.indexOf(victim)),
    end: (voters, victim) => voters.lan.plugCable(voters.indexOf(victim)),
  },
  "SIGSTOP for longer than a lease": {
    isAlive: false,
    begin: (voters, victim) => Promise.resolve(voters.node(victim).signal("SIGSTOP")),
    end: (voters, victim) => Promise.resolve(voters.node(victim).signal("SIGCONT")),
  },
  "SIGKILL": {
    isAlive: false,
    begin: (voters, victim) => voters.node(victim).kill(),
    end: async (voters, victim) => void await voters.mesh.start(victim),
  },
} as const satisfies Record<string, Fault>;

function othersOf(voters: VotersLan, victim: string): number[] {
  return voters.others(victim).map((name) => voters.indexOf(name));
}

/**
 * The victims hold work, and one of them leads. While they are gone the others elect another, take the work over and do what is
 * posted; the victims, where they run, say that they cannot decide, and claim nothing. Afterwards all are of one mind.
 */
async function strike(voters: VotersLan, kind: keyof typeof FAULTS, fellow?: string): Promise<string[]> {
  const fault: Fault = FAULTS[kind];
  const leader = await voters.leaderAmong(voters.names);
  const victims = [leader, ...(fellow === undefined || fellow === leader ? [] : [fellow])];
  const rest = voters.others(...victims);
  const at = rest[0] ?? assert.fail("nobody is left");
  const held = await voters.busy(leader, at, WORK_SECONDS);

  await Promise.all(victims.map((victim) => fault.begin(voters, victim)));
  const alone = fault.isAlive ? await Promise.all(victims.map((victim) => postInVain(voters, victim))) : [];
  await voters.leaderAmong(rest);
  const meanwhile = await voters.post(at, `meanwhile, ${kind}`, 1);
  await voters.completed(meanwhile, at);
  await voters.takenOver(held, leader, at);
  for (const [index, taskId] of alone.entries()) {
    const api = await voters.api(victims[index] ?? leader);
    assert.equal((await api.task(taskId)).state, "announced", "nobody claims without a quorum");
  }
  await Promise.all(victims.map((victim) => fault.end(voters, victim)));

  await voters.calm();
  return [held, meanwhile, ...alone];
}

async function postInVain(voters: VotersLan, victim: string): Promise<string> {
  await voters.degraded(victim);
  const taskId = await voters.post(victim, `alone at ${victim}`, 1);
  const api = await voters.api(victim);
  // what takes a decision is refused, with the reason, and changes nothing
  await assert.rejects(api.cancelTask(taskId, { reason: "nobody decides this" }), { code: "no_quorum" });
  return taskId;
}

async function campaign(voters: VotersLan, kinds: readonly (keyof typeof FAULTS)[], fellowOf?: () => string) {
  const acknowledged = new Set<string>();
  for (const kind of kinds) {
    const beganAtMs = performance.now();
    for (const taskId of await strike(voters, kind, fellowOf?.())) acknowledged.add(taskId);
    note(`${kind}: struck, healed and of one mind after ${Math.round(performance.now() - beganAtMs)} ms`);
  }
  const tasks = await voters.audit(acknowledged);
  const again = tasks.filter(({ attempts }) => attempts.length > 1).length;
  note(`${tasks.length} tasks, ${again} of them taken over; one holder a token, and every journal says the same`);
}

Deno.test({
  name: "three voters, the leader cut off by nft, then asleep for longer than its lease: one holder, no result lost",
  ignore: noNft !== undefined,
  fn: async () => {
    await using voters = await VotersLan.create({ count: 3, env: LAN });
    await campaign(voters, ["nft drops everything", "SIGSTOP for longer than a lease"]);
  },
});

Deno.test({
  name: "SLOW: three voters, every fault in turn: one holder, no result lost",
  ignore: noNft !== undefined || !IS_SLOW,
  fn: async () => {
    await using voters = await VotersLan.create({ count: 3, env: LAN });
    await campaign(voters, Object.keys(FAULTS) as (keyof typeof FAULTS)[]);
  },
});

Deno.test({
  name: "SLOW: five voters, the leader and another struck together, every fault twice in a random order",
  ignore: noNft !== undefined || !IS_SLOW,
  fn: async () => {
    const seed = testSeed();
    const random = createSeededRandom(seed);
    await using voters = await VotersLan.create({ count: 5, env: LAN });
    const all = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
    const kinds = [...all, ...all].map((kind) => ({ kind, at: random.float() })).sort((a, b) => a.at - b.at);
    note(`seed ${seed}`);
    await campaign(
      voters,
      kinds.map(({ kind }) => kind),
      () => voters.names[Math.floor(random.float() * voters.names.length)] ?? "atlas",
    );
  },
});

/** What a bad radio link does: 100 ms ± 50 each way, and one packet in twenty lost. */
const SLOW_LINK: SlowLink = { delayMs: 100, jitterMs: 50, lossPercent: 5 };

/** The default timers are made for links like these: the term holds, everything is done once, nobody loses the quorum. */
async function workOnSlowLinks(voters: VotersLan, tasks: number): Promise<void> {
  const beganAtMs = performance.now();
  const posted: string[] = [];
  for (let i = 0; i < tasks; i++) {
    posted.push(await voters.post(voters.names[i % voters.names.length] ?? "atlas", `far ${i}`, 1));
  }
  await voters.calm();
  const tookMs = performance.now() - beganAtMs;
  const decidedAtMs = performance.now();
  await (await voters.api("atlas")).removeVoter("cedar");
  const decidedMs = performance.now() - decidedAtMs;

  const done = await voters.audit(new Set(posted));
  const again = done.filter(({ attempts }) => attempts.length > 1).length;
  note(
    `${tasks} tasks on links of 100 ms ± 50 with 5 % lost: ${Math.round(tookMs)} ms, a decision ${
      Math.round(decidedMs)
    } ms, ${again} tried again`,
  );
  assert.equal(done.length, tasks);
  const { delayMs, jitterMs } = SLOW_LINK;
  // two round trips, each with two ways that take the least there is
  assert.ok(
    decidedMs >= 4 * (delayMs - jitterMs),
    `a decision took ${Math.round(decidedMs)} ms: the links are not slow`,
  );
}

Deno.test({
  name: "three voters on slow and lossy links, through relays: every task has one holder and is done",
  ignore: noNft !== undefined,
  fn: async () => {
    await using voters = await VotersLan.create({ count: 3, relayed: SLOW_LINK });
    await workOnSlowLinks(voters, IS_SLOW ? 60 : 6);
  },
});

Deno.test({
  name: "three voters on slow and lossy links, by tc netem: every task has one holder and is done",
  ignore: noNetem !== undefined,
  fn: async () => {
    await using voters = await VotersLan.create({ count: 3, netem: SLOW_LINK });
    await workOnSlowLinks(voters, IS_SLOW ? 60 : 6);
  },
});

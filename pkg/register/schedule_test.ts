/**
 * The pure core under random schedules: a few voters, messages that are lost, overtaken, or arrive after they were given up,
 * voters that crash, and proposals for one key from all of them at once. What was decided must look like one register.
 */
import assert from "node:assert/strict";
import { type MeshId, type PeerId, type Random, randomInt, utf8Decode, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import fc from "fast-check";
import { toByteRules } from "./byte_rules.ts";
import type { Command } from "./command.ts";
import { registerKey } from "./keys.ts";
import type { VoterReply, VoterRequest } from "./messages.ts";
import { advanceProposal, beginProposal } from "./proposal.ts";
import type { ProposalEffect, ProposalOutcome, ProposalState, ProposalWork } from "./proposal_types.ts";
import type { Verdict } from "./types.ts";
import { answerAsVoter, type VoterCell } from "./voter.ts";
import type { VoterRoster } from "./voter_roster.ts";

const MESH = "00".repeat(16) as MeshId;
const KEY = registerKey("cell", "1");
const SIGNATURE = new Uint8Array(64);

interface Value {
  readonly version: number;
  readonly tag: string;
}

function textCodec<T>() {
  return {
    encode: (value: T) => utf8Encode(JSON.stringify(value)),
    decode: (bytes: Uint8Array) => JSON.parse(utf8Decode(bytes)) as T,
  };
}

const VALUES = textCodec<Value>();
const COMMANDS = textCodec<{ readonly expected: number; readonly tag: string }>();

interface Message {
  readonly to: number;
  readonly from: number;
  readonly proposal: Running;
  readonly round: number;
  readonly body: { readonly request: VoterRequest } | { readonly reply: VoterReply };
}

interface Running {
  readonly owner: number;
  readonly tag: string | undefined;
  /** Version that was known to be decided when it began. */
  readonly floor: number;
  state: ProposalState;
  outcome: ProposalOutcome | undefined;
}

/** Faults of the voters, for showing that the checks below bite. */
type Fault = "none" | "forgets promises" | "forgets values";

class Cluster {
  readonly #random: Random;
  readonly #peers: readonly PeerId[];
  readonly #cells: VoterCell[];
  readonly #roster: VoterRoster;
  readonly #messages: Message[] = [];
  readonly #fault: Fault;
  #running: Running[] = [];
  #tags = 0;
  /** Highest version that somebody was told is decided. */
  #known = 0;
  readonly decided = new Map<number, string>();
  readonly refused = new Set<string>();
  outcomes = 0;

  constructor(random: Random, count: number, fault: Fault) {
    this.#random = random;
    this.#fault = fault;
    this.#peers = Array.from({ length: count }, (_, i) => `peer-${i}` as PeerId);
    this.#cells = this.#peers.map(() => undefined);
    const voters = this.#peers.map((peer) => ({ peer, seat: "" }));
    this.#roster = { epoch: 1, step: "stable", voters };
  }

  step(): void {
    const dice = this.#random.float();
    if (dice < 0.03 && this.#running.length < 6) this.#begin();
    else if (dice < 0.04) this.#crash(randomInt(this.#random, this.#peers.length));
    else this.#deliver();
  }

  /** No more faults: what runs comes to an end. */
  finish(): void {
    for (let i = 0; i < 2000 && this.#messages.length > 0; i++) this.#deliver();
    for (const running of this.#running) this.#advance(running, { type: "deadline" });
  }

  #begin(): void {
    const owner = randomInt(this.#random, this.#peers.length);
    const isRead = this.#random.float() < 0.3;
    const tag = isRead ? undefined : `t${this.#tags++}`;
    const work: ProposalWork = tag === undefined ? { type: "read" } : {
      type: "command",
      bytes: COMMANDS.encode({ expected: this.#random.float() < 0.8 ? this.#known : this.#known + 1, tag }),
      command: this.#open(COMMANDS.encode({ expected: this.#known, tag })),
    };
    if (work.type === "command") Object.assign(work, { command: this.#open(work.bytes) });
    const cell = this.#cells[owner];
    const step = beginProposal({
      key: KEY,
      self: this.#peers[owner] as PeerId,
      roster: this.#roster,
      work,
      rules: this.#rules(owner),
      seen: cell === "damaged" ? undefined : cell?.promised,
      verify: () => true,
    });
    const running: Running = { owner, tag, floor: this.#known, state: step.state, outcome: undefined };
    this.#running.push(running);
    this.#apply(running, step.effects);
  }

  #open(body: Uint8Array): Command {
    return { key: KEY, actor: "x" as PeerId, body, nonce: new Uint8Array(16) };
  }

  #rules(_voter: number) {
    return toByteRules<Value, { expected: number; tag: string }>({
      prefix: "cell",
      value: VALUES,
      command: COMMANDS,
      decide: (_key, previous, command) => {
        if (previous?.tag === command.tag) return { same: true };
        if ((previous?.version ?? 0) !== command.expected) return { refuse: "version" };
        return { next: { version: command.expected + 1, tag: command.tag } };
      },
      check: (): Verdict => {
        const dice = this.#random.float();
        if (dice < 0.08) return { refuse: "no" };
        return dice < 0.16 ? { retry: "later", afterMs: dice < 0.12 ? 10 : 10_000 } : { ok: true };
      },
      leaseId: () => undefined,
    });
  }

  /** Loses what is under way; what was written is there. */
  #crash(voter: number): void {
    this.#running = this.#running.filter(({ owner }) => owner !== voter);
    const cell = this.#cells[voter];
    if (cell === undefined || cell === "damaged") return;
    if (this.#fault === "forgets promises") {
      this.#cells[voter] = cell.accepted && { promised: cell.accepted.ballot, accepted: cell.accepted };
    }
    if (this.#fault === "forgets values") this.#cells[voter] = { promised: cell.promised };
  }

  #deliver(): void {
    const index = randomInt(this.#random, this.#messages.length);
    const message = this.#messages[index];
    if (!message) return;
    const fate = this.#random.float();
    if (fate > 0.05) this.#messages.splice(index, 1); // or it is given up and arrives later all the same
    if (fate <= 0.05 || fate > 0.93) {
      const voter = "reply" in message.body ? message.from : message.to;
      this.#hear(message, { type: "lost", from: this.#peers[voter] as PeerId, round: message.round });
      return;
    }
    const { body, proposal, round } = message;
    if ("reply" in body) {
      this.#hear(message, { type: "reply", from: this.#peers[message.from] as PeerId, round, reply: body.reply });
      return;
    }
    const self = this.#peers[message.to] as PeerId;
    const { reply, record } = answerAsVoter(this.#cells[message.to], body.request, {
      mesh: MESH,
      self,
      sender: this.#peers[message.from] as PeerId,
      roster: this.#roster,
      seat: "",
      rulesOf: () => this.#rules(message.to),
      openCommand: (bytes) => this.#open(bytes),
      sign: () => SIGNATURE,
      leaseAgeMs: () => 0,
      damagedAt: [],
    });
    if (record) this.#cells[message.to] = record;
    this.#messages.push({ to: message.from, from: message.to, proposal, round, body: { reply } });
  }

  #hear(message: Message, event: Parameters<typeof advanceProposal>[1]): void {
    if (this.#running.includes(message.proposal)) this.#advance(message.proposal, event);
  }

  #advance(running: Running, event: Parameters<typeof advanceProposal>[1]): void {
    const step = advanceProposal(running.state, event);
    running.state = step.state;
    this.#apply(running, step.effects);
  }

  #apply(running: Running, effects: readonly ProposalEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "finish") this.#finished(running, effect.outcome);
      if (effect.type === "send") {
        const to = this.#peers.indexOf(effect.to);
        const { round, request } = effect;
        this.#messages.push({ to, from: running.owner, proposal: running, round, body: { request } });
      }
      if (effect.type === "wait") this.#advance(running, { type: "waited", round: effect.round });
    }
  }

  #finished(running: Running, outcome: ProposalOutcome): void {
    this.#running = this.#running.filter((other) => other !== running);
    running.outcome = outcome;
    if (outcome.type === "undecided") return;
    this.outcomes++;
    if (outcome.type === "absent") assert.equal(running.floor, 0, "a read saw nothing after something was decided");
    if (outcome.type === "refused" && running.tag) this.refused.add(running.tag);
    const bytes = outcome.type === "decided"
      ? outcome.certificate.value
      : outcome.type === "refused"
      ? outcome.value
      : undefined;
    if (!bytes) return;
    const { version, tag } = VALUES.decode(bytes);
    assert.ok(version >= running.floor, `version ${version} was seen after ${running.floor} had been decided`);
    if (outcome.type === "decided" && running.tag) assert.equal(tag, running.tag, "a decided command is not its own");
    const known = this.decided.get(version);
    assert.ok(known === undefined || known === tag, `version ${version} is both ${known} and ${tag}`);
    this.decided.set(version, tag);
    this.#known = Math.max(this.#known, version);
  }

  check(): void {
    const tags = [...this.decided.values()];
    assert.equal(new Set(tags).size, tags.length, "a command was decided twice");
    for (const tag of tags) assert.ok(!this.refused.has(tag), `${tag} was refused and is decided`);
  }
}

function run(seed: number, count: number, fault: Fault = "none"): Cluster {
  const cluster = new Cluster(createSeededRandom(seed), count, fault);
  for (let i = 0; i < 1500; i++) cluster.step();
  cluster.finish();
  cluster.check();
  return cluster;
}

const RUNS = Deno.env.get("SLOW") ? 3000 : 150;

for (const count of [1, 2, 3, 5]) {
  Deno.test(`a register of ${count} voters is one register, whatever is lost, late, overtaken or crashes`, () => {
    let outcomes = 0;
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7fff_ffff }), (seed) => {
        outcomes += run(seed, count).outcomes;
      }),
      { numRuns: count === 3 ? RUNS : RUNS / 3 },
    );
    assert.ok(outcomes > RUNS, `only ${outcomes} outcomes were seen`);
  });
}

Deno.test("a command that others confirmed and followed, while its own confirmation was under way, is not called refused", () => {
  run(881_336_307, 3);
});

for (const fault of ["forgets promises", "forgets values"] as const) {
  Deno.test(`the check bites: a voter that ${fault} in a crash is found out`, () => {
    const isFound = Array.from({ length: 600 }, (_, seed) => seed).some((seed) => {
      try {
        run(seed, 3, fault);
        return false;
      } catch (error) {
        if (error instanceof assert.AssertionError) return true;
        throw error;
      }
    });

    assert.ok(isFound);
  });
}

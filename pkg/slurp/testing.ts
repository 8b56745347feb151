/**
 * A mesh of derivers for tests: real journals, indexes and seals in memory, and leaders by decree.
 *
 * @module
 */
import { BzzzError, utf8Encode } from "@bzzz/base";
import { createSeededRandom, ManualClock, waitFor } from "@bzzz/base/testing";
import { DecisionDesk } from "@bzzz/context";
import { createTestContext, MemoryContent, type TestContext } from "@bzzz/context/testing";
import { RoleSet } from "@bzzz/crypto";
import { OpenGate } from "@bzzz/journal/testing";
import { createNullLogger } from "@bzzz/logging";
import { parseAddress, parseConcrete } from "@bzzz/ucxl";
import { type Breaker, type HeldTerm, type ResolvedContext, Slurp, TermLedger } from "./mod.ts";

const SLICES = parseAddress("ucxl://slurp:any@any:any/*^/slurp/slice.json");

/** An election by decree. */
class Decrees {
  work: ((held: HeldTerm) => Promise<void>) | undefined;
  #running: Promise<void> | undefined;
  #term: { controller: AbortController; isHeld: boolean } | undefined;

  whileLeader(_: string, work: (held: HeldTerm) => Promise<void>): AsyncDisposable {
    this.work = work;
    return { [Symbol.asyncDispose]: () => this.lose() };
  }

  win(term: number): void {
    const state = { controller: new AbortController(), isHeld: true };
    this.#term = state;
    this.#running = this.work?.({ term, signal: state.controller.signal, isHeld: () => state.isHeld });
  }

  /** The lease is over, and nobody has told the work yet. */
  lapse(): void {
    if (this.#term) this.#term.isHeld = false;
  }

  async lose(): Promise<void> {
    this.#term?.controller.abort();
    await this.#running;
  }
}

/** A breaker that is open when a test says so. */
export class OpenBreaker implements Breaker {
  state: Breaker["state"] = "closed";
  async call<T>(
    operation: (options: { readonly signal: AbortSignal }) => Promise<T>,
    options: { readonly signal: AbortSignal },
  ): Promise<T> {
    if (this.state === "open") {
      throw new BzzzError("breaker_open", "it is open", { details: { retryAfterMs: 500 } });
    }
    return await operation(options);
  }
}

/** One node. */
export interface Seat extends AsyncDisposable {
  readonly node: TestContext;
  readonly slurp: Slurp;
  readonly election: Decrees;
  readonly breaker: OpenBreaker;
  readonly clock: ManualClock;
}

/** Nodes that share contents, and terms as the register would give them; disposing stops them. */
export class SlurpMesh implements AsyncDisposable {
  readonly terms = new TermLedger();
  readonly content = new MemoryContent();
  readonly seats: Seat[] = [];
  readonly #gate = new OpenGate();

  /** One more node, started. */
  add(role: string, options: { retryWindowMs?: number; maxDeadLetters?: number; isEnabled?: boolean } = {}): Seat {
    const clock = new ManualClock();
    const node = createTestContext({
      gate: this.#gate,
      content: this.content,
      seed: this.seats.length + 1,
      role,
      clock,
    });
    const decisions = new DecisionDesk({
      voterOf: () => ({ person: undefined, isSigned: true }),
      ...node,
      sealer: node.sealer,
      grantAt: () => undefined,
    });
    const election = new Decrees();
    const breaker = new OpenBreaker();
    const slurp = new Slurp({
      index: node.index,
      context: node.context,
      sealer: node.sealer,
      decisions,
      terms: this.terms,
      roles: () => new RoleSet(),
      role: () => role,
      store: node.test.store,
      breaker,
      election,
      clock,
      random: createSeededRandom(7),
      logger: createNullLogger(),
    }, {
      isEnabled: options.isEnabled ?? true,
      maxDepth: 10,
      maxCached: 100,
      settleMs: 100,
      retryWindowMs: options.retryWindowMs ?? 5_000,
      replaysPerMinute: 60,
      maxDeadLetters: options.maxDeadLetters ?? 10,
      goals: undefined,
    });
    slurp.start();
    const seat: Seat = {
      node,
      slurp,
      election,
      breaker,
      clock,
      [Symbol.asyncDispose]: async () => {
        await slurp.stop();
        await node[Symbol.asyncDispose]();
      },
    };
    this.seats.push(seat);
    return seat;
  }

  /** From now on the node leads. */
  win(seat: Seat, term: number): void {
    this.terms.learn(term, seat.node.self);
    seat.election.win(term);
  }

  /** Everybody gets the entries of everybody. */
  async sync(): Promise<void> {
    for (const to of this.seats) for (const from of this.seats) if (to !== from) await to.node.pull(from.node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const seat of this.seats) await seat[Symbol.asyncDispose]();
  }
}

/** Writes a version; its revision. */
export async function put(seat: Seat, address: string, text: string, ...audience: string[]): Promise<string> {
  const version = await seat.node.context.put(parseConcrete(address), {
    bytes: utf8Encode(text),
    mediaType: "text/markdown",
    audience,
  });
  return version.content?.revision ?? "";
}

/** Lets a leader work until nothing waits. */
export async function idle(seat: Seat): Promise<void> {
  await waitFor(async () => {
    await seat.clock.advance(50);
    return seat.slurp.status().state === "idle";
  }, { timeoutMs: 30_000, what: "the leader to be idle", state: () => seat.slurp.status() });
}

/** The slices that a node knows: "project:task reader version". */
export function slicesOf(seat: Seat): string[] {
  return seat.node.index.list(SLICES, { limit: 100 }).items.map(({ address, n }) =>
    `${address.project}:${address.task} ${address.role} ${n}`
  );
}

/** What a node is told about an address. */
export async function fieldsOf(seat: Seat, address: string): Promise<ResolvedContext["fields"]> {
  return (await seat.slurp.contextOf(parseConcrete(address))).fields;
}

/** A counter of a node. */
export function countOf(seat: Seat, name: string): number {
  return seat.slurp.status().counters.get(name) ?? 0;
}

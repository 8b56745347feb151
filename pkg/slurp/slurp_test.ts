import assert from "node:assert/strict";
import { BzzzError, utf8Encode } from "@bzzz/base";
import { createSeededRandom, ManualClock, waitFor } from "@bzzz/base/testing";
import { DecisionDesk } from "@bzzz/context";
import { createTestContext, MemoryContent, type TestContext } from "@bzzz/context/testing";
import { RoleSet } from "@bzzz/crypto";
import { OpenGate } from "@bzzz/journal/testing";
import { createNullLogger } from "@bzzz/logging";
import { parseAddress, parseConcrete } from "@bzzz/ucxl";
import { type Breaker, type HeldTerm, Slurp, SlurpError, TermLedger } from "@bzzz/slurp";
import { encodeSlice } from "./storage/slice_codec.ts";

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

class OpenBreaker implements Breaker {
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

interface Seat extends AsyncDisposable {
  readonly node: TestContext;
  readonly slurp: Slurp;
  readonly election: Decrees;
  readonly breaker: OpenBreaker;
  readonly clock: ManualClock;
}

class Mesh implements AsyncDisposable {
  readonly terms = new TermLedger();
  readonly content = new MemoryContent();
  readonly seats: Seat[] = [];
  readonly #gate = new OpenGate();

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

  win(seat: Seat, term: number): void {
    this.terms.learn(term, seat.node.self);
    seat.election.win(term);
  }

  async sync(): Promise<void> {
    for (const to of this.seats) for (const from of this.seats) if (to !== from) await to.node.pull(from.node);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const seat of this.seats) await seat[Symbol.asyncDispose]();
  }
}

async function put(seat: Seat, address: string, text: string, ...audience: string[]): Promise<string> {
  const version = await seat.node.context.put(parseConcrete(address), {
    bytes: utf8Encode(text),
    mediaType: "text/markdown",
    audience,
  });
  return version.content?.revision ?? "";
}

/** Lets a leader work until nothing waits. */
async function idle(seat: Seat): Promise<void> {
  await waitFor(async () => {
    await seat.clock.advance(50);
    return seat.slurp.status().state === "idle";
  }, { timeoutMs: 30_000, what: "the leader to be idle", state: () => seat.slurp.status() });
}

const slices = (seat: Seat) =>
  seat.node.index.list(SLICES, { limit: 100 }).items.map(({ address, n }) =>
    `${address.project}:${address.task} ${address.role} ${n}`
  );
const fieldsOf = async (seat: Seat, address: string) => (await seat.slurp.contextOf(parseConcrete(address))).fields;
const count = (seat: Seat, name: string) => seat.slurp.status().counters.get(name) ?? 0;

Deno.test("F-04 the leader derives why, a child's word goes before its parent's, and each value names its source", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  await put(
    leader,
    "ucxl://ana:admin@global:global/README.md",
    "# All\n\nWe are calm.\n\n## Purpose\n\nTo be calm.",
    "observer",
  );
  await put(leader, "ucxl://ana:developer@shop:checkout/README.md", "# Checkout\n\nTakes money.", "observer");
  const revision = await put(leader, "ucxl://bo:developer@shop:checkout/src/pay.ts", "/** Pays once. */", "observer");
  mesh.win(leader, 1);
  await idle(leader);

  const context = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:checkout/src/pay.ts"));

  assert.equal(context.fields.summary?.value, "Pays once.");
  assert.equal(context.fields.summary?.level, "shop:checkout/src/pay.ts");
  assert.match(
    context.fields.summary?.source ?? "",
    new RegExp(`^ucxl://bo:developer@shop:checkout/@.*/src/pay.ts\\?rev=${revision}$`),
  );
  assert.equal(context.fields.purpose?.value, "To be calm.", "from the mesh");
  assert.equal(context.fields.purpose?.level, "global:global");
  assert.equal((await fieldsOf(leader, "ucxl://x:y@shop:checkout/src")).summary?.value, "Checkout: Takes money.");
  const shallow = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:checkout/src/pay.ts"), { maxDepth: 2 });
  assert.deepEqual([shallow.fields.purpose, shallow.isComplete, shallow.levels.length], [undefined, false, 2]);
});

Deno.test("need to know: a slice holds nothing that one of its readers could not read", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  const developer = mesh.add("developer");
  const observer = mesh.add("observer");
  await put(leader, "ucxl://a:b@shop:pay/README.md", "Open words.", "observer");
  await put(leader, "ucxl://a:b@shop:pay/plan.md", "Plan words.", "developer");
  await put(leader, "ucxl://a:b@shop:pay/salary.md", "Salary words.", "admin");
  mesh.win(leader, 1);
  await idle(leader);
  await mesh.sync();

  const words = async (seat: Seat) =>
    JSON.stringify(
      await Promise.all(
        ["README.md", "plan.md", "salary.md"].map((path) => fieldsOf(seat, `ucxl://x:y@shop:pay/${path}`)),
      ),
    );
  const [ofLeader, ofDeveloper, ofObserver] = [await words(leader), await words(developer), await words(observer)];

  assert.deepEqual(slices(leader), ["shop:pay admin 1", "shop:pay developer 1", "shop:pay observer 1"]);
  assert.match(ofLeader, /Open.*Plan.*Salary/);
  assert.match(ofDeveloper, /Open.*Plan/);
  assert.doesNotMatch(ofDeveloper, /Salary|salary/);
  assert.match(ofObserver, /Open/);
  assert.doesNotMatch(ofObserver, /Plan|plan|Salary|salary/, "not even what it is called");
});

Deno.test("what is deleted or meant for fewer is gone from the slices of those who may not read it any more", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  const observer = mesh.add("observer");
  await put(leader, "ucxl://a:b@shop:pay/note.md", "First words.", "observer");
  mesh.win(leader, 1);
  await idle(leader);
  await put(leader, "ucxl://a:b@shop:pay/note.md", "Second words.", "admin");
  await idle(leader);
  await mesh.sync();

  assert.deepEqual(await fieldsOf(observer, "ucxl://x:y@shop:pay/note.md"), {});
  assert.equal((await fieldsOf(leader, "ucxl://x:y@shop:pay/note.md")).summary?.value, "Second words.");
  await leader.node.context.remove(parseConcrete("ucxl://a:b@shop:pay/note.md"));
  await idle(leader);
  assert.deepEqual(await fieldsOf(leader, "ucxl://x:y@shop:pay/note.md"), {});
});

Deno.test("issue 014 the next leader takes over what was not done, and does nothing twice", async () => {
  await using mesh = new Mesh();
  const first = mesh.add("admin");
  const second = mesh.add("admin");
  await put(first, "ucxl://a:b@shop:one/x.md", "One.", "developer");
  mesh.win(first, 1);
  await idle(first);
  await put(first, "ucxl://a:b@shop:two/x.md", "Two.", "developer");
  await first.election.lose(); // its queue is lost with it
  await mesh.sync();
  assert.deepEqual(slices(second), ["shop:one developer 1"]);

  mesh.win(second, 2);
  await idle(second);
  await mesh.sync();

  assert.deepEqual(slices(first), ["shop:one developer 1", "shop:two developer 1"]);
  assert.deepEqual([count(second, "slices_written"), count(second, "slices_unchanged")], [1, 1]);
  assert.equal((await fieldsOf(first, "ucxl://x:y@shop:two/x.md")).summary?.value, "Two.");
  assert.equal(first.slurp.status().state, "off");
});

Deno.test("with a model, more long contents of one task than it sums up at once all get their summaries, and no leader asks twice", async () => {
  await using mesh = new Mesh();
  const [first, second] = [mesh.add("admin"), mesh.add("admin")];
  const contents = 60;
  const path = (n: number) => `ucxl://a:b@shop:pay/src/${n}.md`;
  const summary = async (seat: Seat, n: number) => (await fieldsOf(seat, path(n))).summary;
  for (let n = 0; n < contents; n++) {
    await put(first, path(n), `# File ${n}\n\n${"Many words. ".repeat(200)}`, "developer");
  }
  mesh.win(first, 1);
  await idle(first);
  assert.match(
    String((await summary(first, 0))?.value),
    /^File 0: Many words/,
    "what rules find, until there is a model",
  );

  const asked: string[] = [];
  const breaker = new OpenBreaker();
  for (const seat of [first, second]) {
    seat.slurp.setSummariser({
      name: "test",
      perHour: 1_000,
      breaker,
      summarise: ({ path }) => Promise.resolve(`model on ${path}: ${asked.push(path)}`),
    });
  }
  const summed = async (seat: Seat) =>
    await waitFor(async () => {
      await seat.clock.advance(1_000);
      return count(seat, "summaries_summarised") === contents && seat.slurp.status().lacking === 0;
    }, { timeoutMs: 30_000, what: "all summaries", state: () => seat.slurp.status() });
  await summed(first);
  await idle(first);

  assert.equal(new Set(asked).size, contents);
  assert.deepEqual(first.slurp.status().summaries, { by: "test", breaker: "closed", perHour: 1_000 });
  for (const n of [0, contents - 1]) {
    assert.match(String((await summary(first, n))?.value), /^model on src\/\d+\.md/);
    assert.equal((await summary(first, n))?.by, "model");
  }
  await first.election.lose();
  await mesh.sync();
  mesh.win(second, 2);
  await idle(second);
  assert.equal(asked.length, contents, "the next leader takes over what this one was told");
  assert.equal(count(second, "slices_written"), 0);
});

Deno.test("B-05 two leaders: who lost the lease writes nothing more, and a late write of a lower term does not count", async () => {
  await using mesh = new Mesh();
  const old = mesh.add("admin");
  const young = mesh.add("admin");
  await put(old, "ucxl://a:b@shop:pay/x.md", "First.", "developer");
  await mesh.sync();
  mesh.win(old, 1);
  old.election.lapse();
  await waitFor(async () => {
    await old.clock.advance(50);
    return old.slurp.status().state === "off";
  }, { timeoutMs: 30_000, what: "the old leader to try" });
  assert.deepEqual(slices(old), [], "its lease is over");

  mesh.win(young, 2);
  await idle(young);
  await old.clock.advance(60_000); // its stamp will be the later one
  const late = {
    v: 1 as const,
    term: 1,
    derived_at_ms: Math.floor(old.clock.nowMs()),
    project: "shop",
    task: "pay",
    roles: ["developer", "admin"],
    sources: ["ucxl://a:b@shop:pay/*^/x.md"],
    unread: 0,
    is_complete: true,
    nodes: [{ path: "x.md", fields: { summary: { value: "Late.", source: 0 } } }],
    decisions: [],
  };
  const place = parseConcrete("ucxl://slurp:developer@shop:pay/slurp/slice.json");
  await old.node.context.put(place, { ...await encodeSlice(late), audience: ["developer"] });
  await mesh.sync();
  assert.equal((await fieldsOf(young, "ucxl://x:y@shop:pay/x.md")).summary?.value, "First.");

  // a member that never led, and a leader that names a term it did not hold
  const other = mesh.add("admin");
  await mesh.sync();
  await other.node.context.put(place, { ...await encodeSlice({ ...late, term: 9 }), audience: ["developer"] });
  await old.node.context.put(place, { ...await encodeSlice({ ...late, term: 2 }), audience: ["developer"] });
  await mesh.sync();
  assert.equal((await fieldsOf(young, "ucxl://x:y@shop:pay/x.md")).summary?.value, "First.");
  assert.equal((await fieldsOf(other, "ucxl://x:y@shop:pay/x.md")).summary?.value, "First.");
});

Deno.test("a leader that reads less leaves alone what one that reads more derived, and derives the rest from metadata", async () => {
  await using mesh = new Mesh();
  const admin = mesh.add("admin");
  const developer = mesh.add("developer");
  await put(admin, "ucxl://a:b@shop:pay/salary.md", "Salary words.", "admin");
  mesh.win(admin, 1);
  await idle(admin);
  await put(admin, "ucxl://a:b@shop:new/board.md", "Board words.", "architect");
  await admin.election.lose();
  await mesh.sync();

  mesh.win(developer, 2);
  await idle(developer);
  await mesh.sync();

  assert.equal((await fieldsOf(admin, "ucxl://x:y@shop:pay/salary.md")).summary?.value, "Salary words.");
  const board = await admin.slurp.contextOf(parseConcrete("ucxl://x:y@shop:new/board.md"));
  assert.deepEqual([board.fields.summary, board.fields.language?.value], [undefined, "Markdown"]);
  assert.equal(board.slices[0]?.unread, 1);
});

Deno.test("what a leader may read later in its term is derived then, without anything new being written", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("developer");
  const admin = mesh.add("admin");
  await put(admin, "ucxl://a:b@shop:pay/salary.md", "Salary words.", "admin");
  await mesh.sync();
  mesh.win(leader, 1);
  await idle(leader);
  await mesh.sync();
  const unread = async () =>
    (await admin.slurp.contextOf(parseConcrete("ucxl://x:y@shop:pay/salary.md"))).slices[0]?.unread;
  assert.equal(await unread(), 1);

  leader.node.sealer.role = "admin";
  leader.slurp.rescan();
  await idle(leader);
  await mesh.sync();

  assert.equal(await unread(), 0);
  assert.equal((await fieldsOf(admin, "ucxl://x:y@shop:pay/salary.md")).summary?.value, "Salary words.");
});

Deno.test("issue 012 what fails is tried again, then a dead letter that can be looked at and replayed", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin", { retryWindowMs: 4_000, maxDeadLetters: 2 });
  const revision = await put(leader, "ucxl://a:b@shop:pay/x.md", "Words.", "developer");
  const sealed = leader.node.index.latest(parseConcrete("ucxl://a:b@shop:pay/x.md"))?.content?.sealed ?? "";
  const bytes = leader.node.content.contents.get(sealed) ?? new Uint8Array();
  leader.node.content.contents.delete(sealed);
  mesh.win(leader, 3);
  await waitFor(async () => {
    await leader.clock.advance(500);
    return leader.slurp.deadLetters().length === 1;
  }, { timeoutMs: 30_000, what: "the dead letter", state: () => leader.slurp.status() });

  const [letter] = leader.slurp.deadLetters();
  assert.deepEqual([letter?.code, letter?.term, letter?.project, letter?.task], ["sources_missing", 3, "shop", "pay"]);
  assert.ok((letter?.attempts ?? 0) >= 2);
  assert.equal(JSON.stringify(letter).includes("Words"), false);
  const partly = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:pay/x.md"));
  assert.equal(partly.fields.language?.value, "Markdown", "what is known of it is told");
  assert.equal(partly.slices[0]?.unread, 1);

  leader.node.content.contents.set(sealed, bytes);
  assert.throws(() => leader.slurp.replay("nothing"), (error: SlurpError) => error.code === "not_found");
  assert.equal(leader.slurp.replay(letter?.id), 1);
  await waitFor(async () => {
    await leader.clock.advance(500);
    return leader.slurp.deadLetters().length === 0;
  }, { timeoutMs: 30_000, what: "the replay", state: () => leader.slurp.status() });
  const whole = await leader.slurp.contextOf(parseConcrete("ucxl://x:y@shop:pay/x.md"));
  assert.equal(whole.fields.summary?.value, "Words.");
  assert.ok(whole.fields.summary?.source.includes(revision));

  await leader.election.lose();
  assert.throws(() => leader.slurp.replay(undefined), (error: SlurpError) => error.code === "not_the_leader");
});

Deno.test("a replay of many goes at its rate, and dead letters beyond the bound go, the oldest first", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin", { retryWindowMs: 1, maxDeadLetters: 3 });
  for (const task of ["a", "b", "c", "d"]) {
    await put(leader, `ucxl://a:b@shop:${task}/x.md`, `Words of ${task}.`, "developer");
  }
  leader.node.content.contents.clear();
  mesh.win(leader, 1);
  await waitFor(async () => {
    await leader.clock.advance(1_000);
    return count(leader, "dead") === 4;
  }, { timeoutMs: 30_000, what: "four dead letters", state: () => leader.slurp.status() });
  assert.equal(leader.slurp.deadLetters().length, 3);
  assert.equal(count(leader, "dead_dropped"), 1);

  leader.slurp.replay(undefined);
  await waitFor(async () => {
    await leader.clock.advance(10);
    return count(leader, "replayed") === 1;
  }, { timeoutMs: 30_000, what: "the first replay" });
  await leader.clock.advance(900);
  assert.equal(count(leader, "replayed"), 1, "one a second");
  await waitFor(async () => {
    await leader.clock.advance(100);
    return count(leader, "replayed") === 3;
  }, { timeoutMs: 30_000, what: "all replays" });
});

Deno.test("an open breaker spends no try of a job", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  await put(leader, "ucxl://a:b@shop:pay/x.md", "Words.", "developer");
  leader.breaker.state = "open";
  mesh.win(leader, 1);
  await waitFor(async () => {
    await leader.clock.advance(5_000);
    return leader.slurp.status().state === "working";
  }, { timeoutMs: 30_000, what: "the job to wait" });
  assert.deepEqual([slices(leader), count(leader, "failed")], [[], 0]);
  assert.equal(leader.slurp.status().breaker, "open");

  leader.breaker.state = "closed";
  await idle(leader);
  assert.deepEqual(slices(leader), ["shop:pay developer 1"]);
});

Deno.test("where it is switched off a leader derives nothing, and still reads", async () => {
  await using mesh = new Mesh();
  const off = mesh.add("admin", { isEnabled: false });
  await put(off, "ucxl://a:b@shop:pay/x.md", "Words.", "developer");
  mesh.win(off, 1);
  await off.clock.advance(10_000);

  assert.deepEqual([slices(off), off.slurp.status().state], [[], "off"]);
  assert.deepEqual(await fieldsOf(off, "ucxl://x:y@shop:pay/x.md"), {});
  assert.throws(() => off.slurp.replay(undefined), (error: SlurpError) => error.code === "slurp_disabled");
});

Deno.test("decisions: what led to an address, what is affected, its versions; and the context names them", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  const plan = "ucxl://a:b@shop:pay/plan.md";
  await put(leader, plan, "One.", "observer");
  const cite = (address: string) => {
    const version = leader.node.index.latest(parseConcrete(address));
    return { address: `${address}?rev=${version?.content?.revision}` };
  };
  const decide = async (name: string, citations: { address: string }[], supersedes?: string) => {
    const address = `ucxl://a:b@shop:pay/decisions/${name}.json`;
    await leader.node.context.put(parseConcrete(address), {
      bytes: utf8Encode(JSON.stringify({
        v: 1,
        type: "architectural",
        title: `Decision ${name}`,
        summary: "because",
        outcome: "structural_change",
        citations,
        ...(supersedes === undefined ? {} : { supersedes }),
      })),
      mediaType: "application/json",
      audience: ["developer"],
    });
    return address;
  };
  const queue = await decide("queue", [cite(plan)]);
  await put(leader, plan, "Two.", "observer");
  const pool = await decide("pool", [cite(queue)]);
  const topic = await decide("topic", [], pool);
  mesh.win(leader, 1);
  await idle(leader);
  const around = (address: string, hops: number, direction: "causes" | "effects" | "both") =>
    leader.slurp.around(parseConcrete(address), { hops, direction });

  const one = await around(pool, 1, "both");
  assert.deepEqual(one.nodes.map(({ title, hops }) => [title, hops]), [
    ["Decision pool", 0],
    ["Decision queue", 1],
    ["Decision topic", 1],
  ]);
  assert.equal((await around(topic, 9, "causes")).nodes.length, 4, "back to the version of the plan");
  const ofPlan = await around(plan, 9, "effects");
  assert.deepEqual(ofPlan.nodes.map(({ title }) => title), [
    undefined,
    "Decision queue",
    "Decision pool",
    "Decision topic",
  ]);
  assert.deepEqual(ofPlan.evolution.map(({ version, citedBy }) => [version.n, citedBy.length]), [[1, 1], [2, 0]]);
  await assert.rejects(around("ucxl://a:b@shop:pay/none", 1, "both"), { code: "not_found" });
  const context = await leader.slurp.contextOf(parseConcrete(plan));
  assert.deepEqual(context.decisions.map(({ title, outcome }) => [title, outcome]), [[
    "Decision queue",
    "structural_change",
  ]]);
  assert.equal((await leader.slurp.contextOf(parseConcrete("ucxl://a:b@shop:pay"))).decisions.length, 3);
  const observer = mesh.add("observer");
  await mesh.sync();
  assert.equal((await observer.slurp.around(parseConcrete(plan), { hops: 3, direction: "both" })).nodes.length, 0);
  assert.deepEqual((await observer.slurp.contextOf(parseConcrete(plan))).decisions, []);
});

Deno.test("align: goals of the project, else of the mesh, each word with where it was found", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  await put(leader, "ucxl://a:b@shop:pay/README.md", "# Pay\n\nNobody pays twice.", "observer");
  mesh.win(leader, 1);
  await idle(leader);
  const address = parseConcrete("ucxl://x:y@shop:pay");
  await assert.rejects(leader.slurp.align(address), { code: "not_found" });

  await put(
    leader,
    "ucxl://a:b@global:global/.ucxl/goals.yaml",
    "version: 1\ngoals: [{name: all, keywords: [money]}]",
    "observer",
  );
  assert.equal((await leader.slurp.align(address)).score, 0);
  await put(
    leader,
    "ucxl://a:b@shop:project/.ucxl/goals.yaml",
    "version: 1\ngoals: [{name: once, keywords: [twice, never]}]",
    "observer",
  );
  const aligned = await leader.slurp.align(address);

  assert.equal(aligned.score, 0.5);
  assert.deepEqual(aligned.goals[0]?.found, [{ word: "twice", field: "summary" }]);
  assert.match(aligned.goalsSource, /@shop:project/);
  await put(leader, "ucxl://a:b@shop:project/.ucxl/goals.yaml", "version: 1\ngoals: 3", "observer");
  await assert.rejects(leader.slurp.align(address), { code: "invalid_goals" });
});

Deno.test("resolving from memory takes under 10 ms, and what a role may not read any more is forgotten", async () => {
  await using mesh = new Mesh();
  const leader = mesh.add("admin");
  for (let i = 0; i < 50; i++) await put(leader, `ucxl://a:b@shop:pay/f${i}.md`, `Words ${i}.`, "developer");
  mesh.win(leader, 1);
  await idle(leader);
  await fieldsOf(leader, "ucxl://x:y@shop:pay/f1.md");

  const startedAtMs = performance.now();
  for (let i = 0; i < 50; i++) {
    assert.equal((await fieldsOf(leader, `ucxl://x:y@shop:pay/f${i}.md`)).summary?.value, `Words ${i}.`);
  }
  assert.ok((performance.now() - startedAtMs) / 50 < 10);
  assert.ok(leader.slurp.status().cache.hits >= 50);
  leader.node.sealer.role = "observer";
  leader.node.sealer.revocations++;
  assert.deepEqual(await fieldsOf(leader, "ucxl://x:y@shop:pay/f1.md"), {});
});

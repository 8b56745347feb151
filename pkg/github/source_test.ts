import assert from "node:assert/strict";
import { afterThisTurn, BzzzError, type MeshId } from "@bzzz/base";
import { createSeededRandom, ManualClock } from "@bzzz/base/testing";
import { createLogger, type LogRecord } from "@bzzz/logging";
import { GitHubSource, type HeldTerm } from "./source.ts";
import { FakeGitHub, type FakeGitHubOptions, type FakeIssue, MemoryMeshTasks } from "./testing.ts";
import type { Breaker } from "./transport.ts";
import type { GitHubOptions } from "./types.ts";

const TOKEN = "ghp_secret_of_the_test";
const SHOP = "acme/shop";
const MESH = "0123456789abcdef0123456789abcdef" as MeshId;

const BREAKER: Breaker = { state: "closed", call: (operation, options) => operation(options) };

/** A mesh and a GitHub in one virtual time, and terms in which one node after another leads. */
class Stage implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly tasks = new MemoryMeshTasks(this.clock);
  readonly github: FakeGitHub;
  readonly records: LogRecord[] = [];
  readonly options: GitHubOptions;
  #term: { readonly controller: AbortController; readonly source: GitHubSource } | undefined;
  #terms = 0;

  constructor(options: Partial<GitHubOptions> & FakeGitHubOptions = {}) {
    const { token = TOKEN, association, pageSize, ...more } = options;
    this.github = new FakeGitHub({
      token,
      ...(association === undefined ? {} : { association }),
      ...(pageSize === undefined ? {} : { pageSize }),
    });
    this.options = {
      apiUrl: this.github.url,
      repositories: [SHOP],
      label: "bzzz-task",
      inProgressLabel: "in-progress",
      doneLabel: "completed",
      mayWrite: true,
      tellsResults: false,
      closes: false,
      pollIntervalMs: 60_000,
      ...more,
    };
  }

  get source(): GitHubSource {
    assert.ok(this.#term);
    return this.#term.source;
  }

  /** Whether the term of the one that led was broken off. */
  get isOver(): boolean {
    return this.#term?.controller.signal.aborted ?? true;
  }

  /** The one that leads does so no more. */
  breakOff(): void {
    this.#term?.controller.abort();
  }

  /** Another node leads from now on, and remembers nothing of what the one before did. */
  async lead(): Promise<GitHubSource> {
    await this.depose();
    const controller = new AbortController();
    const held: HeldTerm = { term: ++this.#terms, signal: controller.signal, isHeld: () => !controller.signal.aborted };
    let ended = Promise.resolve();
    const { clock, records } = this;
    const source = new GitHubSource({
      tasks: this.tasks,
      mesh: MESH,
      breaker: BREAKER,
      fetch: this.github.fetch,
      token: () => Promise.resolve(this.options.mayWrite ? TOKEN : undefined),
      election: {
        whileLeader: (_name, work) => {
          ended = work(held);
          return { [Symbol.asyncDispose]: () => ended };
        },
      },
      clock,
      random: createSeededRandom(this.#terms),
      logger: createLogger({ sink: (record) => void records.push(record), nowMs: () => clock.nowMs() }, {
        level: "warn",
      }),
    }, this.options);
    source.start();
    this.#term = { controller, source };
    return source;
  }

  async depose(): Promise<void> {
    this.breakOff();
    await this.#term?.source.stop();
    this.#term = undefined;
  }

  /** Lets virtual time pass until something holds. */
  async until(what: string, condition: () => unknown): Promise<void> {
    for (let seconds = 0; seconds < 20_000; seconds++) {
      if (condition()) return;
      await this.clock.advance(1_000);
      await new Promise<void>((resolve) => afterThisTurn(resolve));
    }
    assert.fail(`Waited in vain for ${what}: ${Deno.inspect([this.github.seen.slice(-10), this.source.status()])}`);
  }

  /** Whole rounds, one after the other. */
  async rounds(count: number): Promise<void> {
    const seen = () => this.source.status().counters.get("rounds") ?? 0;
    const wanted = seen() + count;
    await this.until(`${count} rounds`, () => seen() >= wanted);
  }

  get writes(): readonly string[] {
    return this.github.seen.filter(({ method }) => method !== "GET").map(({ method, path }) => `${method} ${path}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.depose();
    await this.github[Symbol.asyncDispose]();
  }
}

function ends(issue: FakeIssue): string[] {
  return issue.comments.map(({ body }) => /<!-- bzzz:(?:task \w+ )?(\w+ \d+) -->$/.exec(body)?.[1] ?? body);
}

Deno.test("an issue becomes a task, is shown in progress, and its end is told without a word of the mesh", async () => {
  await using stage = new Stage();
  const issue = stage.github.add(SHOP, { title: "Pay once", labels: ["bzzz-task", "priority-8", "type-pay"] });
  await stage.lead();

  await stage.until("the first comment", () => issue.comments.length === 1);
  const task = stage.tasks.at(0);
  assert.ok(task);
  assert.deepEqual(
    [task.draft.title, task.draft.priority, task.draft.requiredCapabilities, task.draft.clientId],
    ["Pay once", 8, ["pay"], "github:acme/shop#1"],
  );
  stage.tasks.decide(task.taskId, { state: "held" });
  await stage.until("the label", () => issue.labels.includes("in-progress"));
  stage.tasks.decide(task.taskId, { state: "completed", summary: "SECRET of the mesh" });
  await stage.until("the last comment", () => issue.comments.length === 2);
  await stage.rounds(2);

  assert.deepEqual(ends(issue), ["posted 0", "ended 2"]);
  assert.deepEqual(issue.labels.toSorted(), ["completed", "priority-8", "type-pay"]);
  assert.equal(JSON.stringify(issue.comments).includes("SECRET"), false);
  assert.equal(issue.state, "open");
  assert.equal(stage.tasks.tasks.size, 1);
});

Deno.test("with results and close, the result is told as a block and the issue is closed", async () => {
  await using stage = new Stage({ tellsResults: true, closes: true });
  const issue = stage.github.add(SHOP);
  await stage.lead();
  await stage.until("the task", () => stage.tasks.at(0));

  const { taskId } = stage.tasks.at(0) ?? assert.fail("no task");
  stage.tasks.decide(taskId, { state: "completed", summary: "Paid @ana once" });
  await stage.until("the end", () => issue.comments.length === 2);

  assert.match(issue.comments[1]?.body ?? "", /\n```text\nPaid @ana once\n```\n/);
  assert.equal(issue.state, "closed");
});

Deno.test("wherever a leader is broken off, the next one goes on: one task, every comment once", async () => {
  let brokenOff = 0;
  for (let stopAfter = 1; stopAfter <= 12; stopAfter++) {
    await using stage = new Stage();
    const { github, tasks } = stage;
    const issue = github.add(SHOP);
    const isTold = (words: string) => ends(issue).some((end) => end.startsWith(words));
    let requests = 0;
    // it is carried out, and the leader never hears of it: the worst moment to be killed
    github.onCarriedOut = () => void (++requests === stopAfter && stage.breakOff());
    for (let leaders = 0; leaders < 2; leaders++) {
      await stage.lead();
      await stage.until("the task to be told", () => stage.isOver || isTold("posted"));
      if (stage.isOver) continue;
      const { taskId, state } = tasks.at(0) ?? assert.fail("no task");
      if (state === "open") tasks.decide(taskId, { state: "completed" });
      await stage.until("its end to be told", () => stage.isOver || isTold("ended"));
    }
    brokenOff += Number(requests >= stopAfter);
    github.onCarriedOut = () => {};
    if (stage.isOver) await stage.lead();
    await stage.rounds(2);

    assert.deepEqual(ends(issue), ["posted 0", "ended 1"], `broken off after ${stopAfter} requests`);
    assert.deepEqual([issue.labels, tasks.tasks.size], [["completed"], 1]);
  }
  assert.ok(brokenOff >= 6, `${brokenOff}`);
});

Deno.test("a label set again posts the issue again as it reads then, though not at once: lists lag behind", async () => {
  await using stage = new Stage({ pollIntervalMs: 10_000 });
  const issue = stage.github.add(SHOP);
  await stage.lead();
  await stage.until("the task", () => stage.tasks.at(0));
  stage.tasks.decide(stage.tasks.at(0)?.taskId ?? assert.fail(), { state: "failed" });
  await stage.until("the end", () => issue.comments.length === 2);

  issue.labels.push("bzzz-task");
  issue.body = "Read me again.";
  await stage.rounds(2);
  assert.equal(stage.tasks.tasks.size, 1, "GitHub may have shown an old list");
  await stage.until("the second task", () => stage.tasks.at(1));
  await stage.rounds(1);

  const { clientId, description } = stage.tasks.at(1)?.draft ?? assert.fail();
  assert.deepEqual([clientId, description], ["github:acme/shop#1.2", "Read me again."]);
  assert.deepEqual(ends(issue), ["posted 0", "ended 1", "posted 0"]);
});

Deno.test("an issue that a person closes is cancelled; one that is gone from the list and open goes on", async () => {
  await using stage = new Stage();
  const [closed, moved] = [stage.github.add(SHOP), stage.github.add(SHOP)];
  await stage.lead();
  await stage.until("both tasks", () => moved?.comments.length === 1);

  assert.ok(closed && moved);
  closed.state = "closed";
  stage.github.fault({ on: `GET /repos/${SHOP}/issues?`, times: 2, answer: () => Response.json([]) });
  await stage.until("the end", () => closed.comments.length === 2);

  assert.deepEqual([stage.tasks.at(0)?.state, stage.tasks.at(1)?.state], ["cancelled", "open"]);
  assert.equal(stage.tasks.at(0)?.reason, "a person closed issue acme/shop#1");
  assert.deepEqual(ends(closed), ["posted 0", "ended 1"]);
});

Deno.test("the task of a deleted issue is cancelled; while the repository is out of sight, none is", async () => {
  await using stage = new Stage({ pollIntervalMs: 10_000 });
  const { github, tasks } = stage;
  const issue = github.add(SHOP);
  await stage.lead();
  await stage.until("the comment", () => issue.comments.length === 1);
  const answer = (status: number) => () => Response.json({ message: "This issue was deleted" }, { status });

  issue.labels = [];
  github.fault({ on: `GET /repos/${SHOP}/issues/1`, times: 1_000, answer: answer(410) });
  github.fault({ on: `GET /repos/${SHOP}/issues?`, times: 3, answer: answer(410) });
  await stage.rounds(2);
  assert.deepEqual([tasks.at(0)?.state, stage.source.status().failure?.code], ["open", "gone"]);
  await stage.until("the end", () => tasks.at(0)?.state === "cancelled");
  await stage.rounds(2);

  assert.equal(tasks.at(0)?.reason, "issue acme/shop#1 was deleted");
  assert.equal(stage.source.status().failure, undefined);
});

Deno.test("an issue that is invalid is told why, once, by one leader after another", async () => {
  await using stage = new Stage();
  const issue = stage.github.add(SHOP, { labels: ["bzzz-task", "priority-12"] });
  await stage.lead();
  await stage.rounds(2);
  await stage.lead();
  await stage.rounds(2);

  assert.match(issue.comments[0]?.body ?? "", /- label priority-…: found `"12"`, expected one of 0 to 9/);
  assert.deepEqual([issue.comments.length, stage.tasks.tasks.size], [1, 0]);
});

Deno.test("what fails at one issue stops no other, and is tried again later", async () => {
  await using stage = new Stage();
  const [first, second] = [stage.github.add(SHOP), stage.github.add(SHOP)];
  stage.github.fault({
    on: `POST /repos/${SHOP}/issues/1/comments`,
    times: 2,
    answer: () => Response.json({ message: "Validation Failed" }, { status: 422 }),
  });
  await stage.lead();

  await stage.until("the other issue", () => second?.comments.length === 1);
  assert.deepEqual([first?.comments.length, stage.source.status().failure?.code], [0, "refused"]);
  await stage.until("the first issue", () => first?.comments.length === 1);
  await stage.rounds(1);

  assert.equal(stage.source.status().failure, undefined);
  assert.equal(stage.records.length, 1, "it is said once");
});

Deno.test("an issue at which something fails for ever is tried ever more rarely", async () => {
  await using stage = new Stage({ pollIntervalMs: 5_000 });
  stage.github.add(SHOP);
  const answer = () => Response.json({ message: "Validation Failed" }, { status: 422 });
  stage.github.fault({ on: "POST", times: 1_000, answer });
  await stage.lead();
  const startedAtMs = stage.clock.monotonicMs();

  await stage.until("five hours", () => stage.clock.monotonicMs() > startedAtMs + 5 * 3_600_000);

  assert.ok(stage.writes.length >= 8 && stage.writes.length <= 20, `${stage.writes.length} tries`);
});

Deno.test("a cancel that comes too late is no failure; one that this node may not do is, and says so", async () => {
  for (const [code, failure] of [["task_closed", undefined], ["not_allowed", "not_allowed"]] as const) {
    await using stage = new Stage({ pollIntervalMs: 10_000 });
    const issue = stage.github.add(SHOP);
    await stage.lead();
    await stage.until("the comment", () => issue.comments.length === 1);
    stage.tasks.refusal = new BzzzError(code, "Cannot cancel the task");

    issue.state = "closed";
    await stage.rounds(2);

    assert.equal(stage.source.status().failure?.code, failure);
    assert.ok(stage.tasks.cancels <= 2, `each is told in the mesh: ${stage.tasks.cancels} in two rounds`);
  }
});

Deno.test("a limit ends the round, and nothing is sent until it has passed", async () => {
  await using stage = new Stage({ pollIntervalMs: 5_000 });
  const issue = stage.github.add(SHOP);
  const headers = { "retry-after": "600" };
  stage.github.fault({ on: `GET /repos/${SHOP}/issues?`, answer: () => new Response("", { status: 429, headers }) });
  await stage.lead();
  await stage.until("the limit", () => stage.source.status().failure?.code === "rate_limited");

  await stage.clock.advance(590_000);
  assert.equal(stage.github.seen.length, 1);
  await stage.until("the comment", () => issue.comments.length === 1);

  assert.equal(stage.source.status().counters.get("rate_limited"), 1);
});

Deno.test("A-22 rounds that fail come ever later, and one that does not is as usual", async () => {
  await using stage = new Stage({ pollIntervalMs: 10_000 });
  stage.github.add(SHOP);
  const times: number[] = [];
  const answer = () => {
    times.push(stage.clock.monotonicMs());
    return new Response("<html>", { status: 502 });
  };
  stage.github.fault({ on: `GET /repos/${SHOP}/issues?`, times: 8, answer });
  await stage.lead();

  await stage.until("a good round", () => stage.source.status().lastSuccessAtMs);

  const pauses = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
  assert.ok(pauses.every((pause) => pause >= 10_000 && pause <= 900_000), `${pauses}`);
  assert.ok((pauses.at(-1) ?? 0) > 300_000, `${pauses}`);
});

Deno.test("where the token may only read, issues are posted and nothing is tried twice", async () => {
  await using stage = new Stage();
  stage.github.add(SHOP);
  stage.github.add(SHOP);
  stage.github.fault({ on: "POST", times: 99, answer: () => new Response("{}", { status: 403 }) });
  await stage.lead();
  await stage.rounds(3);

  assert.deepEqual([stage.tasks.tasks.size, stage.writes.length], [2, 1]);
});

Deno.test("an account that may comment and no more is noticed at its first comment", async () => {
  await using stage = new Stage({ association: "CONTRIBUTOR" });
  stage.github.add(SHOP);
  stage.github.add(SHOP);
  await stage.lead();
  await stage.rounds(3);

  assert.deepEqual([stage.tasks.tasks.size, stage.writes.length], [2, 1]);
  assert.equal(stage.records.some(({ error }) => error instanceof BzzzError && error.code === "forbidden"), true);
});

Deno.test("without a token issues are posted and cancelled, and nothing is written", async () => {
  await using stage = new Stage({ mayWrite: false });
  const [issue, invalid] = [stage.github.add(SHOP), stage.github.add(SHOP, { labels: ["bzzz-task", "priority-x"] })];
  await stage.lead();
  await stage.rounds(2);
  assert.deepEqual([stage.tasks.tasks.size, stage.source.status().counters.get("refused_untold")], [1, 2]);

  assert.ok(issue && invalid);
  issue.state = "closed";
  await stage.rounds(1);

  assert.equal(stage.tasks.at(0)?.state, "cancelled");
  assert.deepEqual([stage.writes, stage.github.seen.every((one) => one.authorization === undefined)], [[], true]);
});

Deno.test("a task that somebody gave an issue's client id is not the issue's", async () => {
  await using stage = new Stage();
  const issue = stage.github.add(SHOP, { labels: [] });
  const { tasks } = stage;
  const other = { ...(tasks.at(0)?.draft ?? {}), taskId: "01J00000000000000000000000", clientId: "github:acme/shop#1" };
  await tasks.post(other as Parameters<typeof tasks.post>[0]);
  await stage.lead();
  await stage.rounds(2);

  assert.deepEqual([tasks.at(0)?.state, issue.comments.length], ["open", 0]);
  assert.deepEqual(stage.github.requests(`GET /repos/${SHOP}/issues/`), [], "it is not even looked at");
});

Deno.test("no record has the token or an issue's words", async () => {
  await using stage = new Stage();
  stage.github.add(SHOP, { title: "Words of a stranger", labels: ["bzzz-task", "priority-strange"] });
  stage.github.fault({ on: "POST", times: 9, answer: () => Response.json({ message: "strange" }, { status: 422 }) });
  await stage.lead();
  await stage.rounds(2);

  const text = Deno.inspect(stage.records, { depth: 9 });
  assert.ok(stage.records.length > 0);
  for (const word of [TOKEN, "strange", "Words of a stranger"]) assert.equal(text.includes(word), false, word);
});

/**
 * A mesh of journals in memory, for tests of agents: entries are really signed and decoded, travel with a latency on a
 * manual clock, and stop at partitions.
 *
 * @module
 */
import { createTestPerson, type TestPerson } from "@bzzz/agentid/testing";
import { type AgentId, createUlid, type PeerId, type RequestId, type TaskId, TypedEventTarget } from "@bzzz/base";
import { createSeededRandom, type ManualClock } from "@bzzz/base/testing";
import { MemoryTaskVoters, readMemoryDecision } from "@bzzz/coordinator/testing";
import { messageEntryOf, ThreadIndex } from "@bzzz/hmmm";
import { createNullLogger } from "@bzzz/logging";
import { JournalTaskFacts, PlanTimes } from "@bzzz/runtime";
import { type BodyOf, type Envelope, TOPICS } from "@bzzz/wire";
import type { Advisor } from "./advisor.ts";
import { FakeNode, type NodeSurroundings } from "./testdata/fake_node.ts";
import { FakePeople } from "./testdata/fake_people.ts";
import { AgentRunner } from "./runner.ts";
import type {
  AgentEntry,
  AgentRunnerOptions,
  AuthorGrantView,
  Executor,
  PresenceSnapshot,
  PresenceView,
} from "./types.ts";
import { WorkBook } from "./work_book.ts";

export { FakeNode };

/** Nodes that hear each other after `latencyMs`. */
export class FakeMesh implements NodeSurroundings {
  readonly clock: ManualClock;
  readonly nodes: FakeNode[] = [];
  readonly voters: MemoryTaskVoters;
  readonly #plans: PlanTimes;
  readonly #threads = new ThreadIndex();
  /** What is known of people, everywhere at once. */
  readonly people: FakePeople = new FakePeople(this);
  readonly #votersBook = new WorkBook({
    journal: { entriesAfter: () => [] }, // of all nodes' entries at once, it has none to read again
    people: this.people,
    grantOf: (author) => this.grantOf(author),
    readDecision: readMemoryDecision,
    clock: { nowMs: () => this.clock.nowMs() },
  });
  readonly #capabilities = new Map<PeerId, readonly string[]>();
  readonly #latencyMs: number;
  readonly #revokedAtMs = new Map<PeerId, number>();
  readonly #random = createSeededRandom(42);
  readonly #changes: TypedEventTarget<{ changed: undefined }> = new TypedEventTarget();

  constructor(clock: ManualClock, options: { latencyMs?: number } = {}) {
    this.clock = clock;
    this.#latencyMs = options.latencyMs ?? 5;
    const threads = this.#threads;
    this.#plans = new PlanTimes(clock);
    const facts = new JournalTaskFacts({
      clock,
      board: this.#votersBook.board,
      inbox: this.#votersBook.inbox,
      threads,
      plans: this.#plans,
      entry: (id) => this.nodes[0]?.entry(id),
      authority: (peer) => this.grantOf(peer),
      capabilities: (peer) => this.#capabilities.get(peer),
    });
    this.voters = new MemoryTaskVoters({ clock, facts }, { latencyMs: this.#latencyMs });
  }

  /** The voters have the journal of the first node. */
  received(by: FakeNode, entry: AgentEntry): void {
    if (by !== this.nodes[0]) return;
    this.#votersBook.add(entry);
    this.#plans.hear(entry);
    const message = messageEntryOf(entry, this.grantOf(entry.envelope.header.author));
    if (message) this.#threads.add(message);
  }

  readonly grantOf = (author: PeerId, atMs = 0): AuthorGrantView | undefined =>
    atMs < (this.#revokedAtMs.get(author) ?? Infinity) ? this.nodes.find((n) => n.peer === author)?.grant : undefined;

  /** From now on it is no member; what it wrote before stays what it was. */
  revoke(node: FakeNode): void {
    this.#revokedAtMs.set(node.peer, this.clock.nowMs());
  }

  addNode(name: string, fields: Partial<AuthorGrantView> = {}): FakeNode {
    const agentId = name as AgentId; // test names are valid ids
    const grant = { agentId, binaryType: "agent", role: "developer", level: "suggestion", ...fields };
    const node = new FakeNode(this, this.nodes.length + 1, grant);
    this.nodes.push(node);
    return node;
  }

  /** A portal of a person whose keys are its own unless given. */
  addPerson(name: string, person: TestPerson = createTestPerson(this.#random)): FakeNode {
    const agentId = name as AgentId; // test names are valid ids
    const grant = { agentId, binaryType: "hap", role: "developer", level: "suggestion", person: person.id };
    const node = new FakeNode(this, this.nodes.length + 1, grant, person);
    this.nodes.push(node);
    return node;
  }

  spread(from: FakeNode, envelope: Envelope): void {
    for (const node of this.nodes) {
      if (node === from || node.group !== from.group) continue;
      this.clock.setTimer(this.#latencyMs, () => node.receive(envelope));
    }
  }

  /** Puts nodes into groups of their own; nobody hears another group. */
  partition(...groups: readonly (readonly FakeNode[])[]): void {
    for (const [index, group] of groups.entries()) for (const node of group) node.group = index;
    this.presenceChanged();
  }

  /** One mesh again: everybody gets what it lacks, as the sync protocol does it. */
  heal(): void {
    for (const node of this.nodes) node.group = 0;
    const all = this.nodes.flatMap((node) => node.entries.map((entry) => entry.envelope));
    for (const node of this.nodes) for (const envelope of all) node.receive(envelope);
    this.presenceChanged();
  }

  presenceOf(self: FakeNode): PresenceView {
    const snapshot = (): PresenceSnapshot => ({
      others: this.nodes.filter((n) => n !== self && n.group === self.group).flatMap((n) => n.candidate?.() ?? []),
      isReady: true,
      isWarm: true,
    });
    const onChanged: PresenceView["onChanged"] = (listener, options) => this.#changes.on("changed", listener, options);
    return { snapshot, onChanged };
  }

  presenceChanged(): void {
    this.#changes.emit("changed", undefined);
  }

  /** Starts an agent on a node. */
  async startAgent(
    node: FakeNode,
    executor: Executor,
    options: Partial<AgentRunnerOptions> & { readonly advisor?: Advisor } = {},
  ): Promise<AgentRunner> {
    const runner = this.createAgent(node, executor, options);
    await runner.start();
    this.presenceChanged();
    return runner;
  }

  /** An agent that is not started yet. */
  createAgent(
    node: FakeNode,
    executor: Executor,
    { advisor, ...options }: Partial<AgentRunnerOptions> & { readonly advisor?: Advisor } = {},
  ): AgentRunner {
    const settings = { capabilities: ["text"], maxTasks: 1, leaseMs: 1000, ...options };
    this.#capabilities.set(node.peer, settings.capabilities);
    const runner = new AgentRunner({
      clock: this.clock,
      random: createSeededRandom(7),
      logger: createNullLogger(),
      journal: node.openJournal(),
      presence: this.presenceOf(node),
      executor,
      advisor,
      register: node.openRegister(),
      people: this.people,
      readDecision: readMemoryDecision,
      onDecisionsReadable: () => {}, // fake voters never change
      grantOf: this.grantOf,
    }, { self: node.peer, role: node.grant.role, ...settings });
    node.candidate = () => {
      const { status, activeTasks, maxTasks } = runner.status();
      const { capabilities } = settings;
      return {
        peer: node.peer,
        role: node.grant.role,
        capabilities,
        activeTasks,
        maxTasks,
        isDraining: status === "draining",
      };
    };
    runner.events.on("status:changed", () => this.presenceChanged());
    return runner;
  }

  /** Ends an agent as kill -9 does: nothing more is stored or heard, the others see it absent. */
  crash(node: FakeNode): void {
    node.crash();
    this.presenceChanged();
  }

  async post(node: FakeNode, fields: Partial<BodyOf<"task_posted">> = {}): Promise<TaskId> {
    const taskId = createUlid(this.clock.nowMs(), this.#random) as TaskId; // a ULID by construction
    const body = { taskId, title: "Count", description: "the words", priority: 5, requiredCapabilities: [], ...fields };
    await node.append({ kind: "task_posted", topic: TOPICS.coordination, body, task: taskId });
    return taskId;
  }

  /** Lets a person answer a request. */
  async answer(person: FakeNode, requestId: RequestId, text: string): Promise<void> {
    await this.decideRequest(person, requestId, { decision: "answer", text });
  }

  /** Lets a person decide a request in another way. */
  async decideRequest(
    person: FakeNode,
    requestId: RequestId,
    decision: Omit<BodyOf<"request_answered">, "requestId" | "requestDigest">,
  ): Promise<void> {
    const request = person.book().inbox.get(requestId);
    if (!request) throw new Error(`"${requestId}" is not in the inbox`);
    const body = { requestId, requestDigest: request.digest, ...decision };
    await person.append({ kind: "request_answered", topic: TOPICS.hmmm, body });
  }
}

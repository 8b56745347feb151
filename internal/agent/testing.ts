/**
 * A mesh of journals in memory, for tests of agents: entries are really signed and decoded, travel with a latency on a
 * manual clock, and stop at partitions.
 *
 * @module
 */
import { type AgentId, createUlid, type PeerId, type RequestId, type TaskId, TypedEventTarget } from "@bzzz/base";
import { createSeededRandom, type ManualClock } from "@bzzz/base/testing";
import type { Candidate, TaskView } from "@bzzz/coordinator";
import { createNullLogger } from "@bzzz/logging";
import {
  type BodyOf,
  decodeBody,
  type EntryKind,
  type Envelope,
  HlcClock,
  isEntryKind,
  type Topic,
  TOPICS,
} from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";
import { AgentRunner } from "./runner.ts";
import type {
  AgentEntry,
  AgentJournal,
  AgentRunnerOptions,
  AuthorGrantView,
  Executor,
  PresenceSnapshot,
  PresenceView,
} from "./types.ts";
import { WorkBook } from "./work_book.ts";

type StoredEvents = { "entry:stored": { readonly entry: AgentEntry } };

/** A journal as one run of a program has it: nothing goes in or out after a crash. */
class Session implements AgentJournal {
  readonly events: TypedEventTarget<StoredEvents> = new TypedEventTarget();
  isDead = false;
  readonly #node: FakeNode;

  constructor(node: FakeNode) {
    this.#node = node;
  }

  append(draft: Parameters<AgentJournal["append"]>[0]): Promise<void> {
    return this.isDead ? new Promise(() => {}) : this.#node.append(draft);
  }

  entriesAfter(cursor: number, query: { limit: number; kinds: readonly EntryKind[] }): AgentEntry[] {
    return this.#node.entries.filter((e) => e.cursor > cursor && query.kinds.includes(e.kind)).slice(0, query.limit);
  }
}

/** One node's disk and what it tells of itself. Survives its programs. */
export class FakeNode {
  readonly peer: PeerId;
  readonly grant: AuthorGrantView;
  readonly entries: AgentEntry[] = [];
  /** Members of one group hear each other. */
  group = 0;
  /** What the presence service would tell of this node; undefined: it is not running. */
  candidate: (() => Candidate) | undefined;
  /** Appends that fail from now on. */
  failures = 0;
  #session: Session | undefined;
  readonly #mesh: FakeMesh;
  readonly #author: TestAuthor;
  readonly #hlc: HlcClock;
  readonly #known = new Set<string>();

  constructor(mesh: FakeMesh, seed: number, grant: AuthorGrantView) {
    this.#mesh = mesh;
    this.#author = new TestAuthor(seed);
    this.#hlc = new HlcClock({ clock: mesh.clock });
    this.peer = this.#author.peer;
    this.grant = grant;
  }

  /** The journal for a new run of the program. */
  openJournal(): AgentJournal {
    this.#session = new Session(this);
    return this.#session;
  }

  /** Ends the run of the program at once. */
  crash(): void {
    this.candidate = undefined;
    if (this.#session) this.#session.isDead = true;
    this.#session = undefined;
  }

  async append<K extends EntryKind>(draft: {
    readonly kind: K;
    readonly topic: Topic;
    readonly body: BodyOf<K>;
    readonly task?: TaskId;
  }): Promise<void> {
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures--;
      throw new Error("Cannot append: the disk is full");
    }
    const { kind, body, topic, task } = draft;
    const envelope = this.#author.entry(kind, body, {
      hlc: this.#hlc.tick(),
      topic,
      ...(task === undefined ? {} : { task }),
    });
    this.receive(envelope);
    this.#mesh.spread(this, envelope);
  }

  receive(envelope: Envelope): void {
    if (this.#known.has(envelope.id)) return;
    const decoded = decodeBody(envelope);
    if (!decoded.ok || !isEntryKind(decoded.kind)) return;
    this.#known.add(envelope.id);
    this.#hlc.observe(envelope.header.hlc);
    const entry: AgentEntry = { cursor: this.entries.length + 1, envelope, kind: decoded.kind, body: decoded.body };
    this.entries.push(entry);
    this.#session?.events.emit("entry:stored", { entry });
  }

  /** The tasks and requests by this node's journal. */
  book(): WorkBook {
    const book = new WorkBook({ grantOf: this.#mesh.grantOf });
    for (const entry of this.entries) book.add(entry);
    return book;
  }

  task(taskId: TaskId): TaskView | undefined {
    return this.book().board.get(taskId);
  }

  /** Entries of one kind, as bodies. */
  bodies<K extends EntryKind>(kind: K): BodyOf<K>[] {
    return this.entries.filter((e) => e.kind === kind).map((e) => e.body as BodyOf<K>);
  }
}

/** Nodes that hear each other after `latencyMs`. */
export class FakeMesh {
  readonly clock: ManualClock;
  readonly nodes: FakeNode[] = [];
  readonly #latencyMs: number;
  readonly #random = createSeededRandom(42);
  readonly #changes: TypedEventTarget<{ changed: undefined }> = new TypedEventTarget();

  constructor(clock: ManualClock, options: { latencyMs?: number } = {}) {
    this.clock = clock;
    this.#latencyMs = options.latencyMs ?? 5;
  }

  readonly grantOf = (author: PeerId): AuthorGrantView | undefined => this.nodes.find((n) => n.peer === author)?.grant;

  addNode(name: string, fields: Partial<AuthorGrantView> = {}): FakeNode {
    const agentId = name as AgentId; // test names are valid ids
    const grant = { agentId, binaryType: "agent", role: "developer", level: "suggestion", ...fields };
    const node = new FakeNode(this, this.nodes.length + 1, grant);
    this.nodes.push(node);
    return node;
  }

  addPerson(name: string): FakeNode {
    return this.addNode(name, { binaryType: "hap" });
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
    options: Partial<AgentRunnerOptions> = {},
  ): Promise<AgentRunner> {
    const runner = this.createAgent(node, executor, options);
    await runner.start();
    this.presenceChanged();
    return runner;
  }

  /** An agent that is not started yet. */
  createAgent(node: FakeNode, executor: Executor, options: Partial<AgentRunnerOptions> = {}): AgentRunner {
    const settings = { capabilities: ["text"], maxTasks: 1, leaseMs: 1000, ...options };
    const runner = new AgentRunner({
      clock: this.clock,
      random: createSeededRandom(7),
      logger: createNullLogger(),
      journal: node.openJournal(),
      presence: this.presenceOf(node),
      executor,
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
    const request = person.book().inbox.get(requestId);
    if (!request) throw new Error(`"${requestId}" is not in the inbox`);
    const body = { requestId, requestDigest: request.digest, decision: "answer" as const, text };
    await person.append({ kind: "request_answered", topic: TOPICS.hmmm, body });
  }
}

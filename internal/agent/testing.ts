/**
 * A mesh of journals in memory, for tests of agents: entries are really signed and decoded, travel with a latency on a
 * manual clock, and stop at partitions.
 *
 * @module
 */
import { judgeAnswer, PersonBook, type PersonId, type PersonRecord, proofFault } from "@bzzz/agentid";
import { createTestPerson, type TestDevice, type TestPerson } from "@bzzz/agentid/testing";
import {
  type AgentId,
  createUlid,
  type EntryId,
  type PeerId,
  type RequestId,
  type TaskId,
  TypedEventTarget,
} from "@bzzz/base";
import { createSeededRandom, type ManualClock } from "@bzzz/base/testing";
import { type Candidate, commandFor, type TaskAct, taskKey, type TaskRegister, type TaskView } from "@bzzz/coordinator";
import { MemoryTaskVoters, readMemoryDecision } from "@bzzz/coordinator/testing";
import { messageEntryOf, ThreadIndex } from "@bzzz/hmmm";
import { createNullLogger } from "@bzzz/logging";
import { encodeCertificate } from "@bzzz/register";
import { JournalTaskFacts, PlanTimes } from "@bzzz/runtime";
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
import type { Advisor } from "./advisor.ts";
import { referenceOf } from "./claiming.ts";
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
import { type PeopleSource, WorkBook } from "./work_book.ts";

type StoredEvents = { "entry:stored": { readonly entry: AgentEntry } };

/** A journal as one run of a program has it: nothing goes in or out after a crash. */
class Session implements AgentJournal {
  readonly events: TypedEventTarget<StoredEvents> = new TypedEventTarget();
  isDead = false;
  readonly #node: FakeNode;

  constructor(node: FakeNode) {
    this.#node = node;
  }

  append(draft: Parameters<AgentJournal["append"]>[0]): ReturnType<AgentJournal["append"]> {
    return this.isDead ? new Promise(() => {}) : this.#node.append(draft);
  }

  get(id: EntryId): AgentEntry | undefined {
    return this.#node.entry(id);
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
  readonly #known = new Map<EntryId, AgentEntry>();
  /** Of a person's node: signs what it answers. */
  readonly device: TestDevice | undefined;
  /** What a node does that has no person's key, or whose key is locked. */
  signsAnswers = true;

  constructor(mesh: FakeMesh, seed: number, grant: AuthorGrantView, person?: TestPerson) {
    this.#mesh = mesh;
    this.#author = new TestAuthor(seed);
    this.device = person?.device(this.#author.peer, {
      mesh: this.#author.mesh,
      issuedAtMs: Math.trunc(mesh.clock.nowMs()),
    });
    this.#hlc = new HlcClock({ clock: mesh.clock });
    this.peer = this.#author.peer;
    this.grant = grant;
  }

  /** The registers for this run of the program; the voters are in group 0. */
  openRegister(): TaskRegister {
    const session = this.#session;
    return this.#mesh.voters.register({
      peer: this.peer,
      isCut: () => this.group !== 0,
      isDead: () => session?.isDead === true,
    });
  }

  /** Has something decided as a person's node does: an entry first if there is one, then the register, then its word. */
  async decide(taskId: TaskId, act: TaskAct): Promise<string> {
    const view = this.task(taskId);
    if (!view) throw new Error(`"${taskId}" is not on the board`);
    const register = this.openRegister();
    const reference = referenceOf(view);
    let outcome = await register.submit(taskKey(taskId), commandFor(view.value, reference, act));
    if (outcome.type === "refused" && outcome.code === "stale_version") {
      outcome = await register.submit(taskKey(taskId), commandFor(outcome.value, reference, act));
    }
    if (outcome.type !== "decided") return outcome.type === "refused" ? outcome.code : outcome.reason;
    const body = { taskId, certificate: encodeCertificate(outcome.certificate) };
    await this.append({ kind: "task_decided", topic: TOPICS.coordination, body, task: taskId });
    return "decided";
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
    readonly thread?: string;
    readonly parent?: EntryId;
  }): Promise<{ readonly envelope: Envelope }> {
    await Promise.resolve();
    if (this.failures > 0) {
      this.failures--;
      throw new Error("Cannot append: the disk is full");
    }
    const { kind, topic, task, thread, parent } = draft;
    const body = kind === "request_answered" ? this.#signed(draft.body) : draft.body;
    const envelope = this.#author.entry(kind, body, {
      hlc: this.#hlc.tick(),
      topic,
      ...(task === undefined ? {} : { task }),
      ...(thread === undefined ? {} : { thread }),
      ...(parent === undefined ? {} : { parent }),
    });
    this.receive(envelope);
    this.#mesh.spread(this, envelope);
    return { envelope };
  }

  /** As the person's device signs it; what has a proof, forged or not, stays as it is. */
  #signed<K extends EntryKind>(body: BodyOf<K>): BodyOf<K> {
    const answer = body as BodyOf<"request_answered">; // the caller looked at the kind
    if (!this.device || !this.signsAnswers || answer.proof) return body;
    return this.device.sign(answer, { role: this.grant.role, atMs: Math.trunc(this.#mesh.clock.nowMs()) }) as BodyOf<K>; // of its kind
  }

  entry(id: EntryId): AgentEntry | undefined {
    return this.#known.get(id);
  }

  receive(envelope: Envelope): void {
    if (this.#known.has(envelope.id)) return;
    const decoded = decodeBody(envelope);
    if (!decoded.ok || !isEntryKind(decoded.kind)) return;
    this.#hlc.observe(envelope.header.hlc);
    const entry: AgentEntry = { cursor: this.entries.length + 1, envelope, kind: decoded.kind, body: decoded.body };
    this.#known.set(envelope.id, entry);
    this.entries.push(entry);
    if (this.#mesh.nodes[0] === this) this.#mesh.heardByVoters(entry);
    this.#session?.events.emit("entry:stored", { entry });
  }

  /** The tasks and requests by this node's journal. */
  book(): WorkBook {
    const book = new WorkBook({
      people: this.#mesh.people,
      grantOf: this.#mesh.grantOf,
      readDecision: readMemoryDecision,
      clock: this.#mesh.clock,
    });
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

/** A book of people's records that every node has at once. */
export class FakePeople implements PeopleSource {
  readonly book = new PersonBook(new TestAuthor(1).mesh);
  readonly events: TypedEventTarget<{ "person:changed": { readonly person: PersonId } }> = new TypedEventTarget();
  readonly #mesh: Pick<FakeMesh, "clock" | "grantOf">;

  constructor(mesh: Pick<FakeMesh, "clock" | "grantOf">) {
    this.#mesh = mesh;
  }

  readonly proofOf: PeopleSource["proofOf"] = ({ author, seq, hlc, authority, body }) => {
    const judged = judgeAnswer(this.book, { mesh: this.book.mesh, author, seq, hlcMs: hlc.ms, grant: authority, body });
    return judged.ok ? judged.proof : undefined;
  };

  readonly isStanding: PeopleSource["isStanding"] = ({ author, human }) => {
    const nowMs = this.#mesh.clock.nowMs();
    const grant = this.#mesh.grantOf(author, nowMs);
    return human !== undefined && proofFault(this.book, human, { grant, nowMs }) === undefined;
  };

  isAbout(): boolean {
    return true;
  }

  /** Takes what a root key signed. */
  add({ bytes, person }: PersonRecord, author: PeerId): void {
    this.book.add(bytes, author);
    this.events.emit("person:changed", { person });
  }
}

/** Nodes that hear each other after `latencyMs`. */
export class FakeMesh {
  readonly clock: ManualClock;
  readonly nodes: FakeNode[] = [];
  readonly voters: MemoryTaskVoters;
  readonly #plans: PlanTimes;
  readonly #threads = new ThreadIndex();
  /** What is known of people, everywhere at once. */
  readonly people: FakePeople = new FakePeople(this);
  readonly #votersBook = new WorkBook({
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
  heardByVoters(entry: AgentEntry): void {
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

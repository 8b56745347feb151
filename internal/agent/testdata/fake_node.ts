// One node of a mesh in memory, for tests of agents.
import type { TestDevice, TestPerson } from "@bzzz/agentid/testing";
import { type EntryId, type PeerId, type TaskId, TypedEventTarget } from "@bzzz/base";
import type { ManualClock } from "@bzzz/base/testing";
import {
  type Candidate,
  commandFor,
  type TaskAct,
  taskKey,
  type TaskRegister,
  type TaskTexts,
  taskTextsOf,
  type TaskView,
} from "@bzzz/coordinator";
import { type MemoryTaskVoters, readMemoryDecision } from "@bzzz/coordinator/testing";
import { encodeCertificate } from "@bzzz/register";
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
import { referenceOf } from "../claiming.ts";
import type { AgentEntry, AgentJournal, AuthorGrantView } from "../types.ts";
import { type PeopleSource, WorkBook } from "../work_book.ts";

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

/** What a node finds around it: the mesh it is of. */
export interface NodeSurroundings {
  readonly clock: ManualClock;
  readonly voters: MemoryTaskVoters;
  readonly people: PeopleSource;
  readonly grantOf: (author: PeerId, atMs?: number) => AuthorGrantView | undefined;
  /** Brings an entry to the others. */
  spread(from: FakeNode, envelope: Envelope): void;
  /** A node has a new entry; the voters have the journal of one of them. */
  received(by: FakeNode, entry: AgentEntry): void;
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
  readonly #mesh: NodeSurroundings;
  readonly #author: TestAuthor;
  readonly #hlc: HlcClock;
  readonly #known = new Map<EntryId, AgentEntry>();
  /** Of a person's node: signs what it answers. */
  readonly device: TestDevice | undefined;
  /** What a node does that has no person's key, or whose key is locked. */
  signsAnswers = true;

  constructor(mesh: NodeSurroundings, seed: number, grant: AuthorGrantView, person?: TestPerson) {
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
    this.#mesh.received(this, entry);
    this.#session?.events.emit("entry:stored", { entry });
  }

  /** The tasks and requests by this node's journal. */
  book(): WorkBook {
    const book = new WorkBook({
      journal: { entriesAfter: (cursor, { limit }) => this.entries.slice(cursor, cursor + limit) },
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

  textsOf(taskId: TaskId): TaskTexts | undefined {
    const view = this.task(taskId);
    return view && taskTextsOf(view, (id) => this.#known.get(id));
  }

  /** Entries of one kind, as bodies. */
  bodies<K extends EntryKind>(kind: K): BodyOf<K>[] {
    return this.entries.filter((e) => e.kind === kind).map((e) => e.body as BodyOf<K>);
  }
}

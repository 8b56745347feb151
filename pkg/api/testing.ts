/**
 * A mesh in memory, for tests of whatever stands on the API.
 *
 * @module
 */
import { type Clock, createUlid, hexEncode, type Random } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import type { MeshEvent, MeshFacade } from "./facade.ts";
import { selectRequests } from "./select_requests.ts";
import { isOpenRequest } from "./states.ts";
import { FakeIdentity } from "./fake_identity.ts";
import { FakeSlurp } from "./fake_slurp.ts";
import type {
  AnswerInput,
  AskInput,
  CreateInviteInput,
  HandleInput,
  JournalQuery,
  MessageQuery,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  RetryTaskInput,
  ReviewTaskInput,
  TaskQuery,
} from "./inputs.ts";
import type {
  AgentView,
  AuthorView,
  CreatedInviteView,
  EntryDetailView,
  EntryView,
  InviteView,
  MemberView,
  MessageView,
  PeerView,
  PersonPresence,
  RequestRecord,
  StatusView,
  TaskView,
} from "./views.ts";
import { FakeElection } from "./fake_election.ts";
import { FakeRoles } from "./fake_roles.ts";
import { FakeVoters } from "./fake_voters.ts";

/** A task that nobody has claimed. */
const UNCLAIMED = { attempt: 0, token: 0, version: 0, spent: 0, attempts: [], superseded: [] };

/** Tokens that `createApi` takes in tests. */
export const TEST_WRITE_TOKEN = "write-token-for-tests-only-000";
export const TEST_READ_TOKEN = "read-token-for-tests-only-0000";

const TOPICS: Readonly<Record<string, string>> = {
  coordination: "bzzz/coordination/v1",
  hmmm: "hmmm/meta-discussion/v1",
  agents: "bzzz/agents/v1",
  context: "bzzz/context/v1",
};

function resolve(topic: string): string {
  const full = TOPICS[topic] ?? topic;
  if (!Object.values(TOPICS).includes(full)) {
    throw new ApiError("invalid_topic", `Cannot use the topic: "${topic}" is unknown`);
  }
  return full;
}

/** `MeshFacade` with real behaviour and no network: what is posted is in its journal and is reported to watchers. */
export class FakeMesh implements MeshFacade {
  readonly me: AuthorView = { peer_id: "12D3KooWMe", agent_id: "ana", role: "admin" };
  readonly agent: AuthorView = { peer_id: "12D3KooWAgent", agent_id: "agent-7f3a", role: "developer" };
  readonly roles = new FakeRoles();
  readonly voters = new FakeVoters();
  readonly identity = new FakeIdentity();
  readonly election = new FakeElection(this);
  readonly slurp = new FakeSlurp();
  readonly entries: EntryView[] = [];
  readonly taskMap = new Map<string, TaskView>();
  readonly requestMap = new Map<string, RequestRecord>();
  readonly memberList: MemberView[];
  peerList: PeerView[];
  inviteList: InviteView[] = [];
  stopReason: string | undefined;
  person: PersonPresence | undefined;
  /** When set, every call rejects with it. */
  failure: Error | undefined;
  readonly #watchers = new Set<(event: MeshEvent) => void>();
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(deps: { clock: Clock; random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    this.peerList = [this.#peer(this.agent)];
    this.memberList = [this.#member(this.me, "hap", true), this.#member(this.agent, "agent", false)];
  }

  /** Watchers that have not been removed. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Puts an entry into the journal as if `author` had written it. */
  append(
    kind: string,
    body: Record<string, unknown>,
    options: { author?: AuthorView; topic?: string; taskId?: string; thread?: string } = {},
  ): EntryView {
    const entry: EntryView = {
      cursor: this.entries.length + 1,
      id: hexEncode(this.#random.bytes(32)),
      kind,
      topic: resolve(options.topic ?? "coordination"),
      author: options.author ?? this.agent,
      seq: this.entries.length + 1,
      hlc: { ms: this.#clock.nowMs(), counter: 0 },
      body,
      ...(options.taskId === undefined ? {} : { task_id: options.taskId }),
      ...(options.thread === undefined ? {} : { thread: options.thread }),
    };
    this.entries.push(entry);
    this.emit({ type: "entry", entry });
    return entry;
  }

  emit(event: MeshEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  /** Lets the agent ask a person. */
  openRequest(fields: Partial<RequestRecord> = {}): RequestRecord {
    const record: RequestRecord = {
      request_id: createUlid(this.#clock.nowMs(), this.#random),
      digest: hexEncode(this.#random.bytes(32)),
      kind: "question",
      state: "pending",
      stakes: "normal",
      title: "Which branch?",
      body: "There are two.",
      allow: ["answer"],
      from: this.agent,
      to: { human: "ana" },
      is_addressed_to_me: true,
      opened_at_ms: this.#clock.nowMs(),
      on_timeout: "hold",
      ...fields,
    };
    this.requestMap.set(record.request_id, record);
    this.append("request_opened", { request_id: record.request_id, title: record.title, kind: record.kind });
    return record;
  }

  async status(): Promise<StatusView> {
    await this.#check();
    const tasks: Record<string, number> = {};
    for (const task of this.taskMap.values()) tasks[task.state] = (tasks[task.state] ?? 0) + 1;
    return {
      mesh: { id: "00112233445566778899aabbccddeeff", name: "hive" },
      node: { peer_id: this.me.peer_id, agent_id: "ana", binary_type: "hap", role: "admin", level: "master" },
      version: "0.1.0",
      protocol: { min: 1, max: 1 },
      state: this.stopReason === undefined ? "ready" : "stopping",
      reasons: [],
      is_insecure: false,
      started_at_ms: this.#clock.nowMs(),
      uptime_ms: 0,
      addresses: ["/ip4/127.0.0.1/tcp/9010"],
      peers: { connected: this.peerList.filter((peer) => peer.is_connected).length, known: this.peerList.length },
      leadership: { term: 0 },
      journal: { cursor: this.entries.length, entries: this.entries.length, authors: 2 },
      tasks,
      requests: { pending: [...this.requestMap.values()].filter(isOpenRequest).length },
      person_key: {
        state: this.identity.view.state,
        ...(this.identity.view.unlocked_until_ms === undefined
          ? {}
          : { unlocked_until_ms: this.identity.view.unlocked_until_ms }),
      },
    };
  }

  async peers(): Promise<readonly PeerView[]> {
    await this.#check();
    return this.peerList;
  }

  async members(): Promise<readonly MemberView[]> {
    await this.#check();
    return this.memberList;
  }

  async agents(): Promise<readonly AgentView[]> {
    await this.#check();
    return this.memberList.map((member) => ({
      agent_id: member.agent_id,
      peer_id: member.peer_id,
      binary_type: member.binary_type,
      role: member.role,
      capabilities: ["typescript"],
      models: [],
      software: "bzzz/0.1.0",
      presence: "ready",
      active_tasks: 0,
      max_tasks: 3,
      load: 0,
      ...(member.is_self && this.person ? { person: this.person } : {}),
    }));
  }

  async setPerson(person: PersonPresence): Promise<AgentView> {
    this.person = person;
    const own = (await this.agents()).find((agent) => agent.agent_id === this.me.agent_id);
    if (!own) throw new TypeError("Unreachable: this node is a member of its own mesh");
    return own;
  }

  async tasks(query: TaskQuery): Promise<readonly TaskView[]> {
    await this.#check();
    return [...this.taskMap.values()].filter((task) => !query.state || task.state === query.state).reverse()
      .slice(0, query.limit);
  }

  async task(taskId: string): Promise<TaskView | undefined> {
    await this.#check();
    return this.taskMap.get(taskId);
  }

  async taskHistory(taskId: string): Promise<readonly EntryView[]> {
    await this.#check();
    return this.entries.filter((entry) => entry.task_id === taskId);
  }

  async postTask(input: PostTaskInput): Promise<{ task: TaskView; isNew: boolean }> {
    await this.#check();
    const same = [...this.taskMap.values()].find((task) => input.client_id && task.client_id === input.client_id);
    if (same && same.title !== input.title) {
      throw new ApiError("client_id_conflict", "Cannot post the task: its client_id names another one");
    }
    if (same) return { task: same, isNew: false };
    const now = this.#clock.nowMs();
    const task: TaskView = {
      ...input,
      ...UNCLAIMED,
      task_id: createUlid(now, this.#random),
      state: "announced",
      author: this.me,
      created_at_ms: now,
      updated_at_ms: now,
    };
    this.taskMap.set(task.task_id, task);
    this.append("task_posted", { task_id: task.task_id, title: task.title }, { author: this.me, taskId: task.task_id });
    return { task, isNew: true };
  }

  async cancelTask(taskId: string, options: { reason: string }): Promise<TaskView> {
    await this.#check();
    const task = this.taskMap.get(taskId);
    if (!task) throw new ApiError("not_found", "Cannot cancel the task: there is none with that id");
    if (["completed", "failed", "cancelled"].includes(task.state)) {
      throw new ApiError("task_closed", `Cannot cancel the task: it is ${task.state}`, {
        details: { state: task.state },
      });
    }
    const cancelled: TaskView = { ...task, state: "cancelled", reason: options.reason };
    this.taskMap.set(taskId, cancelled);
    this.append("task_cancelled", { task_id: taskId, reason: options.reason }, { author: this.me, taskId });
    return cancelled;
  }

  async retryTask(taskId: string, input: RetryTaskInput): Promise<TaskView> {
    const task = await this.#task(taskId, "retry");
    if (!["failed", "cancelled", "expired"].includes(task.state)) {
      throw new ApiError("task_refused", `Cannot retry the task: it is ${task.state}, not at its end`);
    }
    return this.#replace({ ...task, state: "announced" }, "task_retried", input.reason);
  }

  async reviewTask(taskId: string, { verdict, reason }: ReviewTaskInput): Promise<TaskView> {
    const task = await this.#task(taskId, verdict);
    if (task.state !== "review") {
      throw new ApiError("task_refused", `Cannot ${verdict} the task: it is ${task.state}, not in review`);
    }
    return this.#replace({ ...task, state: verdict === "accept" ? "completed" : "announced" }, "task_reviewed", reason);
  }

  async #task(taskId: string, verb: string): Promise<TaskView> {
    await this.#check();
    const task = this.taskMap.get(taskId);
    if (!task) throw new ApiError("not_found", `Cannot ${verb} the task: there is none with that id`);
    return task;
  }

  #replace(task: TaskView, kind: string, reason: string): TaskView {
    this.taskMap.set(task.task_id, task);
    this.append(kind, { task_id: task.task_id, reason }, { author: this.me, taskId: task.task_id });
    return task;
  }

  async journal(query: JournalQuery): Promise<readonly EntryView[]> {
    await this.#check();
    const topic = query.topic === undefined ? undefined : resolve(query.topic);
    return this.entries.filter((entry) =>
      entry.cursor > query.after && (!topic || entry.topic === topic) && (!query.kind || entry.kind === query.kind) &&
      (!query.task || entry.task_id === query.task)
    ).slice(0, query.limit);
  }

  async latestCursor(): Promise<number> {
    await this.#check();
    return this.entries.length;
  }

  async entry(id: string): Promise<EntryDetailView | undefined> {
    await this.#check();
    const entry = this.entries.find((candidate) => candidate.id === id);
    return entry && { ...entry, frame: "AAAA" };
  }

  async messages(query: MessageQuery): Promise<readonly MessageView[]> {
    await this.#check();
    const all = this.entries.filter((entry) =>
      entry.kind === "message_posted" && (query.thread === undefined || entry.thread === query.thread)
    ).map((entry) => this.#message(entry));
    return query.after === undefined
      ? all.slice(-query.limit)
      : all.filter((message) => message.cursor > (query.after ?? 0)).slice(0, query.limit);
  }

  async postMessage(input: PostMessageInput): Promise<MessageView> {
    await this.#check();
    const { type, text, to, refs, severity, thread, task_id: taskId, topic, capabilities, ttl_ms: ttlMs } = input;
    const body = {
      type,
      text,
      to,
      refs,
      ...(severity ? { severity } : {}),
      ...(capabilities ? { capabilities } : {}),
      ...(ttlMs === undefined ? {} : { ttl_ms: ttlMs }),
    };
    const place = { ...(thread === undefined ? {} : { thread }), ...(taskId === undefined ? {} : { taskId }) };
    return this.#message(this.append("message_posted", body, { author: this.me, topic, ...place }));
  }

  async requests(query: RequestQuery): Promise<readonly RequestRecord[]> {
    await this.#check();
    return selectRequests([...this.requestMap.values()], query, { nowMs: this.#clock.nowMs() });
  }

  async request(requestId: string): Promise<RequestRecord | undefined> {
    await this.#check();
    return this.requestMap.get(requestId);
  }

  async answer(requestId: string, input: AnswerInput): Promise<RequestRecord> {
    await this.#check();
    const record = this.requestMap.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot answer the request: there is none with that id");
    if (record.answer) {
      throw new ApiError("already_answered", `Cannot answer the request: ${record.answer.by.agent_id} did`, {
        details: { answered_by: record.answer.by.agent_id, answered_at_ms: record.answer.at_ms },
      });
    }
    if (!isOpenRequest(record)) {
      throw new ApiError("request_closed", `Cannot answer the request: it is ${record.state}`);
    }
    if (record.digest !== input.request_digest) {
      throw new ApiError("digest_mismatch", "Cannot answer the request: the digest is of another text");
    }
    this.identity.sign(record, input);
    const { request_digest: digest, edited_action: edited, passphrase: _, ...decided } = input;
    const decision = { ...decided, ...(edited ? { edited_action: edited } : {}) };
    const entry = this.append("request_answered", { request_id: requestId, request_digest: digest, ...decision }, {
      author: this.me,
    });
    const answered: RequestRecord = {
      ...record,
      state: input.decision === "deny" ? "declined" : "answered",
      answer: { ...decision, by: this.me, at_ms: this.#clock.nowMs(), entry_id: entry.id },
    };
    this.requestMap.set(requestId, answered);
    return answered;
  }

  async ask(input: AskInput): Promise<RequestRecord> {
    await this.#check();
    const { kind, to, title, body, stakes, on_timeout, allow, choices, deadline_ms: deadlineMs } = input;
    return this.openRequest({
      kind,
      to,
      title,
      body,
      stakes,
      on_timeout,
      allow: allow ?? (kind === "approval" ? ["approve", "deny"] : choices ? ["choose", "deny"] : ["answer", "deny"]),
      from: this.me,
      is_addressed_to_me: false,
      ...(choices ? { choices } : {}),
      ...(deadlineMs === undefined ? {} : { deadline_ms: deadlineMs }),
    });
  }

  async handle(requestId: string, input: HandleInput): Promise<RequestRecord> {
    await this.#check();
    const record = this.requestMap.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot do that: there is no request with that id");
    if (record.digest !== input.request_digest) {
      throw new ApiError("digest_mismatch", "Cannot do that: the digest is of another text");
    }
    const { act, until_ms: untilMs, to = {}, reason } = input;
    const at = this.#clock.nowMs();
    this.append("request_handled", { request_id: requestId, act }, { author: this.me });
    const isOver = (untilMs ?? 0) <= at;
    const escalation = { by: "ana", at_ms: at, to, ...(reason === undefined ? {} : { reason }) };
    const handled: RequestRecord = {
      ...record,
      ...(act === "snooze" ? { state: isOver ? "pending" : "snoozed", snoozed_until_ms: untilMs ?? 0 } : {}),
      ...(act === "escalate" ? { state: "escalated", escalations: [...record.escalations ?? [], escalation] } : {}),
    };
    this.requestMap.set(requestId, handled);
    return handled;
  }

  async revokeApproval(requestId: string, { reason }: { reason: string }): Promise<RequestRecord> {
    await this.#check();
    const record = this.requestMap.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot take that back: there is no request with that id");
    if (record.answer?.decision !== "approve" || record.revoked) {
      throw new ApiError("request_closed", "Cannot take the approval back: there is none");
    }
    const revoked: RequestRecord = { ...record, revoked: { by: "ana", at_ms: this.#clock.nowMs(), reason } };
    this.append("request_revoked", { request_id: requestId, reason }, { author: this.me });
    this.requestMap.set(requestId, revoked);
    return revoked;
  }

  async withdraw(requestId: string, { reason }: { reason: string }): Promise<RequestRecord> {
    await this.#check();
    const record = this.requestMap.get(requestId);
    if (!record) throw new ApiError("not_found", "Cannot withdraw the request: there is none with that id");
    const withdrawn: RequestRecord = { ...record, state: "withdrawn", closed_reason: reason };
    this.append("request_withdrawn", { request_id: requestId, reason }, { author: this.me });
    this.requestMap.set(requestId, withdrawn);
    return withdrawn;
  }

  async invites(): Promise<readonly InviteView[]> {
    await this.#check();
    return this.inviteList;
  }

  async createInvite(input: CreateInviteInput): Promise<CreatedInviteView> {
    await this.#check();
    const { ttl_ms: ttlMs, ...fields } = input;
    const invite: InviteView = {
      ...fields,
      invite_id: createUlid(this.#clock.nowMs(), this.#random),
      state: "open",
      expires_at_ms: this.#clock.nowMs() + ttlMs,
    };
    this.inviteList.push(invite);
    return { ...invite, token: "bzzz-join1-AAAA" };
  }

  async revokeInvite(inviteId: string): Promise<InviteView> {
    await this.#check();
    const invite = this.inviteList.find((candidate) => candidate.invite_id === inviteId);
    if (!invite) throw new ApiError("not_found", "Cannot revoke the invite: there is none with that id");
    invite.state = "revoked";
    return invite;
  }

  async revokeMember(reference: string, options: { reason: string }): Promise<MemberView> {
    await this.#check();
    const member = this.memberList.find((one) => one.peer_id === reference || one.agent_id === reference);
    if (!member) throw new ApiError("not_found", "Cannot revoke the member: there is none with that id");
    member.revoked = { at_ms: this.#clock.nowMs(), reason: options.reason };
    return member;
  }

  async stop(options: { reason: string }): Promise<void> {
    await this.#check();
    this.stopReason = options.reason;
  }

  watch(listener: (event: MeshEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  #check(): Promise<void> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve();
  }

  #message(entry: EntryView): MessageView {
    const body = entry.body as Pick<MessageView, "type" | "text" | "to" | "refs" | "severity">; // only `postMessage` writes this kind
    const { id, cursor, topic, author } = entry;
    return { id, cursor, topic, author, ...body, at_ms: entry.hlc.ms };
  }

  #peer(author: AuthorView): PeerView {
    return {
      ...author,
      is_connected: true,
      presence: "ready",
      addresses: ["/ip4/127.0.0.1/tcp/9000"],
      latency_ms: 1.5,
    };
  }

  #member(author: AuthorView, binaryType: "agent" | "hap", isSelf: boolean): MemberView {
    return {
      peer_id: author.peer_id,
      agent_id: author.agent_id ?? "",
      binary_type: binaryType,
      role: author.role ?? "",
      level: isSelf ? "master" : "suggestion",
      grant_id: "g1",
      issuer: "root",
      not_before_ms: 0,
      not_after_ms: this.#clock.nowMs() + 86_400_000,
      is_self: isSelf,
      is_connected: true,
    };
  }
}

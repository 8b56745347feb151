/**
 * A mesh in memory, for tests of whatever stands on the API.
 *
 * @module
 */
import { type Clock, createUlid, type Random } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import type { MeshEvent, MeshFacade } from "./facade.ts";
import { isOpenRequest } from "./states.ts";
import { FakeIdentity } from "./fake_identity.ts";
import { FakeJournal } from "./fake_journal.ts";
import type { Page } from "./fair_page.ts";
import { FakeRequests } from "./fake_requests.ts";
import { FakeTasks } from "./fake_tasks.ts";
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

/** Tokens that `createApi` takes in tests. */
export const TEST_WRITE_TOKEN = "write-token-for-tests-only-000";
export const TEST_READ_TOKEN = "read-token-for-tests-only-0000";

/** `MeshFacade` with real behaviour and no network: what is posted is in its journal and is reported to watchers. */
export class FakeMesh implements MeshFacade {
  readonly me: AuthorView = { peer_id: "12D3KooWMe", agent_id: "ana", role: "admin" };
  readonly agent: AuthorView = { peer_id: "12D3KooWAgent", agent_id: "agent-7f3a", role: "developer" };
  readonly roles = new FakeRoles();
  readonly voters = new FakeVoters();
  readonly identity = new FakeIdentity();
  readonly election = new FakeElection(this);
  readonly slurp = new FakeSlurp();
  readonly entries: EntryView[];
  readonly taskMap: Map<string, TaskView>;
  readonly requestMap: Map<string, RequestRecord>;
  readonly memberList: MemberView[];
  peerList: PeerView[];
  inviteList: InviteView[] = [];
  stopReason: string | undefined;
  person: PersonPresence | undefined;
  /** When set, every call rejects with it. */
  failure: Error | undefined;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #journal: FakeJournal;
  readonly #tasks: FakeTasks;
  readonly #requests: FakeRequests;

  constructor(deps: { clock: Clock; random: Random }) {
    this.#clock = deps.clock;
    this.#random = deps.random;
    const { me, agent } = this;
    this.#journal = new FakeJournal({ ...deps, me, agent });
    this.#tasks = new FakeTasks(this.#journal, { ...deps, me, agent });
    this.#requests = new FakeRequests(this.#journal, this.identity, { ...deps, me, agent });
    this.entries = this.#journal.entries;
    this.taskMap = this.#tasks.map;
    this.requestMap = this.#requests.map;
    this.peerList = [this.#peer(this.agent)];
    this.memberList = [this.#member(this.me, "hap", true), this.#member(this.agent, "agent", false)];
  }

  /** Watchers that have not been removed. */
  get watchers(): number {
    return this.#journal.watchers;
  }

  /** Puts an entry into the journal as if `author` had written it. */
  append(
    kind: string,
    body: Record<string, unknown>,
    options: { author?: AuthorView; topic?: string; taskId?: string; thread?: string } = {},
  ): EntryView {
    return this.#journal.append(kind, body, options);
  }

  emit(event: MeshEvent): void {
    this.#journal.emit(event);
  }

  /** Lets the agent ask a person. */
  openRequest(fields: Partial<RequestRecord> = {}): RequestRecord {
    return this.#requests.open(fields);
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
      requests: {
        pending: this.#requests.ids("open").length,
        for_me: [...this.requestMap.values()]
          .filter((one) => isOpenRequest(one) && one.is_addressed_to_me && one.state !== "snoozed").length,
      },
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

  tasks(query: TaskQuery): Promise<Page<TaskView>> {
    return this.#checked(() => this.#tasks.list(query));
  }

  taskIds(): Promise<readonly string[]> {
    return this.#checked(() => [...this.taskMap.keys()]);
  }

  task(taskId: string): Promise<TaskView | undefined> {
    return this.#checked(() => this.#tasks.get(taskId));
  }

  taskHistory(taskId: string): Promise<readonly EntryView[]> {
    return this.#checked(() => this.#tasks.history(taskId));
  }

  postTask(input: PostTaskInput): Promise<{ task: TaskView; isNew: boolean }> {
    return this.#checked(() => this.#tasks.post(input));
  }

  cancelTask(taskId: string, options: { reason: string }): Promise<TaskView> {
    return this.#checked(() => this.#tasks.cancel(taskId, options));
  }

  retryTask(taskId: string, input: RetryTaskInput): Promise<TaskView> {
    return this.#checked(() => this.#tasks.retry(taskId, input));
  }

  reviewTask(taskId: string, options: ReviewTaskInput): Promise<TaskView> {
    return this.#checked(() => this.#tasks.review(taskId, options));
  }

  journal(query: JournalQuery): Promise<readonly EntryView[]> {
    return this.#checked(() => this.#journal.journal(query));
  }

  latestCursor(): Promise<number> {
    return this.#checked(() => this.#journal.latestCursor());
  }

  entry(id: string): Promise<EntryDetailView | undefined> {
    return this.#checked(() => this.#journal.entry(id));
  }

  messages(query: MessageQuery): Promise<readonly MessageView[]> {
    return this.#checked(() => this.#journal.messages(query));
  }

  postMessage(input: PostMessageInput): Promise<MessageView> {
    return this.#checked(() => this.#journal.postMessage(input));
  }

  requests(query: RequestQuery): Promise<Page<RequestRecord>> {
    return this.#checked(() => this.#requests.list(query));
  }

  requestIds(which: "all" | "open"): Promise<readonly string[]> {
    return this.#checked(() => this.#requests.ids(which));
  }

  request(requestId: string): Promise<RequestRecord | undefined> {
    return this.#checked(() => this.#requests.get(requestId));
  }

  answer(requestId: string, input: AnswerInput): Promise<RequestRecord> {
    return this.#checked(() => this.#requests.answer(requestId, input));
  }

  ask(input: AskInput): Promise<RequestRecord> {
    return this.#checked(() => this.#requests.ask(input));
  }

  handle(requestId: string, input: HandleInput): Promise<RequestRecord> {
    return this.#checked(() => this.#requests.handle(requestId, input));
  }

  revokeApproval(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    return this.#checked(() => this.#requests.revokeApproval(requestId, options));
  }

  withdraw(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    return this.#checked(() => this.#requests.withdraw(requestId, options));
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
    return this.#journal.watch(listener);
  }

  async #checked<T>(work: () => T): Promise<T> {
    await this.#check();
    return work();
  }

  #check(): Promise<void> {
    return this.failure ? Promise.reject(this.failure) : Promise.resolve();
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

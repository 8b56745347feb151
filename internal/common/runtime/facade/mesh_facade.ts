import { fairPage } from "@bzzz/api";
import type {
  AgentView,
  AnswerInput,
  AskInput,
  CreatedInviteView,
  CreateInviteInput,
  EntryDetailView,
  EntryView,
  HandleInput,
  InviteView,
  JournalQuery,
  MemberView,
  MeshEvent,
  MeshFacade,
  MessageQuery,
  MessageView,
  Page,
  PeerView,
  PersonPresence,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  RequestRecord,
  RetryTaskInput,
  ReviewTaskInput,
  StatusView,
  TaskQuery,
  TaskView,
} from "@bzzz/api";
import { base64UrlEncode, parseEntryId, parseTaskId, type PeerId } from "@bzzz/base";
import { taskTextsOf, type TaskView as BoardTask, usedBy } from "@bzzz/coordinator";
import { PROTOCOL_VERSION } from "@bzzz/wire";
import type { FacadeDeps } from "./facade_deps.ts";
import { MembersDesk } from "./members_desk.ts";
import { RequestsDesk } from "./requests_desk.ts";
import { Standing } from "./standing.ts";
import { ElectionDesk } from "./election_desk.ts";
import { composeMessage } from "./messages.ts";
import { queryHistory, queryJournal, queryMessages } from "./queries.ts";
import { RootDesk } from "../people/root_desk.ts";
import { IdentityDesk } from "./identity_desk.ts";
import { RolesDesk } from "./roles_desk.ts";
import { SlurpDesk } from "./slurp_desk.ts";
import { VotersDesk } from "./voters_desk.ts";
import { TaskDesk } from "./task_desk.ts";
import { authorView, entryView, messageView, taskView } from "./views.ts";

/** The running node, as its API and its portal see it. */
export class NodeFacade implements MeshFacade {
  readonly roles: RolesDesk;
  readonly voters: VotersDesk;
  readonly identity: IdentityDesk;
  readonly election: ElectionDesk;
  readonly slurp: SlurpDesk;
  readonly #deps: FacadeDeps;
  readonly #standing: Standing;
  readonly #desk: TaskDesk;
  readonly #members: MembersDesk;
  readonly #requests: RequestsDesk;

  constructor(deps: FacadeDeps) {
    this.#deps = deps;
    this.#standing = new Standing(deps);
    this.#members = new MembersDesk(deps, this.#standing);
    this.#requests = new RequestsDesk(deps, this.#standing);
    this.#desk = new TaskDesk(deps);
    this.roles = new RolesDesk({ ...deps, service: deps.roles });
    this.voters = new VotersDesk(deps);
    this.identity = new IdentityDesk({
      ...deps,
      root: new RootDesk(deps, {
        home: deps.home,
        mesh: deps.local.mesh.meshId,
        self: deps.local.identity.peerId,
      }),
    });
    const author = (peer: PeerId) => authorView(peer, this.#standing.grantOf);
    this.slurp = new SlurpDesk({ ...deps, author });
    this.election = new ElectionDesk({
      ...deps,
      author,
      assertMay: (what) => this.#standing.assertMay("election_ordered", what),
    });
  }

  async status(): Promise<StatusView> {
    const { local, journal, node, clock, config, readModel, health } = this.#deps;
    const status = health.status();
    const stats = journal.stats();
    const states = readModel.board.list().map((task) => task.state);
    const network = node.stats();
    const { term, leader } = this.#deps.election.view();
    return {
      mesh: { id: local.mesh.meshId, name: local.mesh.name },
      node: {
        peer_id: local.identity.peerId,
        agent_id: local.identity.agentId,
        binary_type: config.binaryType,
        role: this.#standing.self().role,
        level: this.#standing.self().level,
      },
      version: this.#deps.version,
      protocol: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
      state: stateWord(status),
      reasons: status.reasons.map((reason) => reason.message),
      is_insecure: this.#deps.isInsecure,
      started_at_ms: Math.floor(this.#deps.startedAtMs),
      uptime_ms: Math.max(0, Math.floor(clock.nowMs() - this.#deps.startedAtMs)),
      addresses: node.addresses(),
      peers: { connected: network.admittedPeers, known: network.knownPeers },
      leadership: { term, ...(leader ? { leader: authorView(leader, this.#standing.grantOf) } : {}) },
      journal: { cursor: stats.entries, entries: stats.entries, authors: stats.authors },
      tasks: Object.fromEntries(
        Map.groupBy(states, (state) => state).entries().map(([state, all]) => [state, all.length]),
      ),
      requests: this.#requests.count(),
      ...(config.binaryType === "hap" ? { person_key: await this.identity.keyState() } : {}),
    };
  }

  peers(): Promise<readonly PeerView[]> {
    return this.#members.peers();
  }

  members(): Promise<readonly MemberView[]> {
    return this.#members.members();
  }

  agents(): Promise<readonly AgentView[]> {
    return this.#members.agents();
  }

  tasks({ state, limit, after }: TaskQuery): Promise<Page<TaskView>> {
    const tasks = this.#deps.readModel.board.list().filter((task) => state === undefined || task.state === state);
    const page = fairPage(tasks, {
      placeOf: ({ taskId, postedBy, postedAt: { ms, counter } }) => ({
        owner: postedBy,
        atMs: ms,
        counter,
        id: taskId,
      }),
      first: "newest",
      limit,
      after,
      view: (task) => this.#taskView(task),
    });
    return Promise.resolve(page);
  }

  taskIds(): Promise<readonly string[]> {
    return Promise.resolve(this.#deps.readModel.board.list().map(({ taskId }) => taskId));
  }

  task(taskId: string): Promise<TaskView | undefined> {
    const id = parseTaskId(taskId);
    const task = id && this.#deps.readModel.task(id);
    return Promise.resolve(task && this.#taskView(task));
  }

  taskHistory(taskId: string): Promise<readonly EntryView[]> {
    const id = parseTaskId(taskId);
    const entries = id ? queryHistory(this.#deps.journal, id) : [];
    return Promise.resolve(entries.map((entry) => entryView(entry, this.#standing.grantOf)));
  }

  async postTask(input: PostTaskInput): Promise<{ task: TaskView; isNew: boolean }> {
    this.#standing.assertMay("task_posted", "post a task");
    const { task, isNew } = await this.#desk.post(input);
    return { task: this.#taskView(task), isNew };
  }

  async cancelTask(taskId: string, options: { reason: string }): Promise<TaskView> {
    this.#standing.assertMay("task_cancelled", "cancel a task");
    return this.#taskView(await this.#desk.cancel(taskId, options.reason));
  }

  async retryTask(taskId: string, { reason, deadline_ms: deadlineMs }: RetryTaskInput): Promise<TaskView> {
    this.#standing.assertMay("task_retried", "have a task tried again");
    const options = { reason, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
    return this.#taskView(await this.#desk.retry(taskId, options));
  }

  async reviewTask(taskId: string, input: ReviewTaskInput): Promise<TaskView> {
    this.#standing.assertMay("task_reviewed", "review a task");
    return this.#taskView(await this.#desk.review(taskId, input));
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async journal(query: JournalQuery): Promise<readonly EntryView[]> {
    return queryJournal(this.#deps.journal, query).map((entry) => entryView(entry, this.#standing.grantOf));
  }

  latestCursor(): Promise<number> {
    return Promise.resolve(this.#deps.journal.stats().entries);
  }

  entry(id: string): Promise<EntryDetailView | undefined> {
    const entryId = parseEntryId(id);
    const entry = entryId && this.#deps.journal.get(entryId);
    return Promise.resolve(
      entry && { ...entryView(entry, this.#standing.grantOf), frame: base64UrlEncode(entry.envelope.frame) },
    );
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async messages(query: MessageQuery): Promise<readonly MessageView[]> {
    return queryMessages(this.#deps.journal, query)
      .flatMap((entry) => entry.kind === "message_posted" ? [messageView(entry, this.#standing.grantOf)] : []);
  }

  async postMessage(input: PostMessageInput): Promise<MessageView> {
    this.#standing.assertMay("message_posted", "post a message");
    const entry = await this.#deps.journal.append(composeMessage(this.#deps, input));
    return messageView(entry, this.#standing.grantOf);
  }

  requests(query: RequestQuery): Promise<Page<RequestRecord>> {
    return this.#requests.list(query);
  }

  requestIds(which: "all" | "open"): Promise<readonly string[]> {
    return Promise.resolve(this.#requests.ids(which));
  }

  request(requestId: string): Promise<RequestRecord | undefined> {
    return this.#requests.get(requestId);
  }

  answer(requestId: string, input: AnswerInput): Promise<RequestRecord> {
    return this.#requests.answer(requestId, input);
  }

  ask(input: AskInput): Promise<RequestRecord> {
    return this.#requests.ask(input);
  }

  handle(requestId: string, input: HandleInput): Promise<RequestRecord> {
    return this.#requests.handle(requestId, input);
  }

  revokeApproval(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    return this.#requests.revokeApproval(requestId, options);
  }

  withdraw(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    return this.#requests.withdraw(requestId, options);
  }

  invites(): Promise<readonly InviteView[]> {
    return this.#members.invites();
  }

  createInvite(input: CreateInviteInput): Promise<CreatedInviteView> {
    return this.#members.createInvite(input);
  }

  revokeInvite(inviteId: string): Promise<InviteView> {
    return this.#members.revokeInvite(inviteId);
  }

  revokeMember(reference: string, options: { reason: string }): Promise<MemberView> {
    return this.#members.revokeMember(reference, options);
  }

  setPerson(person: PersonPresence): Promise<AgentView> {
    return this.#members.setPerson(person);
  }

  stop(options: { reason: string }): Promise<void> {
    this.#deps.requestStop(options.reason);
    return Promise.resolve();
  }

  watch(listener: (event: MeshEvent) => void): () => void {
    const { journal, node } = this.#deps;
    const controller = new AbortController();
    const { signal } = controller;
    journal.events.on("entry:stored", ({ entry }) => {
      listener({ type: "entry", entry: entryView(entry, this.#standing.grantOf) });
    }, { signal });
    for (const change of ["connected", "admitted", "disconnected"] as const) {
      node.events.on(`peer:${change}`, ({ peer }) => {
        listener({ type: "peer", change, peer: this.#members.peerView(peer) });
      }, { signal });
    }
    this.#deps.election.events.on("leader:changed", () => {
      listener({ type: "leader", election: this.election.view() });
    }, { signal });
    return () => controller.abort();
  }

  #taskView(task: BoardTask): TaskView {
    const { board, sessions } = this.#deps.readModel;
    return taskView(task, this.#standing.grantOf, {
      session: sessions.threadOf(task.taskId),
      used: usedBy(board, task),
      texts: taskTextsOf(task, (id) => this.#deps.journal.get(id)),
    });
  }
}

function stateWord(status: { phase: string; status: string; isReady: boolean }): StatusView["state"] {
  if (status.phase === "starting") return "starting";
  if (status.phase === "draining" || status.phase === "stopped") return "stopping";
  return status.isReady && status.status === "healthy" ? "ready" : "degraded";
}

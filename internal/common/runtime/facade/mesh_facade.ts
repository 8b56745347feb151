import { type Grant, mayAuthor } from "@bzzz/agentid";
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
import { selectRequests } from "@bzzz/api";
import {
  base64UrlEncode,
  type Clock,
  parseAgentId,
  parseEntryId,
  parsePeerId,
  parseRequestId,
  parseTaskId,
  type PeerId,
  type Random,
} from "@bzzz/base";
import type { Config } from "@bzzz/config";
import { type TaskRegister, type TaskView as BoardTask, usedBy } from "@bzzz/coordinator";

import type { ElectionManager } from "@bzzz/election";
import type { HealthManager } from "@bzzz/health";
import type { Journal } from "@bzzz/journal";
import type { P2pNode } from "@bzzz/p2p";
import type { RegisterNode } from "@bzzz/register";
import type { PresenceRecord, PresenceService } from "@bzzz/presence";
import { type EntryKind, PROTOCOL_VERSION } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { People } from "../people/people.ts";
import type { PersonKeys } from "../people/person_keys.ts";
import type { MeshReadModel } from "../read_model.ts";
import { invitedLevel } from "../roles/defined_roles.ts";
import type { RoleService } from "../roles/role_service.ts";
import type { TrustService } from "../trust.ts";
import { answerRequest } from "./answers.ts";
import { askPeople, handleRequest, revokeApproval, withdrawRequest } from "./requests.ts";
import { ElectionDesk } from "./election_desk.ts";
import { composeMessage } from "./messages.ts";
import { FacadeError, queryJournal, queryMessages, queryTask } from "./queries.ts";
import { RootDesk } from "../people/root_desk.ts";
import { IdentityDesk } from "./identity_desk.ts";
import { RolesDesk } from "./roles_desk.ts";
import { SlurpDesk, type SlurpSource } from "./slurp_desk.ts";
import { VotersDesk } from "./voters_desk.ts";
import { TaskDesk } from "./task_desk.ts";
import {
  agentView,
  authorView,
  entryView,
  inviteView,
  memberView,
  messageView,
  peerView,
  requestRecord,
  taskView,
} from "./views.ts";

/** What the facade stands on. */
export interface FacadeDeps {
  readonly local: LocalIdentity;
  readonly config: Config;
  readonly version: string;
  readonly isInsecure: boolean;
  readonly startedAtMs: number;
  readonly journal: Journal;
  readonly readModel: MeshReadModel;
  readonly people: People;
  /** The key of this node's person. */
  readonly person: PersonKeys;
  readonly register: TaskRegister;
  readonly trust: TrustService;
  readonly roles: RoleService;
  readonly registers: RegisterNode;
  /** The data directory. */
  readonly home: string;
  readonly node: P2pNode;
  readonly presence: PresenceService;
  readonly health: HealthManager;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs" | "sleep">;
  readonly election: Pick<ElectionManager, "view" | "ranking" | "order" | "events">;
  readonly slurp: SlurpSource;
  readonly random: Random;
  /** What this node says about itself now. */
  readonly describeSelf: () => PresenceRecord["body"];
  /** What its person says of themselves, for the next presence. */
  readonly setPerson: (person: PersonPresence) => void;
  /** Asks the program to end in good order. */
  readonly requestStop: (reason: string) => void;
}

/** The running node, as its API and its portal see it. */
export class NodeFacade implements MeshFacade {
  readonly roles: RolesDesk;
  readonly voters: VotersDesk;
  readonly identity: IdentityDesk;
  readonly election: ElectionDesk;
  readonly slurp: SlurpDesk;
  readonly #deps: FacadeDeps;
  readonly #desk: TaskDesk;

  constructor(deps: FacadeDeps) {
    this.#deps = deps;
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
    const author = (peer: PeerId) => authorView(peer, this.#grantOf);
    this.slurp = new SlurpDesk({ ...deps, author });
    this.election = new ElectionDesk({
      ...deps,
      author,
      assertMay: (what) => this.#assertMay("election_ordered", what),
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
        role: this.#self().role,
        level: this.#self().level,
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
      leadership: { term, ...(leader ? { leader: authorView(leader, this.#grantOf) } : {}) },
      journal: { cursor: stats.entries, entries: stats.entries, authors: stats.authors },
      tasks: Object.fromEntries(
        Map.groupBy(states, (state) => state).entries().map(([state, all]) => [state, all.length]),
      ),
      requests: { pending: readModel.inbox.list(clock.nowMs(), "open").length },
      ...(config.binaryType === "hap" ? { person_key: await this.identity.keyState() } : {}),
    };
  }

  peers(): Promise<readonly PeerView[]> {
    const { node, presence, local } = this.#deps;
    const infos = new Map(node.peers().map((info) => [info.peer, info]));
    const records = new Map(presence.records().map((record) => [record.peer, record]));
    const known = new Set([...infos.keys(), ...records.keys()]);
    known.delete(local.identity.peerId);
    return Promise.resolve([...known].map((peer) => this.#peerView(peer)));
  }

  members(): Promise<readonly MemberView[]> {
    const { local, node, clock } = this.#deps;
    const self = local.identity.peerId;
    return Promise.resolve(
      local.membership.roster(clock.nowMs()).map((member) =>
        memberView(member, { self, isConnected: member.peer === self || node.isConnected(member.peer) })
      ),
    );
  }

  agents(): Promise<readonly AgentView[]> {
    const { presence, local, clock, config } = this.#deps;
    const { peerId: peer, agentId } = local.identity;
    const own: PresenceRecord = {
      peer,
      agentId,
      binaryType: config.binaryType,
      role: this.#self().role,
      liveness: "alive",
      body: this.#deps.describeSelf(),
      heardAtMs: clock.monotonicMs(),
    };
    const records = [own, ...presence.records().filter((record) => record.peer !== peer)];
    return Promise.resolve(
      records.map((record) =>
        agentView(record, { software: this.#softwareOf(record.peer), lastSeenAtMs: this.#lastSeenAtMs(record) })
      ),
    );
  }

  tasks(query: TaskQuery): Promise<readonly TaskView[]> {
    const tasks = this.#deps.readModel.board.list()
      .filter((task) => query.state === undefined || task.state === query.state)
      .sort((a, b) => b.postedAt.ms - a.postedAt.ms || b.postedAt.counter - a.postedAt.counter)
      .slice(0, query.limit);
    return Promise.resolve(tasks.map((task) => this.#taskView(task)));
  }

  task(taskId: string): Promise<TaskView | undefined> {
    const id = parseTaskId(taskId);
    const task = id && this.#deps.readModel.task(id);
    return Promise.resolve(task && this.#taskView(task));
  }

  taskHistory(taskId: string): Promise<readonly EntryView[]> {
    const id = parseTaskId(taskId);
    const entries = id ? queryTask(this.#deps.journal, id) : [];
    return Promise.resolve(entries.map((entry) => entryView(entry, this.#grantOf)));
  }

  async postTask(input: PostTaskInput): Promise<{ task: TaskView; isNew: boolean }> {
    this.#assertMay("task_posted", "post a task");
    const { task, isNew } = await this.#desk.post(input);
    return { task: this.#taskView(task), isNew };
  }

  async cancelTask(taskId: string, options: { reason: string }): Promise<TaskView> {
    this.#assertMay("task_cancelled", "cancel a task");
    return this.#taskView(await this.#desk.cancel(taskId, options.reason));
  }

  async retryTask(taskId: string, { reason, deadline_ms: deadlineMs }: RetryTaskInput): Promise<TaskView> {
    this.#assertMay("task_retried", "have a task tried again");
    const options = { reason, ...(deadlineMs === undefined ? {} : { deadlineMs }) };
    return this.#taskView(await this.#desk.retry(taskId, options));
  }

  async reviewTask(taskId: string, { verdict, reason }: ReviewTaskInput): Promise<TaskView> {
    this.#assertMay("task_reviewed", "review a task");
    return this.#taskView(await this.#desk.review(taskId, verdict, reason));
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async journal(query: JournalQuery): Promise<readonly EntryView[]> {
    return queryJournal(this.#deps.journal, query).map((entry) => entryView(entry, this.#grantOf));
  }

  latestCursor(): Promise<number> {
    return Promise.resolve(this.#deps.journal.stats().entries);
  }

  entry(id: string): Promise<EntryDetailView | undefined> {
    const entryId = parseEntryId(id);
    const entry = entryId && this.#deps.journal.get(entryId);
    return Promise.resolve(
      entry && { ...entryView(entry, this.#grantOf), frame: base64UrlEncode(entry.envelope.frame) },
    );
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async messages(query: MessageQuery): Promise<readonly MessageView[]> {
    return queryMessages(this.#deps.journal, query)
      .flatMap((entry) => entry.kind === "message_posted" ? [messageView(entry, this.#grantOf)] : []);
  }

  async postMessage(input: PostMessageInput): Promise<MessageView> {
    this.#assertMay("message_posted", "post a message");
    const entry = await this.#deps.journal.append(composeMessage(this.#deps, input));
    return messageView(entry, this.#grantOf);
  }

  requests(query: RequestQuery): Promise<readonly RequestRecord[]> {
    const { state } = query;
    const nowMs = this.#deps.clock.nowMs();
    const isOpen = state === "open" || state === "snoozed" || state === "pending" || state === "escalated";
    const kept = isOpen ? "open" : state === "standing" ? "answered" : state;
    const records = this.#deps.readModel.inbox.list(nowMs, kept)
      .sort((a, b) => a.openedAt.ms - b.openedAt.ms || a.openedAt.counter - b.openedAt.counter)
      .map((request) => this.#requestRecord(request));
    return Promise.resolve(selectRequests(records, query, { nowMs }));
  }

  request(requestId: string): Promise<RequestRecord | undefined> {
    const id = parseRequestId(requestId);
    const request = id && this.#deps.readModel.inbox.get(id);
    return Promise.resolve(request && this.#requestRecord(request));
  }

  async answer(requestId: string, input: AnswerInput): Promise<RequestRecord> {
    this.#assertMay("request_answered", "answer a request");
    return this.#requestRecord(await answerRequest(this.#deps, requestId, input));
  }

  async ask(input: AskInput): Promise<RequestRecord> {
    this.#assertMay("request_opened", "ask people");
    return this.#requestRecord(await askPeople(this.#deps, input));
  }

  async handle(requestId: string, input: HandleInput): Promise<RequestRecord> {
    this.#assertMay("request_handled", `${input.act} a request`);
    return this.#requestRecord(await handleRequest(this.#deps, requestId, input));
  }

  async revokeApproval(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    this.#assertMay("request_revoked", "take an approval back");
    return this.#requestRecord(await revokeApproval(this.#deps, requestId, options));
  }

  async withdraw(requestId: string, options: { reason: string }): Promise<RequestRecord> {
    this.#assertMay("request_withdrawn", "withdraw a request");
    return this.#requestRecord(await withdrawRequest(this.#deps, requestId, options));
  }

  invites(): Promise<readonly InviteView[]> {
    const nowMs = this.#deps.clock.nowMs();
    return Promise.resolve(this.#deps.trust.invites().map((invite) => inviteView(invite, nowMs)));
  }

  async createInvite(input: CreateInviteInput): Promise<CreatedInviteView> {
    const { trust, node, clock, roles } = this.#deps;
    const level = invitedLevel(roles.directory.roles(), input.role);
    const agentId = input.agent_id === undefined ? undefined : parseAgentId(input.agent_id);
    if (input.agent_id !== undefined && !agentId) {
      throw new FacadeError(
        "invalid_request",
        `Cannot invite "${input.agent_id}": expected 2 to 63 of a-z, 0-9 and "-"`,
      );
    }
    if (input.binary_type !== "agent") await this.#deps.person.assertNotLocked("invite somebody with a portal");
    const { invite, token } = trust.invite({
      role: input.role,
      level,
      ...(input.binary_type ? { binaryType: input.binary_type } : {}),
      ...(agentId ? { agentId } : {}),
      ttlMs: input.ttl_ms,
    }, node.addresses());
    return { ...inviteView(invite, clock.nowMs()), token };
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async revokeInvite(inviteId: string): Promise<InviteView> {
    return inviteView(this.#deps.trust.closeInvite(inviteId), this.#deps.clock.nowMs());
  }

  async revokeMember(reference: string, options: { reason: string }): Promise<MemberView> {
    const { local, trust, clock, node } = this.#deps;
    const agentId = parseAgentId(reference);
    const peer = parsePeerId(reference) ?? (agentId && local.membership.findAgentId(agentId)?.peer);
    const roster = local.membership.roster(clock.nowMs());
    const before = roster.find((member) => member.peer === peer) ?? roster.find((member) => member.agentId === agentId);
    if (!before) throw new FacadeError("not_found", `Cannot revoke "${reference}": no member has this name or peer id`);
    await trust.revoke(before.peer, options.reason);
    const after = local.membership.roster(clock.nowMs()).find((member) => member.peer === before.peer) ?? before;
    return memberView(after, { self: local.identity.peerId, isConnected: node.isConnected(after.peer) });
  }

  async setPerson(person: PersonPresence): Promise<AgentView> {
    const { presence, setPerson, local } = this.#deps;
    setPerson(person);
    presence.announce();
    const own = (await this.agents()).find((agent) => agent.peer_id === local.identity.peerId);
    if (!own) throw new TypeError("Unreachable: this node is always the first of its agents");
    return own;
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
      listener({ type: "entry", entry: entryView(entry, this.#grantOf) });
    }, { signal });
    for (const change of ["connected", "admitted", "disconnected"] as const) {
      node.events.on(`peer:${change}`, ({ peer }) => {
        listener({ type: "peer", change, peer: this.#peerView(peer) });
      }, { signal });
    }
    this.#deps.election.events.on("leader:changed", () => {
      listener({ type: "leader", election: this.election.view() });
    }, { signal });
    return () => controller.abort();
  }

  readonly #grantOf = (peer: PeerId): Grant | undefined => {
    const { membership } = this.#deps.local;
    return membership.grantOf(peer);
  };

  #taskView(task: BoardTask): TaskView {
    const { board, sessions } = this.#deps.readModel;
    return taskView(task, this.#grantOf, { session: sessions.threadOf(task.taskId), used: usedBy(board, task) });
  }

  #self(): Grant {
    const { membership, identity, grant } = this.#deps.local;
    return membership.grantOf(identity.peerId, this.#deps.clock.nowMs()) ?? grant;
  }

  #assertMay(kind: EntryKind, what: string): void {
    const decision = mayAuthor(kind, this.#self());
    if (!decision.allow) throw new FacadeError("not_allowed", `Cannot ${what}: ${decision.reason}`);
  }

  #requestRecord(request: Parameters<typeof requestRecord>[0]): RequestRecord {
    const { readModel } = this.#deps;
    return requestRecord(request, {
      nowMs: this.#deps.clock.nowMs(),
      self: this.#self(),
      grantOf: this.#grantOf,
      raised: readModel.stakesOf(request),
      worded: request.wording && readModel.wordingOf(request, request.wording),
    });
  }

  #peerView(peer: PeerId): PeerView {
    const { node, presence } = this.#deps;
    const record = presence.get(peer);
    return peerView(peer, {
      info: node.peers().find((info) => info.peer === peer),
      record,
      lastSeenAtMs: record && this.#lastSeenAtMs(record),
      grantOf: this.#grantOf,
    });
  }

  #lastSeenAtMs(record: PresenceRecord): number {
    const { clock } = this.#deps;
    return Math.max(0, clock.nowMs() - (clock.monotonicMs() - record.heardAtMs));
  }

  #softwareOf(peer: PeerId): string {
    const { node, local, version, config } = this.#deps;
    if (peer === local.identity.peerId) return `bzzz-${config.binaryType}/${version}`;
    return node.peers().find((info) => info.peer === peer)?.software ?? "";
  }
}

function stateWord(status: { phase: string; status: string; isReady: boolean }): StatusView["state"] {
  if (status.phase === "starting") return "starting";
  if (status.phase === "draining" || status.phase === "stopped") return "stopping";
  return status.isReady && status.status === "healthy" ? "ready" : "degraded";
}

import { type Grant, mayAuthor } from "@bzzz/agentid";
import type {
  AgentView,
  AnswerInput,
  CreatedInviteView,
  CreateInviteInput,
  EntryDetailView,
  EntryView,
  InviteView,
  JournalQuery,
  MemberView,
  MeshEvent,
  MeshFacade,
  MessageQuery,
  MessageView,
  PeerView,
  PostMessageInput,
  PostTaskInput,
  RequestQuery,
  RequestRecord,
  StatusView,
  TaskQuery,
  TaskView,
} from "@bzzz/api";
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

import type { HealthManager } from "@bzzz/health";
import type { Journal } from "@bzzz/journal";
import type { P2pNode } from "@bzzz/p2p";
import type { PresenceRecord, PresenceService } from "@bzzz/presence";
import { type EntryKind, PROTOCOL_VERSION } from "@bzzz/wire";
import type { LocalIdentity } from "../agent.ts";
import type { MeshReadModel } from "../read_model.ts";
import type { TrustService } from "../trust.ts";
import { answerRequest } from "./answers.ts";
import { composeMessage } from "./messages.ts";
import { FacadeError, queryJournal, queryMessages, queryTask } from "./queries.ts";
import { TaskDesk } from "./task_desk.ts";
import {
  agentView,
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
  readonly trust: TrustService;
  readonly node: P2pNode;
  readonly presence: PresenceService;
  readonly health: HealthManager;
  readonly clock: Pick<Clock, "nowMs" | "monotonicMs">;
  readonly random: Random;
  /** What this node says about itself now. */
  readonly describeSelf: () => PresenceRecord["body"];
  /** Asks the program to end in good order. */
  readonly requestStop: (reason: string) => void;
}

/** The running node, as its API and its portal see it. */
export class NodeFacade implements MeshFacade {
  readonly #deps: FacadeDeps;
  readonly #desk: TaskDesk;

  constructor(deps: FacadeDeps) {
    this.#deps = deps;
    this.#desk = new TaskDesk(deps);
  }

  status(): Promise<StatusView> {
    const { local, journal, node, clock, config, readModel, health } = this.#deps;
    const status = health.status();
    const stats = journal.stats();
    const states = readModel.board.list().map((task) => task.state);
    const network = node.stats();
    return Promise.resolve({
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
      journal: { cursor: stats.entries, entries: stats.entries, authors: stats.authors },
      tasks: Object.fromEntries(
        Map.groupBy(states, (state) => state).entries().map(([state, all]) => [state, all.length]),
      ),
      requests: { pending: readModel.inbox.list(clock.nowMs(), "pending").length },
    });
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
    return Promise.resolve(tasks.map((task) => taskView(task, this.#grantOf)));
  }

  task(taskId: string): Promise<TaskView | undefined> {
    const id = parseTaskId(taskId);
    const task = id && this.#deps.readModel.task(id);
    return Promise.resolve(task && taskView(task, this.#grantOf));
  }

  taskHistory(taskId: string): Promise<readonly EntryView[]> {
    const id = parseTaskId(taskId);
    const entries = id ? queryTask(this.#deps.journal, id) : [];
    return Promise.resolve(entries.map((entry) => entryView(entry, this.#grantOf)));
  }

  async postTask(input: PostTaskInput): Promise<{ task: TaskView; isNew: boolean }> {
    this.#assertMay("task_posted", "post a task");
    const { task, isNew } = await this.#desk.post(input);
    return { task: taskView(task, this.#grantOf), isNew };
  }

  async cancelTask(taskId: string, options: { reason: string }): Promise<TaskView> {
    this.#assertMay("task_cancelled", "cancel a task");
    return taskView(await this.#desk.cancel(taskId, options.reason), this.#grantOf);
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
    const requests = this.#deps.readModel.inbox.list(this.#deps.clock.nowMs(), query.state)
      .sort((a, b) => a.openedAt.ms - b.openedAt.ms || a.openedAt.counter - b.openedAt.counter)
      .slice(0, query.limit);
    return Promise.resolve(requests.map((request) => this.#requestRecord(request)));
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

  invites(): Promise<readonly InviteView[]> {
    const nowMs = this.#deps.clock.nowMs();
    return Promise.resolve(this.#deps.trust.invites().map((invite) => inviteView(invite, nowMs)));
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async createInvite(input: CreateInviteInput): Promise<CreatedInviteView> {
    const { trust, node, clock } = this.#deps;
    const agentId = input.agent_id === undefined ? undefined : parseAgentId(input.agent_id);
    if (input.agent_id !== undefined && !agentId) {
      throw new FacadeError(
        "invalid_request",
        `Cannot invite "${input.agent_id}": expected 2 to 63 of a-z, 0-9 and "-"`,
      );
    }
    const { invite, token } = trust.invite({
      role: input.role,
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
    return () => controller.abort();
  }

  readonly #grantOf = (peer: PeerId): Grant | undefined => {
    const { membership } = this.#deps.local;
    return membership.grantOf(peer);
  };

  #self(): Grant {
    const { membership, identity, grant } = this.#deps.local;
    return membership.grantOf(identity.peerId, this.#deps.clock.nowMs()) ?? grant;
  }

  #assertMay(kind: EntryKind, what: string): void {
    const decision = mayAuthor(kind, this.#self());
    if (!decision.allow) throw new FacadeError("not_allowed", `Cannot ${what}: ${decision.reason}`);
  }

  #requestRecord(request: Parameters<typeof requestRecord>[0]): RequestRecord {
    return requestRecord(request, { nowMs: this.#deps.clock.nowMs(), self: this.#self(), grantOf: this.#grantOf });
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

import {
  abortable,
  afterThisTurn,
  errorMessage,
  type PeerId,
  TaskGroup,
  type Timer,
  TypedEventTarget,
} from "@bzzz/base";
import { StoreError } from "@bzzz/store";
import { type ByteRules, toByteRules } from "./byte_rules.ts";
import { Caller } from "./caller.ts";
import { encodeCertificate, verifyAcceptSignature } from "./certificate.ts";
import { CALL_TIMEOUT_MS, REPLY_TIMEOUT_MS, TRANSFER_PERIOD_MS } from "./constants.ts";
import { RegisterError } from "./errors.ts";
import type { RegisterKey } from "./keys.ts";
import { LeaseClock } from "./lease_clock.ts";
import { MemberRequests } from "./member_requests.ts";
import type { VoterReply, VoterRequest } from "./messages.ts";
import type { RegisterNode, RegisterNodeDeps, RegisterStats, RosterChange } from "./node_types.ts";
import { Peers } from "./peers.ts";
import { Proposer } from "./proposer.ts";
import { RosterKeeper } from "./roster_keeper.ts";
import { RosterLog } from "./roster_log.ts";
import { createRosterRules, type RosterCommand } from "./roster_rules.ts";
import { RegisterServer } from "./server.ts";
import { type AskVoters, SharedReads } from "./shared_reads.ts";
import { createTypedRegister } from "./typed_register.ts";
import type { CallOptions, Register, RegisterEvents, RegisterRules } from "./types.ts";
import { VoterDesk } from "./voter_desk.ts";
import { type VoterRoster, votersOf } from "./voter_roster.ts";
import { VotingCalls } from "./voting_calls.ts";
import type { WireOutcome, WireReply, WireRequest } from "./wire.ts";

/** Creates the registers of a node; nothing happens before `start`. */
export function createRegisterNode(deps: RegisterNodeDeps): RegisterNode {
  return new QuorumRegisters(deps);
}

class QuorumRegisters implements RegisterNode {
  readonly events: TypedEventTarget<RegisterEvents> = new TypedEventTarget();
  readonly #deps: RegisterNodeDeps;
  readonly #rules = new Map<string, ByteRules>();
  readonly #log: RosterLog;
  readonly #peers: Peers;
  readonly #keeper: RosterKeeper;
  readonly #desk: VoterDesk;
  readonly #proposer: Proposer;
  readonly #voting: VotingCalls;
  readonly #caller: Caller;
  readonly #memberReads: SharedReads<WireOutcome>;
  readonly #requests: MemberRequests;
  readonly #server: RegisterServer;
  readonly #stopped = new AbortController();
  readonly #tasks: TaskGroup;
  #periodic: Timer | undefined;
  #preferred: PeerId | undefined;
  #hadQuorum = false;

  constructor(deps: RegisterNodeDeps) {
    this.#deps = deps;
    const { clock, store, mesh, self, logger, penalise, peers, random } = deps;
    const { meshId } = mesh;
    const roster = () => this.#log.current;
    const rulesOf = (prefix: string) => this.#rules.get(prefix);
    this.#tasks = new TaskGroup((error, what) => logger.error("Registers failed unexpectedly", { what }, error));
    this.#log = new RosterLog({ kv: store.kv, mesh });
    this.#peers = new Peers({
      streams: deps.streams,
      clock,
      peers,
      penalise,
      log: this.#log,
      learn: (records) => this.#learnFromPeer(records),
    });
    this.#keeper = new RosterKeeper({
      self,
      store,
      random,
      peers,
      log: this.#log,
      others: this.#peers,
      register: () => register,
      rewrite: (key) => this.#rewrite(key),
      onNewSeat: () => this.#desk.reset(),
      signal: this.#stopped.signal,
    });
    this.#desk = new VoterDesk({
      mesh: meshId,
      self,
      signingKey: deps.signingKey,
      store,
      logger,
      roster,
      rulesOf,
      leases: new LeaseClock(() => clock.monotonicMs()),
      seat: () => this.#keeper.seat,
      schedule: deps.schedule ?? afterThisTurn,
    });
    this.#proposer = new Proposer({
      self,
      clock,
      random,
      roster,
      promised: (key) => this.#desk.promised(key),
      ask: (voter, request) => this.#askVoter(voter, request, REPLY_TIMEOUT_MS),
      teach: (voter) => this.#tasks.run("teach", () => this.#peers.teach(voter)),
      learnFrom: (voter) => this.#peers.learnFrom(voter),
      // this node's own word comes from its own desk, and from nowhere else
      verify: (accept, signed) => signed.voter === self || verifyAcceptSignature(meshId, accept, signed),
    });
    this.#voting = new VotingCalls({
      mesh: meshId,
      proposer: this.#proposer,
      rulesOf,
      roster,
      isMember: deps.isMember,
      ask: (voter, request, timeoutMs) => this.#askVoter(voter, request, timeoutMs),
      adopt: (record) => this.#adopt(record),
    });
    this.#caller = new Caller({
      clock,
      mesh: meshId,
      roster,
      peers,
      preferred: () => this.#preferred,
      ask: (voter, request, timeoutMs) => this.#peers.ask(voter, request, timeoutMs),
      learnFrom: (voter) => this.#peers.learnFrom(voter),
    });
    this.#memberReads = new SharedReads(clock);
    this.#requests = new MemberRequests({
      desk: this.#desk,
      log: this.#log,
      keeper: this.#keeper,
      voting: this.#voting,
      isMaster: deps.isMaster,
      learn: (records) => void this.learn(records),
      signal: this.#stopped.signal,
    });
    this.#server = new RegisterServer({
      streams: deps.streams,
      logger,
      penalise,
      answer: (from, request) => this.#answer(from, request),
    });
    const { isMaster, isMember } = deps;
    const rosterRules = createRosterRules({ genesis: () => this.#log.genesis, isMaster, isMember });
    const register: Register<VoterRoster, RosterCommand> = this.use(rosterRules);
  }

  start(): void {
    this.#server.start();
    this.#periodic = this.#deps.clock.setPeriodic(TRANSFER_PERIOD_MS, () => this.#lookAfterVoters(), { unref: true });
    this.connectionsChanged();
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new RegisterError("register_ended", "Cannot go on with a register: this node is stopping"));
    this.#periodic?.cancel();
    this.#peers.close();
    await Promise.all([this.#tasks.settled(), this.#server.stop()]);
  }

  preferVoter(peer: PeerId | undefined): void {
    this.#preferred = peer;
  }

  roster(): VoterRoster | undefined {
    return this.#log.current;
  }

  get isVoter(): boolean {
    return this.#keeper.isVoter;
  }

  hasQuorum(): boolean {
    return this.#keeper.hasQuorum();
  }

  describeQuorum(): string {
    return this.#keeper.describeQuorum();
  }

  use<V, C>(rules: RegisterRules<V, C>): Register<V, C> {
    if (this.#rules.has(rules.prefix)) {
      throw new RegisterError("register_misused", `Cannot give rules to "${rules.prefix}": it has some`);
    }
    this.#rules.set(rules.prefix, toByteRules(rules));
    const { signingKey, mesh, self, random } = this.#deps;
    return createTypedRegister(rules, { signingKey, mesh: mesh.meshId, self, random }, {
      submit: (command, options) => this.#submit(command, options),
      probe: (command, options) => this.#probe(command, options),
      read: (key, options) => this.#read(key, options),
    });
  }

  learn(records: readonly Uint8Array[]): boolean {
    const before = this.#log.current;
    try {
      return this.#log.learn(records);
    } finally {
      // what was stored counts, also when the disk refused what came behind it
      const roster = this.#log.current;
      if (roster && roster !== before) this.#rosterChanged(roster);
    }
  }

  #rosterChanged(roster: VoterRoster): void {
    const { epoch, step, voters } = roster;
    this.#deps.logger.info("Voters of the mesh", { epoch, step, voters: voters.length, isVoter: this.isVoter });
    this.events.emit("roster:changed", { roster });
    this.connectionsChanged();
  }

  /** A disk that takes nothing now is no reason to fail the call that asked: the next one asks again. */
  #learnFromPeer(records: readonly Uint8Array[]): void {
    try {
      this.learn(records);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#deps.logger.debug("The voters of the mesh were not stored", { reason: error.code });
    }
  }

  history(): readonly Uint8Array[] {
    return this.#log.all();
  }

  async addVoter(peer: PeerId, options: { readonly signal?: AbortSignal } = {}): Promise<RosterChange> {
    return this.#changed(await this.#keeper.add(peer, options.signal ?? this.#stopped.signal));
  }

  async removeVoter(peer: PeerId, options: { readonly signal?: AbortSignal } = {}): Promise<RosterChange> {
    return this.#changed(await this.#keeper.remove(peer, options.signal ?? this.#stopped.signal));
  }

  peerConnected(peer: PeerId): void {
    this.connectionsChanged();
    this.#tasks.run("teach", () => this.#peers.teach(peer));
  }

  connectionsChanged(): void {
    this.#peers.prune(this.#deps.peers());
    const hasQuorum = this.hasQuorum();
    if (hasQuorum === this.#hadQuorum) return;
    this.#hadQuorum = hasQuorum;
    if (hasQuorum) this.events.emit("quorum:gained", { voters: this.#keeper.reachable().length });
    else this.events.emit("quorum:lost", { reason: this.describeQuorum() });
  }

  stats(): RegisterStats {
    const roster = this.#log.current;
    return {
      epoch: roster?.epoch ?? 0,
      step: roster?.step ?? "none",
      voters: roster?.voters.length ?? 0,
      reachableVoters: this.#keeper.reachable().length,
      proposals: this.#proposer.size,
      counters: new Map([...this.#peers.counters.entries(), ...this.#desk.counters.entries()]),
    };
  }

  async #submit(bytes: Uint8Array, options: CallOptions): Promise<WireOutcome> {
    const { timeoutMs = CALL_TIMEOUT_MS } = options;
    const outcome = this.isVoter
      ? await this.#voting.submit(bytes, { timeoutMs, signal: this.#untilStopped(options.signal) })
      : await this.#call({ type: "submit", command: bytes, timeoutMs }, options.signal);
    this.#peers.counters.add(`submit.${outcome.type}`);
    if (outcome.type === "decided") {
      const { certificate } = outcome;
      this.events.emit("decided", { key: certificate.key, value: certificate.value, certificate });
    }
    return outcome;
  }

  async #probe(bytes: Uint8Array, options: CallOptions): Promise<WireOutcome> {
    const { timeoutMs = CALL_TIMEOUT_MS, signal } = options;
    signal?.throwIfAborted();
    return this.isVoter
      ? await this.#voting.probe(bytes, { timeoutMs })
      : await this.#call({ type: "ask", command: bytes, timeoutMs }, signal);
  }

  async #read(key: RegisterKey, options: CallOptions): Promise<WireOutcome> {
    const { timeoutMs = CALL_TIMEOUT_MS } = options;
    const { clock } = this.#deps;
    const signal = this.#untilStopped(options.signal);
    if (this.isVoter) return await this.#voting.read(key, { timeoutMs, signal });
    const ask: AskVoters<WireOutcome> = ({ untilMs, signal }) =>
      this.#call({ type: "read", key, timeoutMs: untilMs - clock.monotonicMs() }, signal);
    return await this.#memberReads.read(key, ask, { untilMs: clock.monotonicMs() + timeoutMs, signal });
  }

  async #call(request: Parameters<Caller["call"]>[0], signal: AbortSignal | undefined): Promise<WireOutcome> {
    return await abortable(this.#caller.call(request), this.#untilStopped(signal));
  }

  #untilStopped(signal: AbortSignal | undefined): AbortSignal {
    return signal ? AbortSignal.any([signal, this.#stopped.signal]) : this.#stopped.signal;
  }

  async #rewrite(key: RegisterKey): Promise<boolean> {
    const options = { timeoutMs: CALL_TIMEOUT_MS, signal: this.#stopped.signal };
    const { type } = await this.#voting.read(key, options);
    return type === "decided" || type === "absent";
  }

  /** A roster that was decided is what this node goes by from now on, and whoever votes or voted is told. */
  #adopt(record: Uint8Array): void {
    const before = this.#log.current;
    if (!this.learn([record])) return;
    const told = new Set([...(before ? votersOf(before) : []), ...this.#keeper.reachable()]);
    told.delete(this.#deps.self);
    this.#tasks.run("transfer", async () => {
      await Promise.all([...told].map((peer) => this.#peers.teach(peer)));
      await this.#keeper.finishTransfer();
    });
  }

  #changed(change: RosterChange): RosterChange {
    if (change.type === "changed") this.#adopt(encodeCertificate(change.certificate));
    return change;
  }

  #lookAfterVoters(): void {
    this.connectionsChanged();
    this.#tasks.run("transfer", () => this.#keeper.finishTransfer());
  }

  async #answer(from: PeerId, request: WireRequest): Promise<WireReply> {
    try {
      return await this.#requests.answer(from, request);
    } catch (error) {
      if (!this.#stopped.signal.aborted) {
        const reason = errorMessage(error);
        this.#deps.logger.debug("A request could not be served", { request: request.type, reason });
      }
      return { type: "unavailable" };
    }
  }

  async #askVoter(voter: PeerId, request: VoterRequest, timeoutMs: number): Promise<VoterReply | undefined> {
    if (voter === this.#deps.self) return await this.#desk.ask(voter, request);
    const reply = await this.#peers.ask(voter, request, timeoutMs);
    return reply && isVoterReply(reply) ? reply : undefined;
  }
}

function isVoterReply(reply: WireReply): reply is WireReply & VoterReply {
  return !["outcome", "keys", "rosters", "seat"].includes(reply.type);
}

import { CounterMap, errorMessage, LruMap, type MeshId, type PeerId } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { Store } from "@bzzz/store";
import type { Ballot } from "./ballot.ts";
import type { ByteRules } from "./byte_rules.ts";
import { openCommand } from "./command.ts";
import { MAX_CACHED_RECORDS, MAX_DAMAGED_BALLOTS, MAX_DAMAGED_KEYS, MAX_WAITING } from "./constants.ts";
import { prefixOf, type RegisterKey } from "./keys.ts";
import { type LeaseClock, LeaseNotes } from "./lease_clock.ts";
import type { VoterReply, VoterRequest } from "./messages.ts";
import { decodeRecord, encodeRecord } from "./record.ts";
import { answerAsVoter, type VoterCell, type VoterRecord } from "./voter.ts";
import type { VoterRoster } from "./voter_roster.ts";

/** What a voter's desk stands on. */
export interface VoterDeskDeps {
  readonly mesh: MeshId;
  readonly self: PeerId;
  readonly signingKey: SigningKey;
  readonly store: Pick<Store, "registers" | "transaction" | "synced">;
  readonly logger: Logger;
  readonly leases: LeaseClock;
  readonly roster: () => VoterRoster | undefined;
  readonly seat: () => string | undefined;
  readonly rulesOf: (prefix: string) => ByteRules | undefined;
  /** Runs what is given after everything that is ready now. */
  readonly schedule: (flush: () => void) => void;
}

interface Waiting {
  readonly sender: PeerId;
  readonly request: VoterRequest;
  readonly resolve: (reply: VoterReply) => void;
}

/**
 * One voter's promises on its disk. Everything that arrives in one turn of the event loop is answered from one transaction with
 * one fsync, beside the event loop, and only after it. At most 4096 requests wait; more are "unavailable".
 */
export class VoterDesk {
  readonly counters = new CounterMap();
  readonly #deps: VoterDeskDeps;
  readonly #cells = new LruMap<RegisterKey, VoterRecord>(MAX_CACHED_RECORDS);
  readonly #damagedAt = new LruMap<RegisterKey, readonly Ballot[]>(MAX_DAMAGED_KEYS);
  #waiting: Waiting[] = [];
  #syncing = 0;

  constructor(deps: VoterDeskDeps) {
    this.#deps = deps;
  }

  /** The voter's answer, once what it promises is on disk. Never rejects. */
  ask(sender: PeerId, request: VoterRequest): Promise<VoterReply> {
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve({ type: "unavailable" });
    const { promise, resolve } = Promise.withResolvers<VoterReply>();
    this.#waiting.push({ sender, request, resolve });
    if (this.#waiting.length === 1) this.#deps.schedule(() => this.#flush());
    return promise;
  }

  /** The highest ballot that this voter knows of a key. */
  promised(key: RegisterKey): Ballot | undefined {
    const cell = this.#read(key);
    return cell === "damaged" ? undefined : cell?.promised;
  }

  /** Forgets what is kept in memory: the records on disk were replaced. */
  reset(): void {
    this.#cells.clear();
    this.#damagedAt.clear();
    this.#deps.leases.reset();
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    const written = new Map<RegisterKey, VoterRecord>();
    const seen = new LeaseNotes(this.#deps.leases);
    const replies: VoterReply[] = [];
    try {
      for (const item of waiting) replies.push(this.#answer(item, written, seen));
      if (written.size > 0) this.#write(written);
    } catch (error) {
      this.#refuseAll(waiting, error);
      return;
    }
    seen.pass();
    const answer = () => waiting.forEach(({ resolve }, index) => resolve(replies[index] ?? { type: "unavailable" }));
    // What is not on the disk yet is told to nobody, not even by an answer that writes nothing itself.
    if (written.size === 0 && this.#syncing === 0) answer();
    else this.#afterSync(waiting, answer);
  }

  #afterSync(waiting: readonly Waiting[], answer: () => void): void {
    this.#syncing++;
    this.#deps.store.synced().then(answer, (error) => this.#refuseAll(waiting, error)).finally(() => this.#syncing--);
  }

  /** The database says by its own health what ails it; nobody was promised anything. */
  #refuseAll(waiting: readonly Waiting[], error: unknown): void {
    this.#deps.logger.debug("A voter's records were not written", { reason: errorMessage(error) });
    this.counters.add("voter.failed");
    for (const { resolve } of waiting) resolve({ type: "unavailable" });
  }

  #answer({ sender, request }: Waiting, written: Map<RegisterKey, VoterRecord>, seen: LeaseNotes): VoterReply {
    const { mesh, self, signingKey, roster, seat, rulesOf } = this.#deps;
    const key = request.type === "repair" ? request.certificate.key : request.key;
    const cell = written.get(key) ?? this.#read(key);
    const step = answerAsVoter(cell, request, {
      mesh,
      self,
      sender,
      roster: roster(),
      seat: seat(),
      rulesOf,
      openCommand: (bytes) => openCommand(mesh, bytes),
      sign: (statement) => signingKey.sign(statement),
      leaseAgeMs: (leaseId, isOwn) => seen.ageMs(key, leaseId, isOwn),
      damagedAt: this.#damagedAt.get(key) ?? [],
    });
    if (step.record) written.set(key, step.record);
    const { lease } = step;
    if (lease !== undefined) seen.note(key, lease);
    if (step.reply.type === "damaged" && request.type === "prepare") this.#noteDamage(key, request.ballot);
    this.counters.add(`voter.${request.type}.${step.reply.type}`);
    return step.reply;
  }

  #write(written: ReadonlyMap<RegisterKey, VoterRecord>): void {
    const { store } = this.#deps;
    store.transaction(() => {
      for (const [key, record] of written) store.registers.set(key, encodeRecord(record));
    }, { isLazy: true });
    for (const [key, record] of written) this.#cells.set(key, record);
    this.counters.add("voter.commits");
    this.counters.add("voter.records", written.size);
  }

  #read(key: RegisterKey): VoterCell {
    const cached = this.#cells.get(key);
    if (cached) return cached;
    const read = this.#deps.store.registers.get(key);
    if (read === undefined) return undefined;
    const record = read === "damaged" ? undefined : decodeRecord(read.record);
    if (record) this.#cells.set(key, record);
    return record ?? "damaged";
  }

  #noteDamage(key: RegisterKey, ballot: Ballot): void {
    const known = this.#damagedAt.get(key);
    if (!known) {
      this.#deps.logger.error(
        "A register's record is damaged; this voter abstains from it until the others repair it",
        {
          key,
          rules: prefixOf(key),
        },
      );
    }
    this.#damagedAt.set(key, [...(known ?? []), ballot].slice(-MAX_DAMAGED_BALLOTS));
  }
}

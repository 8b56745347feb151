import { type Clock, hexEncode, type Timer } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import type { Journal } from "@bzzz/journal";
import type { Logger } from "@bzzz/logging";
import { decodeCertificate, openGenesis, type RegisterNode, rosterCodec, votersOf } from "@bzzz/register";
import { TOPICS } from "@bzzz/wire";

/** How often a voter looks whether the journal tells everything about the voters; the n-th voter waits n times as long. */
const PUBLISH_PERIOD_MS = 5_000;
/** Records that came before those they follow, kept until they come. */
const MAX_EARLY = 64;
const REPLAY_CHUNK = 256;

/** What the feed stands on. */
export interface RosterFeedDeps {
  readonly journal: Pick<Journal, "append" | "entriesAfter" | "events" | "state" | "self">;
  readonly registers: Pick<RegisterNode, "learn" | "history" | "roster" | "isVoter" | "events">;
  readonly mesh: Parameters<typeof openGenesis>[0];
  readonly clock: Pick<Clock, "setPeriodic" | "monotonicMs">;
  readonly logger: Logger;
}

/**
 * The voters' history in the journal: what entries tell is learned, and what they do not tell yet is written by the first voter
 * that is there. So a late joiner and an audit have it all.
 */
export class RosterFeed {
  readonly #deps: RosterFeedDeps;
  readonly #stopped = new AbortController();
  /** Hashes of records that entries carry. */
  readonly #told = new Set<string>();
  #early: Uint8Array[] = [];
  #timer: Timer | undefined;
  #incompleteSinceMs: number | undefined;
  #isWriting = false;

  constructor(deps: RosterFeedDeps) {
    this.#deps = deps;
  }

  /** Learns what the journal has, then follows it. */
  start(): void {
    const { journal, clock, registers } = this.#deps;
    const { signal } = this.#stopped;
    for (let cursor = 0;;) {
      const entries = journal.entriesAfter(cursor, { kinds: ["roster_changed"], limit: REPLAY_CHUNK });
      for (const entry of entries) if (entry.kind === "roster_changed") this.#learn(entry.body.record);
      const last = entries.at(-1);
      if (!last) break;
      cursor = last.cursor;
    }
    journal.events.on("entry:stored", ({ entry }) => {
      if (entry.kind === "roster_changed") this.#learn(entry.body.record);
    }, { signal });
    registers.events.on("roster:changed", () => void this.publish(), { signal }); // never rejects
    this.#timer = clock.setPeriodic(PUBLISH_PERIOD_MS, () => void this.publish(), { unref: true }); // never rejects
  }

  stop(): void {
    this.#stopped.abort();
    this.#timer?.cancel();
  }

  /** Writes what is missing, when it is this voter's turn. Never rejects. */
  async publish(): Promise<void> {
    const { registers, clock, journal } = this.#deps;
    const missing = registers.history().filter((record) => !this.#told.has(hashOf(record)));
    if (missing.length === 0 || !registers.isVoter || journal.state !== "ready") {
      this.#incompleteSinceMs = undefined;
      return;
    }
    const nowMs = clock.monotonicMs();
    this.#incompleteSinceMs ??= nowMs;
    const rank = votersOf(registers.roster() ?? { epoch: 0, step: "stable", voters: [] }).indexOf(journal.self);
    if (nowMs - this.#incompleteSinceMs < rank * PUBLISH_PERIOD_MS || this.#isWriting) return;
    this.#isWriting = true;
    try {
      for (const record of missing) await this.#write(record);
    } catch (error) {
      if (!this.#stopped.signal.aborted) {
        this.#deps.logger.warn("The voters were not written into the journal", {}, error);
      }
    } finally {
      this.#isWriting = false;
    }
  }

  async #write(record: Uint8Array): Promise<void> {
    const certificate = decodeCertificate(record);
    const roster = certificate ? rosterCodec.decode(certificate.value) : openGenesis(this.#deps.mesh, record);
    if (!roster || this.#stopped.signal.aborted) return;
    const body = { epoch: roster.epoch, voters: votersOf(roster), record: record.slice() };
    await this.#deps.journal.append({ kind: "roster_changed", topic: TOPICS.agents, body });
  }

  #learn(record: Uint8Array): void {
    this.#told.add(hashOf(record));
    const { registers } = this.#deps;
    // One that does not follow may be ahead of one that is still to come, or say what is known.
    const before = registers.history().length;
    registers.learn([record]);
    if (registers.history().length === before) {
      this.#early = [...this.#early, record].slice(-MAX_EARLY);
      return;
    }
    while (this.#early.length > 0 && registers.learn(this.#early));
  }
}

function hashOf(record: Uint8Array): string {
  return hexEncode(sha256(record));
}

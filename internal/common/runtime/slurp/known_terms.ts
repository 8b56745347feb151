import { afterThisTurn, type MeshId, type PeerId } from "@bzzz/base";
import { certifiedLeader, type ElectionManager, LEADER_KEY, leaderValueCodec } from "@bzzz/election";
import type { Journal } from "@bzzz/journal";
import type { RegisterNode } from "@bzzz/register";
import { TermLedger } from "@bzzz/slurp";
import type { TaskDecisions } from "../task_decisions.ts";

/** Certificates of the history that are looked at, the newest; each is a few signatures to verify. */
const MAX_LOOKED_BACK = 1_000;
/** Entries, and certificates, between two turns of the event loop: some milliseconds. */
const SLICE = 16;

/** What is listened to. */
export interface KnownTermsDeps {
  readonly journal: Pick<Journal, "entriesAfter" | "events">;
  readonly registers: Pick<RegisterNode, "events">;
  readonly election: Pick<ElectionManager, "events">;
  readonly decisions: Pick<TaskDecisions, "votersOf" | "events">;
  readonly mesh: MeshId;
  readonly self: PeerId;
}

/**
 * A ledger of who led which term: from this node's voter, from its own terms, from certificates as they come, and from those
 * of the history once somebody asks: a mesh that is a year old has thousands of them, and a start needs none.
 */
export function followTerms(deps: KnownTermsDeps, options: { readonly signal: AbortSignal }): TermLedger {
  const { journal, registers, election, decisions, self } = deps;
  const history = new TermHistory(deps, options.signal, (term, holder) => void ledger.learn(term, holder));
  const ledger = new TermLedger({ readHistory: () => history.read() });
  decisions.events.on("voters:learned", () => history.votersLearned(), options);
  journal.events.on("entry:stored", ({ entry }) => {
    if (entry.kind === "leadership_decided" && entry.body) history.take(entry.body.certificate);
  }, options);
  registers.events.on("decided", ({ key, value }) => {
    const decided = key === LEADER_KEY ? leaderValueCodec.decode(value) : undefined;
    if (decided?.holder) ledger.learn(decided.term, decided.holder);
  }, options);
  election.events.on("leadership:gained", ({ term }) => void ledger.learn(term, self), options);
  return ledger;
}

/** The certificates of the history, each verified once the voters of its epoch are known. */
class TermHistory {
  readonly #deps: Pick<KnownTermsDeps, "journal" | "decisions" | "mesh">;
  readonly #signal: AbortSignal;
  readonly #learn: (term: number, holder: PeerId) => void;
  #cursor = 0;
  /** Those that nobody could verify yet, the newest `MAX_LOOKED_BACK`. */
  #unproved: Uint8Array[] = [];
  #hasNews = true;
  #reading: Promise<void> | undefined;

  constructor(
    deps: Pick<KnownTermsDeps, "journal" | "decisions" | "mesh">,
    signal: AbortSignal,
    learn: (term: number, holder: PeerId) => void,
  ) {
    this.#deps = deps;
    this.#signal = signal;
    this.#learn = learn;
  }

  /** What could not be verified may be verified now. */
  votersLearned(): void {
    this.#hasNews = true;
  }

  /** A certificate that has just come. */
  take(certificate: Uint8Array): void {
    if (!this.#isSettled(certificate)) this.#keep(certificate);
  }

  /** Resolves when all of the history that can be verified is learned; one reading is for all who ask meanwhile. */
  async read(): Promise<void> {
    if (!this.#hasNews && !this.#reading) return;
    this.#reading ??= this.#readAll().finally(() => this.#reading = undefined);
    await this.#reading;
  }

  async #readAll(): Promise<void> {
    this.#hasNews = false;
    const { journal } = this.#deps;
    while (!this.#signal.aborted) {
      const entries = journal.entriesAfter(this.#cursor, { limit: SLICE, kinds: ["leadership_decided"] });
      for (const entry of entries) if (entry.kind === "leadership_decided") this.#keep(entry.body.certificate);
      const last = entries.at(-1);
      if (!last) break;
      this.#cursor = last.cursor;
      await turn();
    }
    const waiting = this.#unproved;
    this.#unproved = [];
    for (const [index, certificate] of waiting.entries()) {
      if (this.#signal.aborted) return;
      if (!this.#isSettled(certificate)) this.#keep(certificate);
      if (index % SLICE === SLICE - 1) await turn();
    }
  }

  #keep(certificate: Uint8Array): void {
    this.#unproved.push(certificate);
    if (this.#unproved.length > MAX_LOOKED_BACK) this.#unproved.shift();
  }

  /** False when the voters of its epoch are not known. */
  #isSettled(certificate: Uint8Array): boolean {
    const { mesh, decisions } = this.#deps;
    const certified = certifiedLeader(certificate, { mesh, votersOf: (epoch) => decisions.votersOf(epoch) });
    if (certified.type === "unknown_epoch") return false;
    if (certified.type === "proved" && certified.value.holder) {
      this.#learn(certified.value.term, certified.value.holder);
    }
    return true;
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => afterThisTurn(resolve));
}

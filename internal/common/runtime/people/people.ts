import {
  judgeAnswer,
  judgeVote,
  type Membership,
  PersonBook,
  type PersonId,
  proofFault,
  type VoteClaim,
} from "@bzzz/agentid";
import { type Clock, type PeerId, TypedEventTarget } from "@bzzz/base";
import type { AnsweredEntry, AnswerView } from "@bzzz/hmmm";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { EntryKind } from "@bzzz/wire";

const KINDS: readonly EntryKind[] = ["person_record"];
/** Entries read from disk at once while the journal is replayed. */
const REPLAY_CHUNK = 500;

/** What people's records tell: whose devices decide for them. Folded from entries in any order. */
export class People {
  readonly book: PersonBook;
  /** A record has changed whose word counts; emitted after the book has it. */
  readonly events: TypedEventTarget<{ "person:changed": { readonly person: PersonId } }> = new TypedEventTarget();
  readonly #membership: Membership;
  readonly #journal: Pick<Journal, "entriesAfter" | "events">;
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #stopped = new AbortController();

  constructor(deps: {
    readonly membership: Membership;
    readonly journal: Pick<Journal, "entriesAfter" | "events">;
    readonly clock: Pick<Clock, "nowMs">;
  }) {
    this.#membership = deps.membership;
    this.#journal = deps.journal;
    this.#clock = deps.clock;
    this.book = new PersonBook(deps.membership.meshId);
  }

  /** Takes what is on disk, then follows. Call once, before whoever asks for proofs. */
  start(): void {
    for (let cursor = 0;;) {
      const chunk = this.#journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds: KINDS });
      for (const entry of chunk) this.#take(entry);
      const last = chunk.at(-1);
      if (!last || chunk.length < REPLAY_CHUNK) break;
      cursor = last.cursor;
    }
    this.#journal.events.on("entry:stored", ({ entry }) => this.#take(entry), { signal: this.#stopped.signal });
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Who stands behind an answer, as of the moment at which it was told. */
  readonly proofOf = (entry: AnsweredEntry): ReturnType<typeof proofIn> => proofIn(this.book, entry);

  /** Whose node cast a vote, and whether they signed it, as of the moment at which it was told. */
  readonly voterOf = (
    claim: Omit<VoteClaim, "mesh">,
  ): { readonly person: PersonId | undefined; readonly isSigned: boolean } => ({
    person: claim.grant?.person && this.book.originOf(claim.grant.person),
    isSigned: judgeVote(this.book, { ...claim, mesh: this.book.mesh }).ok,
  });

  /** Whether whoever signed an answer still decides for the person whom the roster names for their node. */
  readonly isStanding = ({ author, human }: Pick<AnswerView, "author" | "human">): boolean => {
    const nowMs = this.#clock.nowMs();
    const grant = this.#membership.grantOf(author, nowMs);
    return human !== undefined && proofFault(this.book, human, { grant, nowMs }) === undefined;
  };

  /** Whether an answer of this author may be judged otherwise since a record of `person` came. */
  isAbout(person: PersonId, { authority }: Pick<AnsweredEntry, "authority">): boolean {
    return authority?.person !== undefined && this.book.originOf(authority.person) === this.book.originOf(person);
  }

  /** The person of a node as the roster has it. */
  personOf(peer: PeerId): PersonId | undefined {
    return this.#membership.grantOf(peer, this.#clock.nowMs())?.person;
  }

  #take(entry: StoredEntry): void {
    if (entry.kind !== "person_record") return;
    const result = this.book.add(entry.body.record, entry.envelope.header.author);
    if (result.status === "added") this.events.emit("person:changed", { person: result.record.person });
  }
}

function proofIn(book: PersonBook, { author, seq, hlc, authority, body }: AnsweredEntry) {
  const judged = judgeAnswer(book, { mesh: book.mesh, author, seq, hlcMs: hlc.ms, grant: authority, body });
  return judged.ok ? judged.proof : undefined;
}

import { type Clock, hexDecode, LruMap, TypedEventTarget, utf8Decode, utf8Encode } from "@bzzz/base";
import type { Journal, StoredEntry } from "@bzzz/journal";
import {
  type Address,
  addressKey,
  type Decision,
  DECISIONS_FOLDER,
  parseAddress,
  parseConcrete,
  parseDecision,
  parseJson,
  type Tally,
  tallyVotes,
  UcxlError,
} from "@bzzz/ucxl";
import { type BodyOf, TOPICS } from "@bzzz/wire";
import type { ContextStore } from "./context_store.ts";
import { ContextError } from "./errors.ts";
import type { ContentSealer, Version } from "./types.ts";
import type { VersionIndex } from "./version_index.ts";
import { castVoteOf, type RecordedVote, VoteLedger, type VoterGrant, type VoterOf } from "./vote_ledger.ts";

const EVERY_DECISION = parseAddress(`ucxl://any:any@any:any/*^/${DECISIONS_FOLDER}/**`);
/** Entries read at once while votes are replayed. */
const REPLAY_CHUNK = 500;
/** Decisions whose records are kept opened. */
const MAX_OPENED = 1_000;
/** Longest reason of a vote, bytes. */
const MAX_REASON_BYTES = 4_096;

/** What decisions stand on. */
export interface DecisionDeskDeps {
  readonly context: Pick<ContextStore, "open" | "put">;
  readonly index: VersionIndex;
  readonly journal: Pick<Journal, "append" | "entriesAfter" | "events">;
  readonly sealer: ContentSealer;
  readonly clock: Pick<Clock, "nowMs">;
  /** The grant under which an entry was written, as history judges it. */
  readonly grantAt: (entry: StoredEntry) => VoterGrant | undefined;
  readonly voterOf: VoterOf;
  /** Adds the signature of this node's person; missing where nobody's key can be. */
  readonly signVote?: SignVote | undefined;
}

/**
 * The vote with the signature of this node's person, or as it was where it has none. A passphrase opens their key for a while.
 * Rejects where the key is locked, or the mesh does not take this device's word for theirs.
 */
export type SignVote = (
  body: BodyOf<"decision_voted">,
  passphrase: string | undefined,
) => Promise<BodyOf<"decision_voted">>;

/** A decision with where it stands. */
export interface DecisionView {
  readonly version: Version;
  /** Undefined when it is meant for others, or its content is not in reach. */
  readonly decision: Decision | undefined;
  readonly tally: Tally | undefined;
  /** The decision that took this one's place, as far as this node may read. */
  readonly supersededBy: string | undefined;
}

/** A vote with the reason, for who may read the decision. */
export interface VoteView extends Omit<RecordedVote, "sealedReason"> {
  readonly reason: string | undefined;
}

/** Emitted after the vote counts. */
export interface DecisionEvents {
  "vote:counted": { readonly address: string };
}

/** Decisions: records at addresses below `decisions/`, and the votes on them. */
export class DecisionDesk {
  readonly events: TypedEventTarget<DecisionEvents> = new TypedEventTarget();
  readonly #deps: DecisionDeskDeps;
  readonly #votes: VoteLedger;
  readonly #opened = new LruMap<string, Decision>(MAX_OPENED);
  readonly #stopped = new AbortController();
  #revocations = 0;

  constructor(deps: DecisionDeskDeps) {
    this.#deps = deps;
    this.#votes = new VoteLedger(deps.voterOf);
  }

  /** Counts the votes on disk, then follows. */
  start(): void {
    const { journal } = this.#deps;
    for (let cursor = 0;;) {
      const chunk = journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds: ["decision_voted"] });
      for (const entry of chunk) this.#count(entry);
      const last = chunk.at(-1);
      if (!last) break;
      cursor = last.cursor;
    }
    journal.events.on("entry:stored", ({ entry }) => this.#count(entry), { signal: this.#stopped.signal });
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Looks again at who signed which vote: a record of a person has changed whose word counts. */
  judgeAgain(): void {
    this.#votes.judgeAgain();
  }

  /**
   * Writes a decision, once: an address that has one is left as it is.
   * @throws ContextError "already_exists", and what a write is refused with; UcxlError "invalid_decision"
   */
  async publish(address: Address, decision: unknown, audience: readonly string[]): Promise<Version> {
    const record = parseDecision(decision);
    if (!address.path.startsWith(`${DECISIONS_FOLDER}/`)) {
      throw new UcxlError(
        "invalid_decision",
        `Cannot publish the decision: its path does not begin with "${DECISIONS_FOLDER}/"`,
        {
          details: { field: "address", expected: `a path below ${DECISIONS_FOLDER}/` },
        },
      );
    }
    return await this.#deps.context.put(address, {
      bytes: utf8Encode(`${JSON.stringify(record, undefined, 2)}\n`),
      mediaType: "application/json",
      audience,
      onlyOver: "none",
    });
  }

  /**
   * Votes for this node's member; on disk when it resolves. The reason is sealed for the decision's audience. Where this node
   * has a person's key, they sign it.
   * @throws ContextError "not_found", "not_a_recipient", "decision_closed" and what reading and sealing are refused with
   */
  async vote(
    address: Address,
    vote: RecordedVote["vote"],
    options: { readonly reason?: string; readonly passphrase?: string | undefined } = {},
  ): Promise<DecisionView> {
    const view = await this.show(address);
    const { version, tally } = view;
    if (!view.decision || !version.content) {
      throw new ContextError("not_a_recipient", "Cannot vote: the decision is meant for others, or not in reach");
    }
    if (tally?.state !== "open") {
      throw new ContextError(
        "decision_closed",
        `Cannot vote: the decision is ${tally?.state ?? "closed"}${tally?.by ? ` by ${tally.by}` : ""}`,
        { details: { state: tally?.state } },
      );
    }
    const reason = utf8Encode(options.reason ?? "");
    if (reason.byteLength > MAX_REASON_BYTES) {
      throw new ContextError("content_too_large", `Cannot vote: the reason has more than ${MAX_REASON_BYTES} bytes`);
    }
    const { revision, audience } = version.content;
    const sealed = reason.byteLength === 0 ? undefined : await this.#deps.sealer.seal(reason, audience);
    const plain: BodyOf<"decision_voted"> = {
      address: addressKey(version.address),
      revision: hexDecode(revision) ?? new Uint8Array(),
      vote,
      ...(sealed ? { reason: new Uint8Array(sealed) } : {}),
    };
    const body = await this.#deps.signVote?.(plain, options.passphrase) ?? plain;
    await this.#deps.journal.append({ kind: "decision_voted", topic: TOPICS.context, body });
    return await this.show(address);
  }

  /** One decision. @throws ContextError "not_found", "content_damaged"; UcxlError "version_out_of_bounds" */
  async show(address: Address): Promise<DecisionView> {
    return await this.#view(this.#deps.index.resolve(address), await this.#superseded());
  }

  /** The votes on a decision, oldest first, with their reasons where this node may read them. */
  async votes({ version }: DecisionView): Promise<readonly VoteView[]> {
    const votes = this.#votesOf(version);
    return await Promise.all(votes.map(async ({ sealedReason, ...vote }) => ({
      ...vote,
      reason: sealedReason && await this.#reasonIn(sealedReason),
    })));
  }

  /** Decisions in order of address; `accepts` picks among them. */
  async list(
    options: { readonly limit: number; readonly accepts?: (view: DecisionView) => boolean },
  ): Promise<readonly DecisionView[]> {
    const superseded = await this.#superseded();
    const views: DecisionView[] = [];
    for (const version of this.#all()) {
      if (views.length === options.limit) break;
      const view = await this.#view(version, superseded);
      if (options.accepts?.(view) ?? true) views.push(view);
    }
    return views;
  }

  #all(): readonly Version[] {
    return this.#deps.index.list(EVERY_DECISION, {
      limit: MAX_OPENED,
      accepts: (version) => version.content !== undefined,
    }).items;
  }

  async #superseded(): Promise<ReadonlyMap<string, string>> {
    const map = new Map<string, string>();
    for (const version of this.#all()) {
      const decision = await this.#open(version);
      if (decision?.supersedes !== undefined) {
        map.set(addressKey(parseConcrete(decision.supersedes)), addressKey(version.address));
      }
    }
    return map;
  }

  async #view(version: Version, superseded: ReadonlyMap<string, string>): Promise<DecisionView> {
    const decision = await this.#open(version);
    return {
      version,
      decision,
      tally: decision && tallyVotes(decision.voting, this.#votesOf(version), this.#deps.clock.nowMs()),
      supersededBy: superseded.get(addressKey(version.address)),
    };
  }

  #votesOf(version: Version): readonly RecordedVote[] {
    return version.content ? this.#votes.of(addressKey(version.address), version.content.revision) : [];
  }

  /** The record, or undefined when this node cannot read it or it is none. */
  async #open(version: Version): Promise<Decision | undefined> {
    const revocations = this.#deps.sealer.revocations ?? 0;
    if (revocations !== this.#revocations) {
      this.#revocations = revocations;
      this.#opened.clear();
    }
    const revision = version.content?.revision ?? "";
    const known = this.#opened.get(revision);
    if (known) return known;
    try {
      const { bytes } = await this.#deps.context.open(version);
      const decision = parseDecision(parseJson(utf8Decode(bytes)));
      this.#opened.set(revision, decision);
      return decision;
    } catch (error) {
      // meant for others, out of reach, or written by hand: it is shown without what is in it
      if (error instanceof ContextError || error instanceof UcxlError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  async #reasonIn(sealed: Uint8Array): Promise<string | undefined> {
    try {
      const opened = await this.#deps.sealer.open(sealed);
      return opened === "denied" ? undefined : utf8Decode(opened);
    } catch {
      return undefined; // what a voter wrote there is no text of this mesh
    }
  }

  #count(entry: StoredEntry): void {
    const vote = castVoteOf(entry, this.#deps.grantAt(entry));
    if (vote && this.#votes.add(vote)) this.events.emit("vote:counted", { address: vote.claim.body.address });
  }
}

import { LruMap, type PeerId } from "@bzzz/base";
import { type ContentSealer, ContextError, type ContextStore, type Version, type VersionIndex } from "@bzzz/context";
import type { Role } from "@bzzz/crypto";
import { ANY, LATEST } from "@bzzz/ucxl";
import { SLICE_PATH, SLURP_AGENT } from "../constants.ts";
import { type Subject, subjectKey } from "../context/levels.ts";
import type { Slice } from "../storage/slice.ts";
import { decodeSlice } from "../storage/slice_codec.ts";

/** Places of slices that are looked at for one subject: one for each role at most. */
const MAX_PLACES = 300;
/** Versions of one place that are looked through for those of leaders. */
const MAX_LOOKED_AT = 64;
/** Versions of one place that are opened: a leader that was late writes one or two behind its successor's. */
const MAX_OPENED = 4;

/** What a reader of slices stands on. */
export interface SliceReaderDeps {
  readonly index: Pick<VersionIndex, "list" | "history">;
  readonly context: Pick<ContextStore, "open">;
  readonly sealer: Pick<ContentSealer, "revocations">;
  readonly terms: {
    /** Before each look at them. */
    known(): Promise<void>;
    holderOf(term: number): PeerId | undefined;
    newestOf(peer: PeerId): number | undefined;
  };
}

/** The slice that counts at one place. */
export interface PlacedSlice {
  /** The role in its address. */
  readonly place: Role;
  /** The version that counts; when none could be read, the newest of a leader. */
  readonly version: Version;
  /** Undefined when it could not be read. */
  readonly slice: Slice | undefined;
  /** Whether it could not be read because it is meant for others. */
  readonly isDenied: boolean;
}

/**
 * Finds the slices of a subject. A slice counts when its author led the term that it names, as certificates prove; of several the one of
 * the highest term, whoever wrote last. Opened slices are kept in memory, at most `maxCached`, and forgotten when this node may open less.
 */
export class SliceReader {
  readonly #deps: SliceReaderDeps;
  readonly #opened: LruMap<string, Slice>;
  #revocations = 0;
  readonly #hits = { hits: 0, misses: 0 };

  constructor(deps: SliceReaderDeps, options: { readonly maxCached: number }) {
    this.#deps = deps;
    this.#opened = new LruMap(options.maxCached);
  }

  /** Slices that were found in memory, and that were not. */
  stats(): { readonly hits: number; readonly misses: number } {
    return { ...this.#hits };
  }

  /** What counts at each place of a subject. */
  async all(subject: Subject, options: { readonly signal?: AbortSignal } = {}): Promise<readonly PlacedSlice[]> {
    const { index, terms } = this.#deps;
    await terms.known();
    const pattern = { agent: SLURP_AGENT, role: ANY, ...subject, temporal: LATEST, path: SLICE_PATH };
    const { items } = index.list({ ...pattern, project: subject.project, task: subject.task }, { limit: MAX_PLACES });
    const placed: PlacedSlice[] = [];
    for (const latest of items) {
      const found = await this.#at(latest, subject, options);
      if (found) placed.push(found);
    }
    return placed;
  }

  /** The slice for a role; undefined when there is none that this node reads. */
  async forRole(
    subject: Subject,
    role: Role,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly slice: Slice; readonly version: Version } | undefined> {
    const placed = await this.all(subject, options);
    const meant = placed.flatMap(({ slice, version }) => slice?.roles.includes(role) ? [{ slice, version }] : []);
    meant.sort((a, b) => b.slice.term - a.slice.term || b.slice.derived_at_ms - a.slice.derived_at_ms);
    return meant[0];
  }

  async #at(
    latest: Version,
    subject: Subject,
    options: { readonly signal?: AbortSignal },
  ): Promise<PlacedSlice | undefined> {
    const { index, terms } = this.#deps;
    const from = Math.max(1, latest.total - MAX_LOOKED_AT + 1);
    const written = index.history(latest.address, { from, limit: MAX_LOOKED_AT })
      .filter((version) => version.content && terms.newestOf(version.author) !== undefined).reverse();
    // nothing further back can be of a higher term
    const bound = Math.max(0, ...written.map(({ author }) => terms.newestOf(author) ?? 0));
    let best: PlacedSlice | undefined;
    for (const version of written.slice(0, MAX_OPENED)) {
      if (best?.slice && best.slice.term >= bound) break;
      const opened = await this.#open(version, options);
      const slice = typeof opened === "object" && subjectKey(opened) === subjectKey(subject) &&
          terms.holderOf(opened.term) === version.author
        ? opened
        : undefined;
      if (slice && slice.term > (best?.slice?.term ?? 0)) {
        best = { place: latest.address.role, version, slice, isDenied: false };
      }
      best ??= { place: latest.address.role, version, slice: undefined, isDenied: opened === "denied" };
    }
    return best;
  }

  async #open(version: Version, options: { readonly signal?: AbortSignal }): Promise<Slice | "denied" | "unreadable"> {
    const revocations = this.#deps.sealer.revocations ?? 0;
    if (revocations !== this.#revocations) this.#opened.clear();
    this.#revocations = revocations;
    const revision = version.content?.revision ?? "";
    const known = this.#opened.get(revision);
    if (known) {
      this.#hits.hits++;
      return known;
    }
    this.#hits.misses++;
    try {
      const { bytes } = await this.#deps.context.open(version, options);
      const slice = await decodeSlice(bytes, version.content?.mediaType ?? "");
      if (slice) this.#opened.set(revision, slice);
      return slice ?? "unreadable";
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!(error instanceof ContextError)) throw error;
      return error.code === "not_a_recipient" ? "denied" : "unreadable";
    }
  }
}

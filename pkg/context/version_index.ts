import type { Grant } from "@bzzz/agentid";
import { type EntryId, parseEntryId, TypedEventTarget } from "@bzzz/base";
import type { Journal, StoredEntry } from "@bzzz/journal";
import type { ContextPlace, ContextRow, Store } from "@bzzz/store";
import {
  type Address,
  formatAddress,
  formatTemporal,
  isPattern,
  literalPrefix,
  matchesAddress,
  navigate,
  revisionOf,
} from "@bzzz/ucxl";
import { ContextError } from "./errors.ts";
import type { ContextEvents, Version } from "./types.ts";
import { addressOf, placeOf, VERSION_KINDS, versionOf, versionRowOf } from "./version_row.ts";

/** Entries read at once while the journal is replayed. */
const REPLAY_CHUNK = 500;
/** Places looked at in one step while a pattern is matched. */
const PLACES_CHUNK = 500;

/** What an index stands on. */
export interface VersionIndexDeps {
  readonly journal: Pick<Journal, "entriesAfter" | "events" | "get">;
  readonly store: Pick<Store, "context" | "transaction">;
  /** The grant under which an entry was written, as history judges it. */
  readonly grantAt: (entry: StoredEntry) => Pick<Grant, "level"> | undefined;
}

/** A page of a list; `next` is where the following one begins. */
export interface VersionPage {
  readonly items: readonly Version[];
  readonly next: ContextPlace | undefined;
}

/**
 * Which versions there are, by address: folded from the journal into the database. It is an index: everything in it comes from signed
 * entries, and what a crash took from it the next start folds again.
 */
export class VersionIndex {
  readonly events: TypedEventTarget<ContextEvents> = new TypedEventTarget();
  readonly #deps: VersionIndexDeps;
  readonly #stopped = new AbortController();

  constructor(deps: VersionIndexDeps) {
    this.#deps = deps;
  }

  /** Folds what came since the last time, then follows. Call once, before the network brings new entries. */
  start(): void {
    const { journal, store } = this.#deps;
    for (let cursor = store.context.lastCursor();;) {
      const chunk = journal.entriesAfter(cursor, { limit: REPLAY_CHUNK, kinds: VERSION_KINDS });
      const last = chunk.at(-1);
      if (!last) break;
      store.transaction(() => chunk.forEach((entry) => this.#insert(entry)), { isLazy: true });
      cursor = last.cursor;
    }
    journal.events.on("entry:stored", ({ entry }) => this.#follow(entry), { signal: this.#stopped.signal });
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Versions in all. */
  get size(): number {
    return this.#deps.store.context.size();
  }

  /**
   * The version that `address` names: its revision if it pins one, else its temporal segment, counted from `reference`.
   * @throws ContextError "not_found"; UcxlError "version_out_of_bounds"
   */
  resolve(address: Address, options: { readonly reference?: number } = {}): Version {
    const { context } = this.#deps.store;
    const place = placeOf(address);
    const total = context.count(place);
    if (total === 0) throw notFound(address);
    const revision = revisionOf(address);
    const row = revision === undefined
      ? context.at(place, navigate(this.#timeline(place, total), address.temporal, options.reference ?? total))
      : context.byRevision(place, revision);
    if (!row) {
      throw new ContextError(
        "not_found",
        `Cannot find that revision at "${formatAddress(addressOf(place))}": ${total} others are here`,
        { details: { address: formatAddress(address), versions: total } },
      );
    }
    return versionOf(row, revision === undefined ? this.#number(row) : context.numberOf(row), total);
  }

  /** The latest version at an address; undefined when there is none. */
  latest(address: Address): Version | undefined {
    const place = placeOf(address);
    const total = this.#deps.store.context.count(place);
    const row = this.#deps.store.context.at(place, total);
    return row && versionOf(row, total, total);
  }

  /** The version an entry tells; undefined when it tells none. */
  ofEntry(id: EntryId): Version | undefined {
    const row = this.#deps.store.context.byEntry(id);
    return row && versionOf(row, this.#number(row), this.#deps.store.context.count(row));
  }

  /** Versions at an address, oldest first, from number `from` on. */
  history(address: Address, options: { readonly from: number; readonly limit: number }): readonly Version[] {
    const place = placeOf(address);
    const total = this.#deps.store.context.count(place);
    const from = Math.max(1, options.from);
    return this.#deps.store.context.list(place, { from, limit: options.limit })
      .map((row, i) => versionOf(row, from + i, total));
  }

  /** The latest version of everything a pattern names and `accepts`, in order of address. */
  list(
    pattern: Address,
    options: {
      readonly limit: number;
      readonly after?: ContextPlace;
      readonly accepts?: (version: Version) => boolean;
    },
  ): VersionPage {
    const filter = {
      ...(pattern.project === "any" ? {} : { project: pattern.project }),
      ...(pattern.task === "any" ? {} : { task: pattern.task }),
      ...(pattern.agent === "any" ? {} : { agent: pattern.agent }),
      ...(pattern.role === "any" ? {} : { role: pattern.role }),
      pathPrefix: literalPrefix(pattern),
    };
    const items: Version[] = [];
    let after = options.after;
    for (;;) {
      const places = this.#deps.store.context.places(filter, { limit: PLACES_CHUNK, ...(after ? { after } : {}) });
      for (const place of places) {
        if (items.length === options.limit) return { items, next: after };
        after = place;
        if (!this.#matches(pattern, place)) continue;
        const version = this.latest(addressOf(place));
        if (version && (options.accepts?.(version) ?? true)) items.push(version);
      }
      if (places.length < PLACES_CHUNK) return { items, next: undefined };
    }
  }

  /** Projects with their tasks that have versions, in order, at most `limit` behind `after`. */
  subjects(
    options: { readonly after?: Pick<ContextPlace, "project" | "task">; readonly limit: number },
  ): readonly Pick<ContextPlace, "project" | "task">[] {
    return this.#deps.store.context.subjects(options);
  }

  /** Versions with a cursor above `cursor` that a pattern names, in order of cursor, at most `limit` of those looked at. */
  after(cursor: number, limit: number): readonly Version[] {
    const { context } = this.#deps.store;
    return context.after(cursor, limit).map((row) => versionOf(row, context.numberOf(row), context.count(row)));
  }

  /** The version with that cursor, if a pattern names it and, unless it is `isHistoric`, nothing came after it there. */
  candidate(
    cursor: number,
    { pattern, isHistoric }: { readonly pattern: Address; readonly isHistoric?: boolean },
  ): Version | undefined {
    const { context } = this.#deps.store;
    const row = context.byCursor(cursor);
    if (!row || !matchesAddress(pattern, addressOf(row))) return undefined;
    if (!isHistoric && context.latest(row)?.cursor !== cursor) return undefined;
    return versionOf(row, context.numberOf(row), context.count(row));
  }

  /** Versions with a cursor above `cursor`. */
  countAfter(cursor: number): number {
    return this.#deps.store.context.countAfter(cursor);
  }

  lastCursor(): number {
    return this.#deps.store.context.lastCursor();
  }

  #matches(pattern: Address, place: ContextPlace): boolean {
    return !isPattern(pattern) && pattern.path !== ""
      ? pattern.path === place.path
      : matchesAddress(pattern, addressOf(place));
  }

  #number(row: ContextRow): number {
    return this.#deps.store.context.numberOf(row);
  }

  #timeline(place: ContextPlace, total: number): Parameters<typeof navigate>[0] {
    const { context } = this.#deps.store;
    return { length: total, writtenAtMs: (n) => context.at(place, n)?.hlcMs ?? 0 };
  }

  #insert(entry: StoredEntry): ContextRow | undefined {
    const row = versionRowOf(entry, {
      grant: this.#deps.grantAt(entry),
      find: (text) => {
        const id = parseEntryId(text);
        return id && this.#deps.journal.get(id);
      },
    });
    return row && this.#deps.store.context.insert(row) ? row : undefined;
  }

  #follow(entry: StoredEntry): void {
    if (!VERSION_KINDS.includes(entry.kind)) return;
    const row = this.#deps.store.transaction(() => this.#insert(entry), { isLazy: true });
    const version = row && this.ofEntry(row.entry);
    if (version) this.events.emit("version:stored", { version });
  }
}

function notFound(address: Address): ContextError {
  const text = formatAddress(address);
  return new ContextError("not_found", `Cannot find "${text}": this node knows no version of it`, {
    details: { address: text, temporal: formatTemporal(address.temporal) },
  });
}

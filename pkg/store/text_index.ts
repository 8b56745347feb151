import { DatabaseSync } from "node:sqlite";
import { utf8Encode } from "@bzzz/base";
import { excerptOf, foldedWords } from "./excerpt.ts";

/** What is looked for. */
export interface TextQuery {
  /** Words; all of them must be there, the last one may be the beginning of a word. Punctuation separates words. */
  readonly text: string;
  readonly limit: number;
}

/** The texts that fit, by id. */
export interface TextMatches {
  /** At most `limit`: best first by BM25 over the words that few texts have, or, when more than that fit, those added last, the last one first. */
  readonly ids: readonly number[];
  /** False when more than `limit` fit: such words are too common to tell a better text from a worse one. */
  readonly isRanked: boolean;
}

/**
 * Full-text search over texts that must not reach a disk: SQLite's FTS5 in memory, its temporary tables too. Bounded: when the
 * texts together exceed `maxBytes`, those added first go.
 */
export interface TextIndex extends Disposable {
  /** Adds a text under an id above all ids before. One that alone exceeds the bound is cut. */
  add(id: number, text: string): void;
  /** Work is bounded by `limit`, however many texts fit: ids are read from the newest on, and no more than that are ranked. */
  search(query: TextQuery): TextMatches;
  /** Some words around the first place in a text that fits, each word that fits between U+0002 and U+0003. */
  snippet(text: string, id: number): string;
  clear(): void;
  /** Texts in it, UTF-8 bytes of them, and texts that had to go. */
  stats(): { readonly texts: number; readonly bytes: number; readonly dropped: number };
}

/** Words of a query that are looked at. */
const MAX_QUERY_WORDS = 16;
const PAGE_CACHE_KIB = 2048;
/** Texts that have a word, above which it tells nothing about which of them is the better one. */
const MAX_RANKED = 1000;
/** Beginnings of words with a list of their own: without it, all words with that beginning are read before the first hit. */
const PREFIX_CHARACTERS = "1 2 3 4 5";

/** An empty index. Whoever opened it disposes it. */
export function openTextIndex(options: { readonly maxBytes: number }): TextIndex {
  const db = new DatabaseSync(":memory:");
  db.exec(`PRAGMA temp_store = MEMORY; PRAGMA cache_size = -${PAGE_CACHE_KIB}`);
  db.exec(
    "CREATE VIRTUAL TABLE texts USING fts5 " +
      `(body, tokenize = 'unicode61 remove_diacritics 2', prefix = '${PREFIX_CHARACTERS}')`,
  );
  const insert = db.prepare("INSERT INTO texts (rowid, body) VALUES (?, ?)");
  const remove = db.prepare("DELETE FROM texts WHERE rowid = ?");
  // in the order of the index: it stops after the first ones
  const newest = db.prepare("SELECT rowid AS id FROM texts WHERE texts MATCH ? ORDER BY rowid DESC LIMIT ?");
  const best = db.prepare("SELECT rowid AS id FROM texts WHERE texts MATCH ? ORDER BY rank LIMIT ?");
  const bodyOf = db.prepare("SELECT body FROM texts WHERE rowid = ?");
  const idsOf = (rows: readonly Record<string, unknown>[]) => rows.map(({ id }) => Number(id));
  /** BM25 counts every text that has a word, so words that are in many texts, which weigh next to nothing in it, are left out. */
  const ranked = (words: readonly Word[], ids: readonly number[]): readonly number[] => {
    const telling = words.filter((word) => newest.all(word, MAX_RANKED + 1).length <= MAX_RANKED);
    if (telling.length === 0 || ids.length <= 1) return ids;
    const order = new Map(idsOf(best.all(telling.join(" "), MAX_RANKED)).map((id, at) => [id, at]));
    return ids.toSorted((a, b) => (order.get(a) ?? MAX_RANKED) - (order.get(b) ?? MAX_RANKED));
  };
  /** Sizes by id, in the order of adding. */
  const sizes = new Map<number, number>();
  let bytes = 0;
  let dropped = 0;
  const makeRoom = () => {
    for (const [id, size] of sizes) {
      if (bytes <= options.maxBytes) return;
      remove.run(id);
      sizes.delete(id);
      bytes -= size;
      dropped++;
    }
  };
  return {
    add(id, text) {
      let [kept, size] = [text, utf8Encode(text).byteLength];
      if (size > options.maxBytes) {
        kept = text.slice(0, Math.floor(options.maxBytes / 3)); // a unit of UTF-16 has at most three bytes
        size = utf8Encode(kept).byteLength;
      }
      insert.run(id, kept);
      sizes.set(id, size);
      bytes += size;
      makeRoom();
    },
    search({ text, limit }) {
      const exact = wordsOf(text);
      if (exact.length === 0) return { ids: [], isRanked: true };
      const begun = exact.with(-1, `${exact.at(-1)}*`);
      // where whole words are enough, nobody has to put together what all words that begin so have in common
      const whole = idsOf(newest.all(exact.join(" "), limit + 1));
      const ids = whole.length > limit ? whole : idsOf(newest.all(begun.join(" "), limit + 1));
      if (ids.length > limit) return { ids: ids.slice(0, limit), isRanked: false };
      return { ids: ranked(begun, ids), isRanked: true };
    },
    snippet(text, id) {
      const body = bodyOf.get(id)?.["body"];
      return typeof body === "string" ? excerptOf(body, foldedWords(text).slice(0, MAX_QUERY_WORDS)) : "";
    },
    clear() {
      db.exec("DELETE FROM texts");
      sizes.clear();
      bytes = 0;
      dropped = 0;
    },
    stats: () => ({ texts: sizes.size, bytes, dropped }),
    [Symbol.dispose]: () => db.close(),
  };
}

/** One word as FTS5 spells it. */
type Word = string;

/** A query of FTS5 in which the reader's words are words and nothing else. */
function wordsOf(text: string): Word[] {
  return foldedWords(text).slice(0, MAX_QUERY_WORDS).map((word) => `"${word}"`);
}

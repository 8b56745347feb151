import { createSystemClock, type EntryId, type PeerId, randomInt, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { ContextSearch, VersionIndex } from "@bzzz/context";
import { createTestJournal } from "@bzzz/journal/testing";
import { createNullLogger } from "@bzzz/logging";
import { parseAddress, parseConcrete } from "@bzzz/ucxl";
import { percentile } from "../bench_process.ts";
import type { Bench, Row, Scenario } from "../row.ts";

const WORDS = 40;
const VOCABULARY = 5_000;
const GOAL_SEARCH_MS = 50;
const GOAL_RESOLVE_MS = 1;
const MAX_TEXT_BYTES = 2 ** 28;
const clock = createSystemClock();
const EVERYTHING = parseAddress("ucxl://any:any@any:any");
const AUTHOR = "12D3KooWA6ACkSZFqzVo4FAsuHbF2rKVf8GnhPJfSApLRXMhsuEL" as PeerId;

/** Words by rank, the first ones far more often than the last, as in language (Zipf). */
function wordOf(rank: number): string {
  return `word${String(rank).padStart(4, "0")}`;
}

/** Words of a query by what they are. */
const QUERIES: readonly [what: string, text: (random: ReturnType<typeof createSeededRandom>) => string][] = [
  ["a rare word", (random) => wordOf(4_000 + randomInt(random, 1_000))],
  [
    "a rare and a common word",
    (random) => `${wordOf(4_000 + randomInt(random, 1_000))} ${wordOf(randomInt(random, 9))}`,
  ],
  ["the most common word", () => wordOf(0)],
  ["a word in every text", () => "the"],
  ["two common words", () => `the ${wordOf(0)}`],
  ["the first letter of all words", () => "w"],
];

/** Many versions in the index of a node; the texts are given in the clear, as if they had been opened before. */
function fill(versions: number, random: ReturnType<typeof createSeededRandom>) {
  const test = createTestJournal({ clock });
  const index = new VersionIndex({ journal: test.journal, store: test.store, grantAt: () => ({ level: "master" }) });
  const word = () => wordOf(Math.floor(VOCABULARY * random.float() ** 3));
  const hash = "0".repeat(64);
  test.store.transaction(() => {
    for (let cursor = 1; cursor <= versions; cursor++) {
      test.store.context.insert({
        cursor,
        entry: cursor.toString(16).padStart(64, "0") as EntryId,
        project: "bench",
        task: `task-${cursor % 100}`,
        agent: "basil",
        role: "developer",
        path: `docs/page-${cursor}.md`,
        author: AUTHOR,
        hlcMs: cursor,
        hlcCounter: 0,
        previous: undefined,
        content: {
          revision: hash,
          sealed: hash,
          sealedBytes: 1,
          size: 1,
          mediaType: "text/plain",
          audience: ["admin"],
        },
      });
    }
  });
  const search = new ContextSearch({
    index,
    context: {
      open: (version) =>
        Promise.resolve({
          version: { ...version, content: version.content ?? raise() },
          bytes: utf8Encode(`the ${Array.from({ length: WORDS }, word).join(" ")}`),
        }),
    },
    sealer: {},
    clock,
    logger: createNullLogger(),
  }, { maxTextBytes: MAX_TEXT_BYTES });
  return { test, index, search };
}

function raise(): never {
  throw new TypeError("every version of the benchmark has a content");
}

/** Words among many versions, and addresses of them. */
export const search: Scenario = {
  name: "search",
  async run(bench: Bench): Promise<readonly Row[]> {
    const versions = bench.isQuick ? 2_000 : 100_000;
    const rounds = bench.isQuick ? 3 : 50;
    const random = createSeededRandom(1);
    bench.say(`search: ${versions} versions, which takes a while to collect`);
    const filled = fill(versions, random);
    await using _journal = filled.test;
    const query = (text: string) => filled.search.search({ text, pattern: EVERYTHING, limit: 20 });
    while ((await query("anything")).seen < versions) continue; // each waits up to two seconds for texts
    const rows: Row[] = [];
    const row = (what: string, bzzz: number, goalMs: number): Row => ({
      scenario: `${versions} versions`,
      what,
      unit: "ms",
      bzzz,
      bare: undefined,
      goal: `< ${goalMs} ms`,
      isMet: bzzz < goalMs,
    });
    for (const [what, textOf] of QUERIES) {
      const samples: number[] = [];
      for (let round = 0; round < rounds; round++) {
        const text = textOf(random);
        const startedMs = clock.monotonicMs();
        await query(text);
        samples.push(clock.monotonicMs() - startedMs);
      }
      rows.push(row(`search, ${what}, p95`, percentile(samples, 0.95), GOAL_SEARCH_MS));
    }
    const samples: number[] = [];
    for (let round = 0; round < 20 * rounds; round++) {
      const n = 1 + randomInt(random, versions);
      const startedMs = clock.monotonicMs();
      filled.index.resolve(parseConcrete(`ucxl://basil:developer@bench:task-${n % 100}/docs/page-${n}.md`));
      samples.push(clock.monotonicMs() - startedMs);
    }
    rows.push(row("an address resolved, p95", percentile(samples, 0.95), GOAL_RESOLVE_MS));
    await filled.search.stop();
    return rows;
  },
};

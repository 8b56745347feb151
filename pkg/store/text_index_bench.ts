import { randomInt } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { openTextIndex } from "@bzzz/store";

const TEXTS = 100_000;
const WORDS = 40;

const random = createSeededRandom(1);
const index = openTextIndex({ maxBytes: 256 * 1024 * 1024 });
/** Words by rank, the first ones far more often than the last, as in language (Zipf). */
const wordOf = (rank: number) => `word${String(rank).padStart(4, "0")}`;
const word = () => wordOf(Math.floor(5_000 * random.float() ** 3));
for (let id = 1; id <= TEXTS; id++) index.add(id, Array.from({ length: WORDS }, word).join(" "));

Deno.bench("search 100,000 texts, a rare and a common word", () => {
  index.search({ text: `${wordOf(4_000 + randomInt(random, 1_000))} ${wordOf(1)}`, limit: 100 });
});

Deno.bench("search 100,000 texts, one rare word", () => {
  index.search({ text: wordOf(4_000 + randomInt(random, 1_000)), limit: 100 });
});

Deno.bench("search 100,000 texts, the most common word", () => {
  index.search({ text: wordOf(1), limit: 100 });
});

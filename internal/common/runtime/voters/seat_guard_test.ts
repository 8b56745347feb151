import assert from "node:assert/strict";
import { createSeededRandom } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { readSeat, takeSeat } from "@bzzz/register";
import { createTestStore } from "@bzzz/store/testing";
import { guardSeat } from "./seat_guard.ts";

const random = createSeededRandom(5);

/** Seats after the starts that `between` changes something before. */
async function seats(
  between: (folder: string) => void | Promise<void>,
): Promise<[string | undefined, string | undefined]> {
  using test = createTestStore();
  const path = `${test.folder}/voter.mark`;
  const start = async () => {
    await (await guardSeat({ store: test.store, random, logger: createNullLogger() }, path)).named;
  };
  const seat = takeSeat(test.store, random);
  await start();
  await start();
  await between(test.folder);
  await start();
  return [seat, readSeat(test.store)];
}

Deno.test("a voter keeps its seat from start to start", async () => {
  const [before, after] = await seats(() => {});

  assert.equal(after, before);
});

Deno.test("a database that is not the one that ran last gives its seat up", async () => {
  const [, withNewerMark] = await seats((folder) => Deno.writeTextFile(`${folder}/voter.mark`, '{"start":"another"}'));
  const [, withoutMark] = await seats((folder) => Deno.remove(`${folder}/voter.mark`));
  const [, damaged] = await seats((folder) => Deno.writeTextFile(`${folder}/voter.mark`, "{"));

  assert.deepEqual([withNewerMark, withoutMark, damaged], [undefined, undefined, undefined]);
});

Deno.test("a crash between the two writes costs no seat, a file of the start before that does", async () => {
  using test = createTestStore();
  const path = `${test.folder}/voter.mark`;
  const start = async () => {
    await (await guardSeat({ store: test.store, random, logger: createNullLogger() }, path)).named;
  };
  const seat = takeSeat(test.store, random);
  await start();
  for (let crash = 0; crash < 3; crash++) {
    const mark = await Deno.readTextFile(path);
    await start();
    await Deno.writeTextFile(path, mark); // the database has the next name already
  }
  await start();
  assert.equal(readSeat(test.store), seat);

  const mark = await Deno.readTextFile(path);
  await start();
  await start();
  await Deno.writeTextFile(path, mark);
  await start();
  assert.equal(readSeat(test.store), undefined);
});

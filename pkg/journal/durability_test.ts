import assert from "node:assert/strict";
import { settle } from "@bzzz/base/testing";
import { StoreError } from "@bzzz/store";
import { TestAuthor } from "@bzzz/wire/testing";
import { createTestJournal, type TestJournal } from "./testing.ts";
import { message } from "./testdata/entries.ts";

/** A disk whose syncs end when the test says so. */
class SlowDisk {
  readonly #running: PromiseWithResolvers<void>[] = [];

  readonly syncFile = (): Promise<void> => {
    const sync = Promise.withResolvers<void>();
    this.#running.push(sync);
    return sync.promise;
  };

  get syncs(): number {
    return this.#running.length;
  }

  async finish(index: number): Promise<void> {
    this.#running[index]?.resolve();
    await settle();
  }

  async fail(index: number): Promise<void> {
    this.#running[index]?.reject(new Error("Input/output error"));
    await settle();
  }
}

/** What others have been told of this node's log and what its consumers have seen, as texts. */
function watch(test: TestJournal): { readonly seen: string[]; readonly cursors: number[] } {
  const seen: string[] = [];
  const cursors: number[] = [];
  test.journal.events.on("entry:stored", ({ entry }) => {
    if (entry.kind === "message_posted") seen.push(entry.body.text);
    cursors.push(entry.cursor);
  });
  return { seen, cursors };
}

Deno.test("nothing of an own entry is told before the disk has it: no answer, no event, no gossip, no sync", async () => {
  const disk = new SlowDisk();
  await using test = createTestJournal({ syncFile: disk.syncFile });
  const { seen } = watch(test);
  const told = () => ({
    seen: seen.length,
    published: test.published.length,
    vector: test.journal.vector().get(test.peer)?.seq ?? 0,
    served: test.journal.framesFrom(test.peer, 1, { maxBytes: 1_000_000, limit: 10 }).length,
  });
  let isAcknowledged = false;

  const append = test.journal.append(message("mine")).then(() => isAcknowledged = true);
  await settle();
  const before = { ...told(), isAcknowledged };
  await disk.finish(0);
  await append;
  await settle();

  assert.deepEqual(before, { seen: 0, published: 0, vector: 0, served: 0, isAcknowledged: false });
  assert.deepEqual({ ...told(), isAcknowledged }, {
    seen: 1,
    published: 1,
    vector: 1,
    served: 1,
    isAcknowledged: true,
  });
});

Deno.test("entries of others are history at once, and told in the order of their cursors", async () => {
  const disk = new SlowDisk();
  await using test = createTestJournal({ syncFile: disk.syncFile });
  const { seen, cursors } = watch(test);
  const author = new TestAuthor(7);

  const append = test.journal.append(message("mine"));
  await settle();
  test.journal.ingest(author.entry("message_posted", { type: "message", text: "theirs" }).frame, {
    peer: author.peer,
    path: "live",
  });
  await settle();
  const whileWaiting = { seen: [...seen], theirs: test.journal.vector().get(author.peer)?.seq };
  await disk.finish(0);
  await append;

  assert.deepEqual(whileWaiting, { seen: [], theirs: 1 });
  assert.deepEqual(seen, ["mine", "theirs"]);
  assert.deepEqual(cursors, [1, 2]);
});

Deno.test("appends that come while the disk is busy share its next sync", async () => {
  const disk = new SlowDisk();
  await using test = createTestJournal({ syncFile: disk.syncFile });

  const first = test.journal.append(message("first"));
  await settle();
  const others = [];
  for (let n = 0; n < 20; n++) {
    others.push(test.journal.append(message(`${n}`)));
    await settle();
  }
  await disk.finish(0);
  await first;
  await disk.finish(1);
  await Promise.all(others);

  assert.equal(disk.syncs, 2);
});

Deno.test("a disk that fails refuses the appends that wait for it and all that follow, and nothing is published", async () => {
  const disk = new SlowDisk();
  await using test = createTestJournal({ syncFile: disk.syncFile });
  const { seen } = watch(test);
  const isRefusal = (error: unknown) => error instanceof StoreError && error.code === "store_unavailable";

  const first = assert.rejects(test.journal.append(message("first")), isRefusal);
  await settle();
  const second = assert.rejects(test.journal.append(message("second")), isRefusal);
  await settle();
  await disk.fail(0);
  await first;
  await second;
  await assert.rejects(test.journal.append(message("third")), isRefusal);

  assert.deepEqual([seen.length, test.published.length, test.journal.vector().size], [0, 0, 0]);
  assert.equal(test.store.health().state, "failing");
});

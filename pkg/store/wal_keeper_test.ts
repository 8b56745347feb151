import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { openStore } from "./store.ts";
import { createTestStore } from "./testing.ts";
import { WalKeeper } from "./wal_keeper.ts";

const VALUE = new Uint8Array([1]);

function countSyncs() {
  let count = 0;
  const syncFile = () => {
    count++;
    return Promise.resolve();
  };
  return { syncFile, count: () => count };
}

Deno.test("a lazy transaction is synced once, within 250 ms", async () => {
  const clock = new ManualClock();
  const syncs = countSyncs();
  using test = createTestStore({ clock, syncFile: syncs.syncFile });

  for (let n = 0; n < 3; n++) test.store.transaction(() => test.store.kv.set("key", VALUE), { isLazy: true });
  const before = syncs.count();
  await clock.advance(250);
  const after = syncs.count();
  await clock.advance(10_000);

  assert.deepEqual([before, after, syncs.count()], [0, 1, 1]);
});

Deno.test("a transaction that waits for the disk needs no sync afterwards", async () => {
  const clock = new ManualClock();
  const syncs = countSyncs();
  using test = createTestStore({ clock, syncFile: syncs.syncFile });

  test.store.kv.set("key", VALUE);
  await clock.advance(1_000);

  assert.equal(syncs.count(), 0);
});

Deno.test("a lazy transaction is there after the process ended without closing", () => {
  using test = createTestStore();

  test.store.transaction(() => test.store.kv.set("key", VALUE), { isLazy: true });
  // what is left behind by kill -9: the files as they are now
  for (const suffix of ["", "-wal"]) Deno.copyFileSync(test.path + suffix, `${test.folder}/copy.db${suffix}`);
  using copy = openStore({ clock: new ManualClock(), logger: createNullLogger() }, { path: `${test.folder}/copy.db` });

  assert.deepEqual(copy.kv.get("key"), VALUE);
});

Deno.test("the log is folded in a quiet moment after many commits, and not while more come", async () => {
  const clock = new ManualClock();
  let folds = 0;
  using folder = createTestStore();
  const keeper = new WalKeeper({ clock, logger: createNullLogger() }, { path: folder.path, fold: () => folds++ });
  const commitMany = () => {
    for (let n = 0; n < 200; n++) keeper.committed({ isLazy: false });
  };

  commitMany();
  await clock.advance(200);
  commitMany();
  await clock.advance(60);
  const whileBusy = folds;
  await clock.advance(1_000);
  keeper.close();

  assert.deepEqual([whileBusy, folds], [0, 1]);
});

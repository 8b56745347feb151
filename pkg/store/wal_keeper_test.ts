import assert from "node:assert/strict";
import { ManualClock, settle } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { StoreError } from "./errors.ts";
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

Deno.test("synced() resolves when the disk has what was committed before, and who asks meanwhile shares the next sync", async () => {
  const running: PromiseWithResolvers<void>[] = [];
  const syncFile = () => {
    const sync = Promise.withResolvers<void>();
    running.push(sync);
    return sync.promise;
  };
  using test = createTestStore({ clock: new ManualClock(), syncFile });
  const commit = () => test.store.transaction(() => test.store.kv.set("key", VALUE), { isLazy: true });
  const done: string[] = [];
  const ask = (name: string) => test.store.synced().then(() => void done.push(name));

  commit();
  const first = ask("first");
  commit();
  const shared = [ask("second"), ask("third")];
  const syncsAtOnce = running.length;
  running[0]?.resolve();
  await first;
  const afterFirst = [...done];
  await settle();
  running[1]?.resolve();
  await Promise.all(shared);
  await test.store.synced();

  assert.equal(syncsAtOnce, 1);
  assert.deepEqual(afterFirst, ["first"]);
  assert.deepEqual([done, running.length], [["first", "second", "third"], 2]);
});

Deno.test("a disk that does not take what was written ends all writing until a restart", async () => {
  const clock = new ManualClock();
  using test = createTestStore({ clock, syncFile: () => Promise.reject(new Error("Input/output error")) });
  const isRefusal = (error: unknown) =>
    error instanceof StoreError && error.code === "store_unavailable" && /restart this program/.test(error.message);

  test.store.transaction(() => test.store.kv.set("key", VALUE), { isLazy: true });
  await assert.rejects(test.store.synced(), isRefusal);
  await clock.advance(60_000);

  assert.throws(() => test.store.kv.set("key", VALUE), isRefusal);
  await assert.rejects(test.store.synced(), isRefusal);
  assert.equal(test.store.health().state, "failing");
});

Deno.test("what a killed program left is on the disk before anybody is told of it", async () => {
  const syncs = countSyncs();
  using killed = createTestStore();
  killed.store.transaction(() => killed.store.kv.set("key", VALUE), { isLazy: true });
  for (const suffix of ["", "-wal"]) await Deno.copyFile(killed.path + suffix, `${killed.folder}/copy.db${suffix}`);

  const deps = { clock: new ManualClock(), logger: createNullLogger(), syncFile: syncs.syncFile };
  using next = openStore(deps, { path: `${killed.folder}/copy.db` });
  await next.synced();
  const afterKill = syncs.count();
  await next.synced();

  assert.deepEqual([next.kv.get("key"), afterKill, syncs.count()], [VALUE, 1, 1]);
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
  const keeper = new WalKeeper({ clock, logger: createNullLogger() }, {
    path: folder.path,
    fold: () => folds++,
    onFailure: (error) => assert.fail(String(error)),
  });
  const commitMany = () => {
    for (let n = 0; n < 200; n++) keeper.committed({ isLazy: false });
  };

  commitMany();
  await clock.advance(200);
  commitMany();
  await clock.advance(60);
  const whileBusy = folds;
  await clock.advance(1_000);
  await keeper.synced();
  keeper.close();

  assert.deepEqual([whileBusy, folds], [0, 1]);
});

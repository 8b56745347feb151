import assert from "node:assert/strict";
import { type EntryId, hexEncode, type PeerId, type TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger, createTestLogger } from "@bzzz/logging";
import fc from "fast-check";
import { type NewEntry, openStore, quarantineStore, StoreError } from "./mod.ts";
import { createTestStore } from "./testing.ts";

const ALICE = "12D3KooWAlice" as PeerId;
const BOB = "12D3KooWBob" as PeerId;
const TASK = "01J00000000000000000000000" as TaskId;

function idOf(author: string, seq: number): EntryId {
  return hexEncode(new TextEncoder().encode(`${author}${seq}`.slice(-32).padStart(32, "."))) as EntryId;
}

function entry(author: PeerId, seq: number, more: Partial<NewEntry> = {}): NewEntry {
  return {
    id: idOf(author, seq),
    author,
    seq,
    prev: seq === 1 ? undefined : idOf(author, seq - 1),
    hlcMs: 1_000 + seq,
    hlcCounter: 0,
    topic: "bzzz/coordination/v1",
    kind: "message_posted",
    thread: undefined,
    task: undefined,
    frame: new Uint8Array(100).fill(seq),
    storedAtMs: 5,
    isPruned: false,
    ...more,
  };
}

function isCode(code: string): (error: unknown) => boolean {
  return (error) => error instanceof StoreError && error.code === code;
}

function reopen(path: string): ReturnType<typeof openStore> {
  return openStore({ clock: new ManualClock(), logger: createNullLogger() }, { path });
}

Deno.test("a database that is a link is refused with where it leads, as SQLite's log would lie beside the target", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = `${folder}/journal.db`;
    using first = createTestStore();
    for (const target of [first.path, `${folder}/nothing-yet.db`]) {
      Deno.symlinkSync(target, path);

      assert.throws(() => reopen(path), (error) => {
        assert.ok(error instanceof StoreError && error.code === "store_unavailable");
        assert.ok(error.message.startsWith(`Cannot use the database "${path}": it is a link to "${target}"; `));
        return true;
      });
      Deno.removeSync(path);
    }
    assert.deepEqual([...Deno.readDirSync(folder)], [], "nothing was made where it leads");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("entries come back as they were stored, after reopening", () => {
  using test = createTestStore();
  const stored = [entry(ALICE, 1, { task: TASK, thread: "t1" }), entry(BOB, 1), entry(ALICE, 2)];

  const cursors = test.store.entries.insertAll(stored);
  test.store.close();
  using store = reopen(test.path);

  assert.deepEqual(cursors, [1, 2, 3]);
  assert.deepEqual(store.entries.get(idOf(ALICE, 1)), { ...stored[0], cursor: 1 });
  assert.deepEqual(store.entries.at(ALICE, 2), { ...stored[2], cursor: 3 });
  assert.equal(store.entries.idAt(BOB, 1), idOf(BOB, 1));
  assert.equal(store.entries.idAt(BOB, 2), undefined);
  assert.deepEqual(store.entries.heads().map(({ author, seq }) => [author, seq]), [[ALICE, 2], [BOB, 1]]);
  assert.equal(store.entries.lastCursor(), 3);
  assert.equal(store.entries.heads()[0]?.hlcMs, 1_002);
});

Deno.test("after() filters by topic, kind, task and thread and keeps the order of storing", () => {
  using test = createTestStore();
  const { entries } = test.store;
  entries.insertAll([
    entry(ALICE, 1, { task: TASK, kind: "task_posted" }),
    entry(ALICE, 2, { topic: "hmmm/meta-discussion/v1", thread: "t" }),
    entry(BOB, 1, { task: TASK, kind: "task_claimed" }),
    entry(BOB, 2),
  ]);
  const cursorsOf = (filter: Parameters<typeof entries.after>[1], from = 0) =>
    entries.after(from, filter).map(({ cursor }) => cursor);

  assert.deepEqual(cursorsOf({ limit: 10 }), [1, 2, 3, 4]);
  assert.deepEqual(cursorsOf({ limit: 2 }, 1), [2, 3]);
  assert.deepEqual(cursorsOf({ limit: 10, task: TASK }), [1, 3]);
  assert.deepEqual(cursorsOf({ limit: 10, thread: "t" }), [2]);
  assert.deepEqual(cursorsOf({ limit: 10, topics: ["hmmm/meta-discussion/v1"] }), [2]);
  assert.deepEqual(cursorsOf({ limit: 10, kinds: ["task_claimed", "message_posted"] }), [2, 3, 4]);
  assert.deepEqual(cursorsOf({ limit: 10, kinds: [] }), []);
});

Deno.test("frames() returns at least one frame and stops at the byte limit", () => {
  using test = createTestStore();
  test.store.entries.insertAll([1, 2, 3, 4].map((seq) => entry(ALICE, seq)));

  assert.equal(test.store.entries.frames(ALICE, 1, { maxBytes: 10, limit: 10 }).length, 1);
  assert.equal(test.store.entries.frames(ALICE, 2, { maxBytes: 250, limit: 10 }).length, 2);
  assert.equal(test.store.entries.frames(ALICE, 1, { maxBytes: 9_999, limit: 3 }).length, 3);
  assert.equal(test.store.entries.frames(ALICE, 5, { maxBytes: 9_999, limit: 3 }).length, 0);
});

Deno.test("a transaction that throws leaves nothing, and nested ones belong to the outer one", () => {
  using test = createTestStore();
  const { store } = test;

  assert.throws(() =>
    store.transaction(() => {
      store.outbox.addAll(store.entries.insertAll([entry(ALICE, 1)]));
      store.kv.set("a", new Uint8Array([1]));
      throw new RangeError("boom");
    }), RangeError);

  assert.equal(store.entries.lastCursor(), 0);
  assert.equal(store.kv.get("a"), undefined);
  assert.equal(store.outbox.size(), 0);
});

Deno.test("a second entry at one (author, seq) is refused by the tables", () => {
  using test = createTestStore();
  test.store.entries.insertAll([entry(ALICE, 1)]);

  assert.throws(() => test.store.entries.insertAll([entry(ALICE, 1, { id: idOf(BOB, 9) })]), /UNIQUE/);
  assert.equal(test.store.health().state, "ok", "a mistake of the program is not a state of the disk");
});

Deno.test("pruning replaces the frame and takes the entry off the list", () => {
  using test = createTestStore();
  const { entries } = test.store;
  entries.insertAll([1, 2, 3].map((seq) => entry(ALICE, seq)));

  const old = entries.prunable("bzzz/coordination/v1", 1_003, { limit: 10 });
  entries.replacePruned(old.map(({ cursor }) => ({ cursor, frame: new Uint8Array(1) })));

  assert.deepEqual(old.map(({ seq }) => seq), [1, 2]);
  assert.deepEqual(entries.prunable("bzzz/coordination/v1", 1_003, { limit: 10 }), []);
  assert.deepEqual(entries.prunable("bzzz/coordination/v1", 9_999, { limit: 9, exceptKinds: ["message_posted"] }), []);
  assert.equal(entries.at(ALICE, 1)?.isPruned, true);
  assert.equal(entries.at(ALICE, 1)?.frame.byteLength, 1);
});

Deno.test("the outbox keeps frames until they are removed", () => {
  using test = createTestStore();
  const { store } = test;
  store.transaction(() => store.outbox.addAll(store.entries.insertAll([1, 2, 3].map((seq) => entry(ALICE, seq)))));

  assert.deepEqual(store.outbox.next(0, 2).map(({ cursor }) => cursor), [1, 2]);
  assert.deepEqual(store.outbox.next(2, 2).map(({ cursor }) => cursor), [3]);
  store.outbox.removeAll([1, 3]);

  assert.deepEqual(store.outbox.next(0, 9).map(({ cursor, topic }) => [cursor, topic]), [[2, "bzzz/coordination/v1"]]);
});

Deno.test("grants, values and forks are kept, without doubles", () => {
  using test = createTestStore();
  const { grants, kv, forks } = test.store;
  const fork = { author: ALICE, seq: 5, first: new Uint8Array([1]), second: new Uint8Array([2]), provedAtMs: 7 };

  assert.deepEqual([grants.addGrant(fork.first), grants.addGrant(fork.first)], [true, false]);
  assert.equal(grants.addRevocation(fork.second), true);
  kv.set("x/1", fork.first);
  kv.set("x/1", fork.second);
  kv.set("y", fork.first);
  assert.deepEqual([forks.add(fork), forks.add({ ...fork, seq: 6 }), forks.add({ ...fork, seq: 4 })], [
    true,
    false,
    true,
  ]);

  assert.deepEqual(grants.grants(), [fork.first]);
  assert.deepEqual(grants.revocations(), [fork.second]);
  assert.deepEqual(kv.keys("x/"), ["x/1"]);
  assert.deepEqual(kv.get("x/1"), fork.second);
  assert.deepEqual([kv.delete("x/1"), kv.delete("x/1")], [true, false]);
  assert.deepEqual(forks.list(), [{ ...fork, seq: 4 }]);
});

Deno.test("a full disk refuses writes, keeps reading, and recovers when there is room", () => {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  using test = createTestStore({ clock, logger, maxBytes: 256 * 1024 });
  const { store } = test;
  store.entries.insertAll([entry(ALICE, 1)]);
  const big = (seq: number) => entry(ALICE, seq, { frame: new Uint8Array(100_000) });

  assert.throws(() => {
    for (let seq = 2; seq < 20; seq++) store.entries.insertAll([big(seq)]);
  }, isCode("store_full"));
  const stored = store.entries.heads()[0]?.seq ?? 0;

  assert.ok(stored >= 2 && stored < 19, `stored ${stored}`);
  assert.equal(store.entries.get(idOf(ALICE, 1))?.seq, 1, "reading goes on");
  assert.throws(() => store.kv.set("k", new Uint8Array(1)), isCode("store_full"), "refused without trying");
  assert.equal(store.health().state, "full");
  assert.match(store.health().message ?? "", /free space/);
  assert.equal(records.filter(({ level }) => level === "error").length, 1, "logged once");

  store.setMaxBytes(undefined);
  assert.equal(store.health().state, "full", "the next try is not due yet");
  clock.jumpWall(60_000);
  assert.equal(store.health().state, "full", "the wall clock does not count");
});

Deno.test("health() tries again after a second and reports the recovery", async () => {
  const clock = new ManualClock();
  using test = createTestStore({ clock, maxBytes: 200 * 1024 });
  const { store } = test;
  assert.throws(
    () => store.entries.insertAll([entry(ALICE, 1, { frame: new Uint8Array(400_000) })]),
    isCode("store_full"),
  );

  store.setMaxBytes(undefined);
  await clock.advance(1_001);

  assert.equal(store.health().state, "ok");
  assert.deepEqual(store.entries.insertAll([entry(ALICE, 1)]), [1]);
});

Deno.test("a damaged file is refused with advice, kept, and can be quarantined", () => {
  using test = createTestStore();
  test.store.entries.insertAll(Array.from({ length: 200 }, (_, i) => entry(ALICE, i + 1)));
  test.store.close();
  const bytes = Deno.readFileSync(test.path);
  bytes.fill(0xa5, 4_096 * 3, 4_096 * 6);
  Deno.writeFileSync(test.path, bytes);

  assert.throws(
    () => reopen(test.path),
    (error) => isCode("store_corrupt")(error) && /move it aside/.test(String(error)),
  );
  assert.deepEqual(Deno.readFileSync(test.path), bytes, "the file is untouched");

  const moved = quarantineStore(test.path, { nowMs: 0 });
  assert.deepEqual(Deno.readFileSync(moved), bytes);
  using store = reopen(test.path);
  assert.equal(store.entries.lastCursor(), 0);
});

/** A database and its log as a crash leaves them, with one entry in the log alone. */
function leaveCrashed(folder: string): string {
  using test = createTestStore();
  const path = `${folder}/crashed.db`;
  test.store.entries.insertAll([entry(ALICE, 1)]);
  for (const suffix of ["", "-wal"]) Deno.copyFileSync(test.path + suffix, path + suffix);
  assert.ok(Deno.statSync(`${path}-wal`).size > 0);
  return path;
}

Deno.test("quarantineStore() that cannot move everything moves nothing", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = leaveCrashed(folder);
    Deno.mkdirSync(`${path}.corrupt-1970-01-01T00-00-00-000Z-wal`); // in the way

    assert.throws(() => quarantineStore(path, { nowMs: 0 }), isCode("store_unavailable"));

    using store = reopen(path);
    assert.equal(store.entries.lastCursor(), 1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("quarantineStore() that a crash ended has lost nothing, and the next start begins with an empty database", () => {
  const folder = Deno.makeTempDirSync();
  try {
    const path = leaveCrashed(folder);
    const moved = quarantineStore(path, { nowMs: 0 });
    Deno.copyFileSync(`${moved}-wal`, `${path}-wal`); // the last step is undone

    using empty = reopen(path);
    using old = reopen(moved);

    assert.equal(empty.entries.lastCursor(), 0);
    assert.equal(old.entries.lastCursor(), 1);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("random bytes as a file are refused, never a crash", () => {
  const folder = Deno.makeTempDirSync();
  try {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 512, maxLength: 2_000 }), (bytes) => {
        const path = `${folder}/x.db`;
        Deno.writeFileSync(path, bytes);
        assert.throws(() => reopen(path), isCode("store_corrupt"));
        for (const suffix of ["-wal", "-shm"]) {
          try {
            Deno.removeSync(path + suffix);
          } catch { /* SQLite left none */ }
        }
      }),
      { numRuns: 20 },
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

Deno.test("a newer format and another program's database are refused", async () => {
  using test = createTestStore();
  test.store.close();
  const { DatabaseSync } = await import("node:sqlite");
  using raw = new DatabaseSync(test.path);
  raw.exec("PRAGMA user_version = 999");

  assert.throws(() => reopen(test.path), isCode("store_newer_version"));
  raw.exec("PRAGMA application_id = 1");
  assert.throws(() => reopen(test.path), isCode("store_corrupt"));
});

Deno.test("a write while another process holds the lock is store_locked, and works afterwards", async () => {
  using test = createTestStore();
  const { DatabaseSync } = await import("node:sqlite");
  using raw = new DatabaseSync(test.path);
  raw.exec("BEGIN IMMEDIATE");

  assert.throws(() => test.store.kv.set("a", new Uint8Array(1)), isCode("store_locked"));
  raw.exec("ROLLBACK");
  test.store.kv.set("a", new Uint8Array(1));

  assert.equal(test.store.health().state, "ok");
});

Deno.test("the files are private, and a closed store says so", () => {
  using test = createTestStore();
  test.store.kv.set("a", new Uint8Array(1));

  for (const suffix of ["", "-wal", "-shm"]) {
    assert.equal((Deno.statSync(test.path + suffix).mode ?? 0) & 0o777, 0o600, suffix);
  }
  test.store.close();
  test.store.close();

  assert.throws(() => test.store.kv.get("a"), isCode("store_closed"));
  assert.throws(() => test.store.kv.set("a", new Uint8Array(1)), isCode("store_closed"));
  assert.equal(test.store.health().state, "closed");
});

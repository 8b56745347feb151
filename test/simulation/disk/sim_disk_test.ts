import assert from "node:assert/strict";
import { type EntryId, hexEncode, type PeerId, utf8Encode } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { sha256 } from "@bzzz/crypto";
import { type NewEntry, StoreError } from "@bzzz/store";
import { createTestStore } from "@bzzz/store/testing";
import fc from "fast-check";
import { SimDisk, type SimStore } from "./sim_disk.ts";

const AUTHORS = ["12D3KooWAlice", "12D3KooWBob"] as PeerId[];

function entry(author: PeerId, seq: number): NewEntry {
  return {
    id: hexEncode(sha256(utf8Encode(`${author}${seq}`))) as EntryId,
    author,
    seq,
    prev: undefined,
    hlcMs: 1_000 - seq,
    hlcCounter: 0,
    topic: seq % 2 === 0 ? "even" : "odd",
    kind: "message_posted",
    thread: seq % 3 === 0 ? "thread" : undefined,
    task: undefined,
    frame: new Uint8Array(10 * seq).fill(seq),
    storedAtMs: 5,
    isPruned: false,
  };
}

function fork(author: PeerId, seq: number): Parameters<SimStore["forks"]["add"]>[0] {
  return { author, seq, first: new Uint8Array([seq]), second: new Uint8Array([seq, 1]), provedAtMs: 100 - seq };
}

/** Everything that can be read, so that two stores can be compared. */
function readAll({ entries, grants, kv, outbox, forks, registers }: SimStore): unknown {
  return {
    registers: [registers.keys("task/1", 2), ["task/1", "task/2", "task/3"].map((key) => registers.get(key))],
    all: entries.after(0, { limit: 100 }),
    some: entries.after(1, { limit: 2, topics: ["odd"], thread: "thread" }),
    heads: entries.heads(),
    last: entries.lastCursor(),
    prunable: entries.prunable("odd", 998, { limit: 3 }),
    frames: AUTHORS.map((author) => entries.frames(author, 2, { maxBytes: 60, limit: 3 })),
    places: AUTHORS.map((author) => [entries.at(author, 2)?.id, entries.idAt(author, 3)]),
    grants: [grants.grants(), grants.revocations()],
    keys: kv.keys("k").map((key) => [key, kv.get(key)]),
    outbox: [outbox.next(1, 3).map((row) => ({ ...row })), outbox.size()],
    forks: forks.list(),
  };
}

type Step = (store: SimStore) => unknown;

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ author: fc.constantFrom(...AUTHORS), count: fc.integer({ min: 1, max: 3 }), isKept: fc.boolean() }).map((
    { author, count, isKept },
  ): Step =>
  (store) => {
    const seq = store.entries.heads().find((head) => head.author === author)?.seq ?? 0;
    try {
      return store.transaction(() => {
        const cursors = store.entries.insertAll(Array.from({ length: count }, (_, i) => entry(author, seq + 1 + i)));
        store.outbox.addAll(cursors);
        if (!isKept) throw new RangeError("rolled back");
        return cursors;
      });
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      return "rolled back";
    }
  }),
  fc.integer({ min: 1, max: 4 }).map((cursor): Step => (store) => store.outbox.removeAll([cursor])),
  fc.integer({ min: 1, max: 4 }).map((cursor): Step => (store) =>
    store.entries.replacePruned([{ cursor, frame: new Uint8Array([cursor]) }])
  ),
  fc.integer({ min: 1, max: 3 }).map((n): Step => (store) => store.grants.addGrant(new Uint8Array([n]))),
  fc.integer({ min: 1, max: 3 }).map((n): Step => (store) => store.grants.addRevocation(new Uint8Array([n]))),
  fc.constantFrom("task/1", "task/2", "task/3").map((key): Step => (store) =>
    store.registers.set(key, utf8Encode(key))
  ),
  fc.constant<Step>((store) => store.registers.clear()),
  fc.constantFrom("k1", "k2").map((key): Step => (store) => store.kv.set(key, utf8Encode(key))),
  fc.constantFrom("k1", "k2").map((key): Step => (store) => store.kv.delete(key)),
  fc.record({ author: fc.constantFrom(...AUTHORS), seq: fc.integer({ min: 1, max: 3 }) }).map((
    { author, seq },
  ): Step =>
  (store) => store.forks.add(fork(author, seq))),
);

Deno.test("the simulated store answers as SQLite's does, whatever is done to both", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      using real = createTestStore();
      const simulated = new SimDisk().open(new ManualClock());

      for (const apply of steps) assert.deepEqual(apply(simulated), apply(real.store));

      assert.deepEqual(readAll(simulated), readAll(real.store));
    }),
    { numRuns: Number(Deno.env.get("SLOW") ?? 0) > 0 ? 500 : 15 },
  );
});

Deno.test("a power cut keeps what was synced and, of the rest, only what came before in order", async () => {
  const clock = new ManualClock();
  const disk = new SimDisk();
  const store = disk.open(clock);
  store.kv.set("synced", new Uint8Array([1]));
  store.transaction(() => store.kv.set("lazy1", new Uint8Array([2])), { isLazy: true });
  store.transaction(() => store.kv.set("lazy2", new Uint8Array([3])), { isLazy: true });

  disk.losePower(0.5);

  assert.deepEqual(disk.open(clock).kv.keys(""), ["lazy1", "synced"]);
  const again = disk.open(clock);
  again.transaction(() => again.kv.set("late", new Uint8Array([4])), { isLazy: true });
  await clock.advance(250);
  disk.losePower(0);
  assert.deepEqual(disk.open(clock).kv.keys(""), ["late", "lazy1", "synced"]);
});

Deno.test("synced() tells after the disk has it, and what is committed meanwhile waits for the next sync", async () => {
  const clock = new ManualClock();
  const disk = new SimDisk({ syncMs: () => 10 });
  const store = disk.open(clock);
  const told: string[] = [];
  const write = (name: string): void => {
    store.transaction(() => store.kv.set(name, new Uint8Array([1])), { isLazy: true });
    store.synced().then(() => told.push(name), assert.fail);
  };

  write("first");
  await clock.advance(5);
  write("second");
  await clock.advance(5);
  const afterOneSync = [...told];
  disk.losePower(0);

  assert.deepEqual(afterOneSync, ["first"]);
  assert.deepEqual(disk.open(clock).kv.keys(""), ["first"]);
});

Deno.test("a process that died in the middle of a turn changes nothing any more", () => {
  const disk = new SimDisk();
  const store = disk.open(new ManualClock());
  disk.dieAfterCommits(1, () => disk.losePower(0));

  store.kv.set("first", new Uint8Array([1]));
  store.kv.set("second", new Uint8Array([2]));

  assert.deepEqual(disk.open(new ManualClock()).kv.keys(""), []);
});

Deno.test("a full disk refuses writes with the store's own code and reads on", () => {
  const disk = new SimDisk();
  const store = disk.open(new ManualClock());
  store.kv.set("k", new Uint8Array([1]));
  disk.setFull(true);

  assert.throws(
    () => store.kv.set("k", new Uint8Array([2])),
    (error) => error instanceof StoreError && error.code === "store_full",
  );

  assert.deepEqual(store.kv.get("k"), new Uint8Array([1]));
});

// What is left of the mark when the power goes at any moment, and how often the disk is waited for.
import assert from "node:assert/strict";
import type { PeerId } from "@bzzz/base";
import { SEQ_BLOCK } from "./constants.ts";
import { type ReservationFinding, SeqReservation } from "./reservation.ts";
import { createWholeFile, type FileCalls } from "./whole_file.ts";

const PATH = "/home/journal.seq";
const PEER = "12D3KooWQYhTNQdmr3ArTeUHRYzFg94BKyTkoWBDWez9kSCVe2Xo" as PeerId;

/** A file as the cache has it, and what of it is on the disk. */
interface Inode {
  bytes: Uint8Array;
  synced: Uint8Array;
}

/** A disk with a cache: what was not synced may be there after a power cut, or not, or up to some byte. */
class CachedDisk implements FileCalls {
  readonly names = new Map<string, Inode>();
  syncedNames = new Map<string, Inode>();
  syncs = 0;
  /** Calls that are left before the power goes. */
  callsLeft = Infinity;

  openSync(path: string, options: Deno.OpenOptions = {}) {
    this.#call();
    if (path === "/home") return this.#handle(() => this.syncedNames = new Map(this.names));
    const inode = this.names.get(path) ??
      (options.create ? { bytes: new Uint8Array(), synced: new Uint8Array() } : null);
    if (!inode) throw new Deno.errors.NotFound(path);
    if (options.truncate) inode.bytes = new Uint8Array();
    this.names.set(path, inode);
    return this.#handle(() => inode.synced = inode.bytes, inode);
  }

  renameSync(from: string, to: string): void {
    this.#call();
    this.names.set(to, this.names.get(from) ?? assert.fail(`there is no ${from}`));
    this.names.delete(from);
  }

  readTextFileSync(path: string): string {
    const inode = this.names.get(path);
    if (!inode) throw new Deno.errors.NotFound(path);
    return new TextDecoder().decode(inode.bytes);
  }

  /** Every disk that a power cut now may leave. */
  *afterPowerCut(): Iterable<CachedDisk> {
    for (const names of [this.names, this.syncedNames]) {
      const { bytes, synced } = names.get(PATH) ?? { bytes: undefined, synced: undefined };
      const cuts = bytes && bytes !== synced ? bytes.length : 0;
      for (let cut = 0; cut <= cuts; cut++) {
        const disk = new CachedDisk();
        if (bytes && synced) {
          const mixed = bytes === synced
            ? bytes
            : Uint8Array.from([...bytes.subarray(0, cut), ...synced.subarray(cut)]);
          disk.names.set(PATH, { bytes: mixed, synced: mixed });
          disk.syncedNames = new Map(disk.names);
        }
        yield disk;
      }
    }
  }

  #handle(sync: () => void, inode?: Inode) {
    const syncNow = () => {
      this.#call();
      this.syncs++;
      sync();
    };
    return {
      statSync: () => ({ size: inode?.bytes.length ?? 0 }),
      writeSync: (data: Uint8Array) => {
        this.#call();
        if (inode) inode.bytes = Uint8Array.from([...data, ...inode.bytes.subarray(data.length)]);
        return data.length;
      },
      syncSync: syncNow,
      syncDataSync: syncNow,
      [Symbol.dispose]: () => {},
    };
  }

  #call(): void {
    if (this.callsLeft-- <= 0) throw new Error("the power is gone");
  }
}

function reservationOn(disk: CachedDisk): SeqReservation {
  return new SeqReservation(PATH, PEER, createWholeFile(disk));
}

/** Marks as a node writes them: a start, blocks, an orderly end, and the next start. */
const STEPS: readonly ((reservation: SeqReservation) => void)[] = [
  (it) => it.begin(0),
  (it) => it.follow(1),
  (it) => it.cover(250, 260),
  (it) => it.follow(600),
  (it) => it.cover(9_999, 10_000),
  (it) => it.end(10_000),
  (it) => it.begin(10_000),
];

Deno.test("the mark is synced once whenever it is written, but for the very first", () => {
  const disk = new CachedDisk();
  const reservation = reservationOn(disk);
  const syncs = STEPS.map((step) => {
    const before = disk.syncs;
    step(reservation);
    return disk.syncs - before;
  });

  assert.deepEqual(syncs, [2, 1, 1, 1, 1, 1, 1]);
});

Deno.test("a power cut at any call leaves the old mark or the new one, or one that is known to be broken", () => {
  const seen = new Set<string>();
  for (let last = 0; last < STEPS.length; last++) {
    for (let calls = 0;; calls++) {
      const disk = new CachedDisk();
      const reservation = reservationOn(disk);
      for (const step of STEPS.slice(0, last)) step(reservation);
      const before = reservationOn(disk).read();
      disk.callsLeft = calls;
      let isWritten = true;
      try {
        STEPS[last]?.(reservation);
      } catch {
        isWritten = false; // the power went
      }
      const target = new CachedDisk();
      const whole = reservationOn(target);
      for (const step of STEPS.slice(0, last + 1)) step(whole);
      const after = reservationOn(target).read();
      const allowed: readonly ReservationFinding[] = isWritten ? [after] : [before, after, { kind: "unreadable" }];
      for (const left of disk.afterPowerCut()) {
        const found = reservationOn(left).read();
        seen.add(found.kind);
        const isAllowed = allowed.some((one) => JSON.stringify(one) === JSON.stringify(found));
        assert.ok(isAllowed, `step ${last}, call ${calls}: ${JSON.stringify(found)}`);
      }
      if (isWritten) break;
    }
  }
  assert.deepEqual([...seen].sort(), ["block", "none", "unreadable"], "the cuts reached everything");
});

Deno.test("a mark of before is read, and replaced as a whole once", () => {
  const disk = new CachedDisk();
  const old = new TextEncoder().encode(JSON.stringify({ v: 1, peer: PEER, from: 7, until: 7 + SEQ_BLOCK }));
  disk.names.set(PATH, { bytes: old, synced: old });

  const found = reservationOn(disk).read();
  const reservation = reservationOn(disk);
  reservation.begin(7);
  const first = disk.syncs;
  reservation.end(9);

  assert.deepEqual(found, { kind: "block", from: 7, isClosed: false });
  assert.deepEqual([first, disk.syncs], [2, 3]);
  assert.deepEqual(reservationOn(disk).read(), { kind: "block", from: 9, isClosed: true });
});

Deno.test("on a real disk the file stays private, and has one size", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/journal.seq`;
    const reservation = new SeqReservation(path, PEER);
    reservation.begin(0);
    const first = await Deno.stat(path);
    reservation.end(123_456);
    const second = await Deno.stat(path);

    assert.deepEqual([first.ino, first.size, (first.mode ?? 0) & 0o777], [second.ino, second.size, 0o600]);
    assert.deepEqual(new SeqReservation(path, PEER).read(), { kind: "block", from: 123_456, isClosed: true });
    assert.deepEqual(await Array.fromAsync(Deno.readDir(folder), ({ name }) => name), ["journal.seq"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { createSeededRandom, ManualClock, waitFor } from "@bzzz/base/testing";
import {
  type ContentHash,
  contentHashOf,
  DhtError,
  type DhtErrorCode,
  DiskContent,
  MAX_SMALL_CONTENT_BYTES,
} from "@bzzz/dht";
import { sealedFile } from "@bzzz/dht/testing";
import { createTestStore, tamperWith, type TestStore } from "@bzzz/store/testing";

function hasCode(code: DhtErrorCode): (error: unknown) => boolean {
  return (error) => error instanceof DhtError && error.code === code;
}

const SMALL = 900;
const LARGE = MAX_SMALL_CONTENT_BYTES + 1;

/** `open` gives the same disk each time, as a restart does. */
async function withDisk(
  work: (open: (maxBytes?: number) => DiskContent, folder: string, test: TestStore) => Promise<void>,
  options: { readonly syncFile?: (file: Deno.FsFile) => Promise<void> } = {},
): Promise<void> {
  const clock = new ManualClock();
  using test = createTestStore({ ...options, clock });
  const { store, folder } = test;
  await work(
    (maxBytes = 2 ** 30) => {
      clock.advance(1);
      return new DiskContent({ random: createSeededRandom(1), clock, store }, {
        folder: `${folder}/content`,
        maxBytes,
      });
    },
    folder,
    test,
  );
}

Deno.test("what was put is there after a restart, private, under its hash", () =>
  withDisk(async (open) => {
    const sealed = await sealedFile(1, LARGE);

    const hash = await open().put(sealed, { isPinned: true });
    const again = open();

    assert.equal(hash, contentHashOf(sealed));
    assert.deepEqual(await again.get(hash), sealed);
    assert.equal(await again.sizeOf(hash), sealed.byteLength);
    const path = again.pathOf(hash);
    assert.ok(path.endsWith(`content/${hash.slice(0, 2)}/${hash}`));
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assert.deepEqual(await again.stats(), {
      contents: 1,
      pinned: 1,
      bytes: sealed.byteLength,
      damaged: 0,
      evicted: 0,
    });
  }));

Deno.test("a small content is a row: no file is made for it, and it is there after a restart", () =>
  withDisk(async (open, folder) => {
    const sealed = await sealedFile(1, SMALL);

    const hash = await open().put(sealed, { isPinned: true });
    const again = open();

    assert.deepEqual(await again.get(hash), sealed);
    assert.equal(await again.sizeOf(hash), sealed.byteLength);
    assert.deepEqual(await Array.fromAsync(Deno.readDir(`${folder}/content`)), []);
    const { contents, pinned, bytes } = await again.stats();
    assert.deepEqual({ contents, pinned, bytes }, { contents: 1, pinned: 1, bytes: sealed.byteLength });
    await again.pin(hash, false);
    assert.equal((await open().stats()).pinned, 0, "the pin is as it was left");
  }));

Deno.test("a put waits for the disk; a lazy one leaves that to who commits after it", async () => {
  const disk = Promise.withResolvers<void>();
  let syncs = 0;
  const syncFile = () => (syncs++, disk.promise);

  await withDisk(async (open) => {
    const content = open();
    const lazy = await content.put(await sealedFile(1, SMALL), { isPinned: true, isLazy: true });
    assert.equal(syncs, 0);
    assert.ok(await content.has(lazy));

    let isDone = false;
    const putting = content.put(await sealedFile(2, SMALL), { isPinned: true }).then(() => isDone = true);
    await waitFor(() => syncs === 1, { timeoutMs: 30_000, what: "the sync" });
    assert.ok(!isDone, "it is not on the disk yet");
    disk.resolve();
    await putting;
    assert.equal(syncs, 1, "one fsync, and one for both");
  }, { syncFile });
});

Deno.test("a row that was altered is removed and counts as missing", () =>
  withDisk(async (open, _, { path }) => {
    const sealed = await sealedFile(1, SMALL);
    const disk = open();
    const hash = await disk.put(sealed, { isPinned: true });
    const altered = sealed.slice();
    altered[100] = (altered[100] ?? 0) ^ 1;
    assert.equal(tamperWith(path, "UPDATE contents SET sealed = ?", altered), 1);

    assert.equal(await disk.get(hash), undefined);

    assert.ok(!await disk.has(hash));
    assert.equal((await disk.stats()).damaged, 1);
    assert.deepEqual(await open().hashes(), []);
  }));

Deno.test("a file that was altered on the disk is removed and counts as missing", () =>
  withDisk(async (open) => {
    const disk = open();
    const hash = await disk.put(await sealedFile(1, LARGE), { isPinned: true });
    const bytes = await Deno.readFile(disk.pathOf(hash));
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await Deno.writeFile(disk.pathOf(hash), bytes);

    assert.equal(await disk.get(hash), undefined);

    assert.ok(!await disk.has(hash));
    assert.equal((await disk.stats()).damaged, 1);
    await disk.put(await sealedFile(1, LARGE), { isPinned: false });
    assert.ok(await open().stats().then((stats) => stats.pinned === 0), "the pin of the damaged file is gone");
  }));

for (const [what, size] of [["rows", SMALL], ["files", LARGE]] as const) {
  Deno.test(`over the quota what is not pinned goes, the least recently used first: ${what}`, () =>
    withDisk(async (open) => {
      const files = [
        await sealedFile(1, size),
        await sealedFile(2, size),
        await sealedFile(3, size),
        await sealedFile(4, size),
      ];
      const bytes = files[0]?.byteLength ?? 0;
      const disk = open(3 * bytes);
      const [pinned, old, used] = [
        await disk.put(files[0] ?? new Uint8Array(), { isPinned: true }),
        await disk.put(files[1] ?? new Uint8Array(), { isPinned: false }),
        await disk.put(files[2] ?? new Uint8Array(), { isPinned: false }),
      ] as const;
      await disk.get(old);

      const added = await disk.put(files[3] ?? new Uint8Array(), { isPinned: true });

      assert.deepEqual((await disk.hashes()).sort(), [pinned, old, added].sort());
      assert.ok(!await disk.has(used));
      await disk.pin(old, true);
      await assert.rejects(disk.put(await sealedFile(5, size), { isPinned: false }), hasCode("content_quota"));
      assert.equal((await disk.stats()).contents, 3, "nothing was given up in vain");
      await disk.pin(old, false);
      await disk.put(await sealedFile(5, size), { isPinned: false });
    }));
}

Deno.test("rows and files are one order of age, also after a restart", () =>
  withDisk(async (open, folder) => {
    const first = await open().put(await sealedFile(1, SMALL), { isPinned: false });
    const file = await open().put(await sealedFile(2, LARGE), { isPinned: false });
    await Deno.utime(`${folder}/content/${file.slice(0, 2)}/${file}`, 0, 0); // older than any row

    assert.deepEqual(await open().hashes(), [file, first]);
  }));

Deno.test("a crash in the middle of writing leaves nothing that looks like content", () =>
  withDisk(async (open, folder) => {
    const hash = contentHashOf(await sealedFile(1, 10));
    await Deno.mkdir(`${folder}/content/${hash.slice(0, 2)}`, { recursive: true });
    await Deno.writeTextFile(`${folder}/content/${hash.slice(0, 2)}/.0123.tmp`, "half of it");
    await Deno.writeTextFile(`${folder}/content/${hash.slice(0, 2)}/notes.txt`, "not ours");

    const disk = open();

    assert.deepEqual(await disk.hashes(), []);
    assert.deepEqual(
      (await Array.fromAsync(Deno.readDir(`${folder}/content/${hash.slice(0, 2)}`))).map(({ name }) => name),
      [
        "notes.txt",
      ],
    );
  }));

Deno.test("a part goes on where it was, also after a restart, and counts only when it is right", () =>
  withDisk(async (open) => {
    const sealed = await sealedFile(1, 5000);
    const hash = contentHashOf(sealed);
    const first = await open().openPart(hash);
    await first.append(sealed.subarray(0, 2000));
    first.close();

    const disk = open();
    const second = await disk.openPart(hash);
    assert.equal(second.size, 2000);
    await second.append(sealed.subarray(2000));

    assert.ok(await disk.adopt(hash, second, { isPinned: false }));
    assert.deepEqual(await disk.get(hash), sealed);
    const wrong = await disk.openPart("0".repeat(64) as ContentHash);
    await wrong.append(sealed);
    assert.ok(!await disk.adopt("0".repeat(64) as ContentHash, wrong, { isPinned: false }));
    assert.ok(!await disk.has("0".repeat(64) as ContentHash));
  }));

/** Unfinished contents below a folder, with their bytes. */
async function partsBelow(folder: string): Promise<number[]> {
  const sizes: number[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    for await (const file of Deno.readDir(`${folder}/${name}`)) {
      if (file.name.endsWith(".part")) sizes.push((await Deno.stat(`${folder}/${name}/${file.name}`)).size);
    }
  }
  return sizes;
}

Deno.test("what never gets whole takes a bounded part of the disk, and what was begun last stays", () =>
  withDisk(async (open, folder) => {
    const piece = new Uint8Array(128 * 1024).fill(1);
    const begin = async (disk: DiskContent, n: number, bytes: Uint8Array) => {
      const part = await disk.openPart(n.toString(16).padStart(64, "0") as ContentHash);
      const before = part.size;
      await part.append(bytes);
      part.close();
      return before;
    };

    const quota = 4 * 1024 * 1024;
    const disk = open(quota);
    for (let n = 0; n < 200; n++) await begin(disk, n, piece.subarray(0, 100));
    assert.ok((await partsBelow(`${folder}/content`)).length <= 64);
    assert.equal(await begin(disk, 199, piece.subarray(0, 1)), 100, "goes on where it was");
    for (let n = 0; n < 40; n++) await begin(disk, n, piece);
    const bytes = (await partsBelow(`${folder}/content`)).reduce((sum, size) => sum + size, 0);
    assert.ok(bytes <= quota / 4 + piece.byteLength, `${bytes} bytes`);

    const again = open(quota);
    assert.equal(await begin(again, 39, piece), piece.byteLength, "a restart knows what is there");
    for (let n = 100; n < 140; n++) await begin(again, n, piece);
    const after = (await partsBelow(`${folder}/content`)).reduce((sum, size) => sum + size, 0);
    assert.ok(after <= quota / 4 + piece.byteLength, `${after} bytes`);
  }));

Deno.test("a disk that refuses is named, and the content does not count as kept", () =>
  withDisk(async (open, folder) => {
    await Deno.writeTextFile(`${folder}/content`, "a file where the folder should be");

    for (const size of [SMALL, LARGE]) {
      await assert.rejects(open().put(await sealedFile(1, size), { isPinned: true }), hasCode("content_unavailable"));
    }
  }));

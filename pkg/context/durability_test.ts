import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { ContextStore, VersionIndex } from "@bzzz/context";
import { TransparentSealer } from "@bzzz/context/testing";
import { type ContentHash, contentHashOf, DiskContent } from "@bzzz/dht";
import { createTestJournal } from "@bzzz/journal/testing";
import { parseConcrete } from "@bzzz/ucxl";

Deno.test("a version is told after one fsync, which comes after its content and its entry", async () => {
  const atSync: { readonly contents: number; readonly entries: number }[] = [];
  const syncFile = () => {
    atSync.push({ contents: store.contents.list().length, entries: store.entries.lastCursor() });
    return Promise.resolve();
  };
  await using test = createTestJournal({ syncFile });
  const { journal, store, clock, peer: self, folder } = test;
  journal.start();
  const index = new VersionIndex({ journal, store, grantAt: () => ({ level: "master" }) });
  index.start();
  const random = createSeededRandom(1);
  const disk = new DiskContent({ random, clock, store }, { folder: `${folder}/content`, maxBytes: 2 ** 20 });
  const get = (hash: string) => disk.get(hash as ContentHash); // the store asks for what `put` returned
  const content = {
    put: (sealed: Uint8Array, options = {}) => disk.put(sealed, { isPinned: true, ...options }),
    get,
    local: get,
  };
  const sealer = new TransparentSealer();
  const deps = { journal, index, content, sealer, random, self, level: () => "master" as const };
  const context = new ContextStore(deps, { maxContentBytes: 2 ** 20 });

  const version = await context.put(parseConcrete("ucxl://basil:developer@shop:checkout/plan.md"), {
    bytes: utf8Encode("the plan"),
    mediaType: "text/plain",
    audience: ["developer"],
  });

  assert.deepEqual(atSync, [{ contents: 1, entries: 1 }]);
  const sealed = store.contents.get(version.content?.sealed ?? "");
  assert.equal(sealed && contentHashOf(sealed), version.content?.sealed);
  index.stop();
});

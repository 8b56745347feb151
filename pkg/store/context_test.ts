import assert from "node:assert/strict";
import type { EntryId, PeerId } from "@bzzz/base";
import type { ContextPlace, ContextRow } from "@bzzz/store";
import { createTestStore } from "@bzzz/store/testing";

const PLACE: ContextPlace = { project: "shop", task: "checkout", agent: "basil", role: "developer", path: "plan.md" };

function row(cursor: number, hlcMs: number, fields: Partial<ContextRow> = {}): ContextRow {
  const hex = cursor.toString(16).padStart(64, "0");
  return {
    ...PLACE,
    cursor,
    entry: hex as EntryId,
    author: "12D3KooWTest" as PeerId,
    hlcMs,
    hlcCounter: 0,
    previous: undefined,
    content: {
      revision: hex,
      sealed: hex,
      sealedBytes: 300,
      size: 10,
      mediaType: "text/plain",
      audience: ["developer", "reviewer"],
    },
    ...fields,
  };
}

Deno.test("context: versions are numbered by stamp, whatever the order they came in", () => {
  using test = createTestStore();
  const { context } = test.store;
  const [late, early, deleted] = [row(1, 3000), row(2, 1000), row(3, 2000, { content: undefined })];
  for (const one of [late, early, deleted, late]) context.insert(one);

  assert.equal(context.count(PLACE), 3);
  assert.deepEqual([1, 2, 3, 4, 0].map((n) => context.at(PLACE, n)), [early, deleted, late, undefined, undefined]);
  assert.deepEqual([early, deleted, late].map((one) => context.numberOf(one)), [1, 2, 3]);
  assert.deepEqual(context.list(PLACE, { from: 2, limit: 5 }), [deleted, late]);
  assert.deepEqual(context.byEntry(late.entry), late);
  assert.deepEqual(context.byRevision(PLACE, early.content?.revision ?? ""), early);
  assert.deepEqual(context.after(1, 10), [early, deleted]);
  assert.equal(context.lastCursor(), 3);
});

Deno.test("context: stamps that are equal are ordered by counter, then author", () => {
  using test = createTestStore();
  const { context } = test.store;
  const rows = [
    row(1, 1000, { hlcCounter: 1 }),
    row(2, 1000, { author: "12D3KooWB" as PeerId }),
    row(3, 1000, { author: "12D3KooWA" as PeerId }),
  ];
  for (const one of rows) context.insert(one);

  assert.deepEqual(context.list(PLACE, { from: 1, limit: 9 }).map((one) => one.cursor), [3, 2, 1]);
});

Deno.test("context: places by part, by path and in pages", () => {
  using test = createTestStore();
  const { context } = test.store;
  const paths = ["", "docs", "docs/a", "docs/b/c", "docs0", "docsx/a", "src"];
  for (const [i, path] of paths.entries()) context.insert(row(i + 1, 1000, { path }));
  context.insert(row(90, 1000, { agent: "atlas", path: "docs/a" }));
  context.insert(row(91, 2000, { path: "docs/a" }));
  const pathsOf = (places: readonly ContextPlace[]) => places.map((place) => place.path);

  const below = context.places({ agent: "basil", pathPrefix: "docs" }, { limit: 10 });
  const first = context.places({}, { limit: 3 });
  const rest = context.places({}, { limit: 10, ...(first[2] ? { after: first[2] } : {}) });

  assert.deepEqual(pathsOf(below), ["docs", "docs/a", "docs/b/c"]);
  assert.deepEqual(first.map((place) => `${place.agent} ${place.path}`), ["atlas docs/a", "basil ", "basil docs"]);
  assert.equal(first.length + rest.length, paths.length + 1);
  context.clear();
  assert.equal(context.size(), 0);
});

Deno.test("context: projects with their tasks come once each, in order, page by page", () => {
  using test = createTestStore();
  const { context } = test.store;
  [["shop", "b"], ["shop", "a"], ["bank", "z"], ["shop", "a"]].forEach(([project = "", task = ""], i) =>
    context.insert(row(i + 1, i, { project, task, path: `${i}` }))
  );

  assert.deepEqual(context.subjects({ limit: 2 }), [{ project: "bank", task: "z" }, { project: "shop", task: "a" }]);
  assert.deepEqual(context.subjects({ after: { project: "shop", task: "a" }, limit: 2 }), [
    { project: "shop", task: "b" },
  ]);
});

import assert from "node:assert/strict";
import { fairPage, type ListedItem, type Page } from "./fair_page.ts";

interface Item extends ListedItem {
  readonly text: string;
}

/** "a1" is of owner a, at 1 ms. */
function items(...names: string[]): Item[] {
  return names.map((id) => ({ id, owner: id.charAt(0), atMs: Number(id.slice(1)), counter: 0, text: "" }));
}

function page(
  all: readonly Item[],
  options: { limit?: number; after?: string | undefined; first?: "oldest" | "newest" } = {},
): Page<Item> {
  return fairPage(all, {
    placeOf: (item) => item,
    view: (item) => item,
    first: options.first ?? "oldest",
    limit: options.limit ?? 100,
    after: options.after,
  });
}

const ids = ({ items }: Page<Item>): string => items.map(({ id }) => id).join(" ");

/** All pages, each as its ids. */
function pages(all: readonly Item[], options: { limit: number; first?: "oldest" | "newest" }): string[] {
  const found: string[] = [];
  let after: string | undefined;
  while (true) {
    const part = page(all, { ...options, after });
    found.push(ids(part));
    after = part.nextAfter;
    if (after === undefined) return found;
  }
}

Deno.test("fairPage() is the whole list in its order when one answer has it", () => {
  const all = items("a3", "b2", "a1", "a4");

  assert.deepEqual([ids(page(all)), ids(page(all, { first: "newest" }))], ["a1 b2 a3 a4", "a4 a3 b2 a1"]);
  assert.deepEqual([page(all).nextAfter, page(all).total], [undefined, 4]);
});

Deno.test("fairPage() gives each owner's first before anybody's second, and each item on one page", () => {
  const all = items("a1", "a2", "a3", "a4", "a5", "b6", "c7");

  assert.deepEqual(pages(all, { limit: 3 }), ["a1 b6 c7", "a2 a3 a4", "a5"]);
  assert.deepEqual(pages(all, { limit: 2, first: "newest" }), ["c7 b6", "a5 a4", "a3 a2", "a1"]);
  assert.equal(page(all, { limit: 2 }).total, 7);
});

Deno.test("fairPage() ends at 4 MiB of JSON, not before its first item, and makes no view of what it does not show", () => {
  const text = "\u0001".repeat(500_000); // 3 MB in JSON
  const all = items("a1", "a2", "b3", "b4").map((item) => ({ ...item, text }));
  let views = 0;

  const part = fairPage(all, {
    placeOf: (item) => item,
    first: "oldest",
    limit: 100,
    view: (item) => {
      views++;
      return item;
    },
  });

  assert.deepEqual([ids(part), views, part.total], ["a1", 2, 4]);
  assert.equal(pages(all, { limit: 100 }).join(" "), "a1 b3 a2 b4");
});

Deno.test("fairPage() goes on where it was when items are gone, and begins anew after what is no place", () => {
  const all = items("a1", "b2", "a3", "b4", "a5");
  const { nextAfter } = page(all, { limit: 2 });

  assert.equal(ids(page(all.filter(({ id }) => id !== "b2" && id !== "b4"), { after: nextAfter })), "a3 a5");
  assert.equal(ids(page(all, { limit: 1, after: "no place" })), "a1");
});

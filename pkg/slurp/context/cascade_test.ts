import assert from "node:assert/strict";
import fc from "fast-check";
import { ancestors, cascade, onlyDifferences } from "./cascade.ts";
import type { ContextNode } from "./fields.ts";
import { levelsOf } from "./levels.ts";

Deno.test("levelsOf() leads from the mesh over project, task and folders to the address", () => {
  const texts = (path: string, maxDepth = 10) =>
    levelsOf({ project: "shop", task: "checkout", path }, maxDepth).levels.map((it) =>
      `${it.project}:${it.task}/${it.path}`
    );

  assert.deepEqual(texts("docs/plan.md"), [
    "global:global/",
    "shop:project/",
    "shop:checkout/",
    "shop:checkout/docs",
    "shop:checkout/docs/plan.md",
  ]);
  assert.deepEqual(texts(""), ["global:global/", "shop:project/", "shop:checkout/"]);
  assert.deepEqual(texts("docs/plan.md", 2), ["shop:checkout/docs", "shop:checkout/docs/plan.md"]);
  assert.equal(levelsOf({ project: "shop", task: "checkout", path: "a/b" }, 4).isComplete, false);
  assert.deepEqual(
    levelsOf({ project: "global", task: "global", path: "a" }, 10).levels.map(({ path }) => path),
    ["", "a"],
    "what is global inherits from itself once",
  );
  assert.deepEqual(
    levelsOf({ project: "shop", task: "project", path: "a" }, 10).levels.map(({ task, path }) => `${task}/${path}`),
    ["global/", "project/", "project/a"],
  );
});

Deno.test("cascade() takes the child's word where it has one, and the parent's elsewhere", () => {
  const parent = { summary: { value: "all", source: 0 }, tags: { value: ["shop"], source: 0 } };
  const child = { summary: { value: "this", source: 1 } };

  assert.deepEqual(cascade([parent, child]), { summary: child.summary, tags: parent.tags });
});

const path = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 3 }).map((segments) => segments.join("/"));
const field = fc.record({ value: fc.constantFrom("x", "y"), source: fc.nat(3) });
const node = fc.record({
  path,
  fields: fc.record({ summary: field, purpose: field, language: field }, { requiredKeys: [] }),
});

Deno.test("onlyDifferences() changes no value that any path resolves to, and keeps none that is inherited", () => {
  fc.assert(fc.property(fc.uniqueArray(node, { selector: (it) => it.path, maxLength: 8 }), (nodes) => {
    const valuesAt = (all: readonly ContextNode[], at: string) => {
      const merged = cascade([...ancestors(at), at].map((it) => all.find((one) => one.path === it)?.fields ?? {}));
      return Object.entries(merged).map(([name, { value }]) => [name, value]);
    };

    const kept = onlyDifferences(nodes);

    for (const { path: at } of nodes) assert.deepEqual(valuesAt(kept, at), valuesAt(nodes, at), at);
    for (const { path: at, fields } of kept) {
      assert.ok(Object.keys(fields).length > 0, at);
      const inherited = cascade(ancestors(at).map((it) => kept.find((one) => one.path === it)?.fields ?? {}));
      for (const [name, { value }] of Object.entries(fields)) {
        assert.notEqual(inherited[name as keyof typeof inherited]?.value, value, `${at} ${name} is inherited`);
      }
    }
  }));
});

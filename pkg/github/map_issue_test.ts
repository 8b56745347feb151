import assert from "node:assert/strict";
import type { MeshId } from "@bzzz/base";
import { ENTRY_BODIES } from "@bzzz/wire";
import fc from "fast-check";
import { mapIssue } from "./map_issue.ts";
import type { Issue } from "./types.ts";

const SOURCE = { mesh: "0123456789abcdef0123456789abcdef" as MeshId, apiUrl: "https://api.github.com", round: 1 };

function issue(fields: Partial<Issue> = {}): Issue {
  return {
    repository: "acme/shop",
    number: 7,
    title: "Pay once",
    body: "Nobody pays twice.",
    isOpen: true,
    labels: ["bzzz-task"],
    comments: 0,
    ...fields,
  };
}

function draftOf(fields: Partial<Issue>) {
  const mapped = mapIssue(issue(fields), SOURCE);
  assert.ok(mapped.ok, JSON.stringify(mapped));
  return mapped.draft;
}

function fieldsOf(fields: Partial<Issue>): string[] {
  const mapped = mapIssue(issue(fields), SOURCE);
  return mapped.ok ? [] : mapped.errors.map(({ field, found }) => `${field} ${found}`);
}

Deno.test("A-19 labels are understood, title and body are handed on as they are", () => {
  const draft = draftOf({ labels: ["bug", "Priority-7", "type-docs", "type-a11y", "role-reviewer", "bzzz-task"] });

  assert.deepEqual(
    [draft.title, draft.description, draft.priority, draft.requiredCapabilities, draft.requiredRole, draft.clientId],
    ["Pay once", "Nobody pays twice.", 7, ["a11y", "docs"], "reviewer", "github:acme/shop#7"],
  );
  assert.equal(draft.input, "https://github.com/acme/shop/issues/7");
  assert.deepEqual([draftOf({ labels: [] }).priority, draftOf({ labels: [] }).requiredRole], [5, undefined]);
});

Deno.test("the address is that of the server's pages", () => {
  const mapped = mapIssue(issue(), { ...SOURCE, apiUrl: "https://git.example.org/api/v3" });

  assert.equal(mapped.ok && mapped.draft.input, "https://git.example.org/acme/shop/issues/7");
});

Deno.test("a title that is too long is cut, and whole before the body", () => {
  const title = `${"a".repeat(118)}😀 and more`;

  const draft = draftOf({ title });

  assert.equal(draft.title, `${"a".repeat(118)}…`);
  assert.equal(draft.description, `${title}\n\nNobody pays twice.`);
});

Deno.test("what is invalid is named, with what was found and what is expected", () => {
  assert.deepEqual(fieldsOf({ labels: ["priority-10"] }), ['label priority-… "10"']);
  assert.deepEqual(fieldsOf({ labels: ["priority-1", "priority-2"] }), ['label priority-… "1", "2"']);
  assert.deepEqual(fieldsOf({ labels: ["type-Big Job", "role-"] }), ['label type-… "Big Job"', 'label role-… ""']);
  assert.deepEqual(fieldsOf({ labels: ["role-a", "role-b"] }), ['label role-… "a", "b"']);
  assert.deepEqual(fieldsOf({ title: " \n", body: "x".repeat(65_537) }), ["title nothing", "body 65537 characters"]);
});

Deno.test("of any issue at all comes a task that the wire takes, or errors", () => {
  const label = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.constantFrom("priority-", "type-", "role-", "priority-3", "type-docs", "role-admin"),
    fc.tuple(fc.constantFrom("priority-", "type-", "role-"), fc.string({ unit: "binary" })).map(([a, b]) => a + b),
  );
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 300 }),
      fc.string({ unit: "binary", maxLength: 2_000 }),
      fc.array(label, { maxLength: 120 }),
      (title, body, labels) => {
        const mapped = mapIssue(issue({ title, body, labels }), SOURCE);
        if (!mapped.ok) return assert.ok(mapped.errors.length > 0);
        const parsed = ENTRY_BODIES.task_posted().safeParse(mapped.draft);
        assert.ok(parsed.success, JSON.stringify(parsed.error));
        const { title: cut, description, input } = mapped.draft;
        assert.ok([cut, description, input].every((text) => text.isWellFormed()));
      },
    ),
  );
});

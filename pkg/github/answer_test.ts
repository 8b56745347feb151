import assert from "node:assert/strict";
import { utf8Encode } from "@bzzz/base";
import fc from "fast-check";
import { readComment, readComments, readIssue, readIssues } from "./answer.ts";
import { GitHubError } from "./errors.ts";

const ISSUE = {
  number: 7,
  title: "Pay once",
  body: null,
  state: "open",
  labels: [{ name: "bzzz-task" }, "bug", { name: null }],
  user: null,
  comments: 0,
};
const COMMENT = { id: 9, body: "Words.", author_association: "OWNER", user: { type: "User" } };

function bytesOf(value: unknown): Uint8Array {
  return utf8Encode(JSON.stringify(value));
}

Deno.test("an issue without a body, an account or a label's name is one all the same", () => {
  assert.deepEqual(readIssue(bytesOf(ISSUE), "acme/shop", "read"), {
    repository: "acme/shop",
    number: 7,
    title: "Pay once",
    body: "",
    isOpen: true,
    labels: ["bzzz-task", "bug"],
    comments: 0,
  });
  assert.deepEqual(readComment(bytesOf(COMMENT), "read"), { id: 9, body: "Words.", isTrusted: true });
  const stranger = { ...COMMENT, author_association: "CONTRIBUTOR", user: null };
  assert.deepEqual(readComments(bytesOf([stranger]), "read"), [{ id: 9, body: "Words.", isTrusted: false }]);
});

Deno.test("any bytes, and any answer with a part changed, are read or refused, and no message quotes them", () => {
  const part = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(null, -1, 1e300, "x".repeat(2_000), {}, []));
  const changed = fc.tuple(fc.constantFrom(...Object.keys({ ...ISSUE, ...COMMENT })), part)
    .map(([key, value]) => bytesOf([{ ...ISSUE, ...COMMENT, [key]: value }]));
  const whole = fc.jsonValue().map((value) => bytesOf([value, "marker_5f1c"]));
  const bytes = fc.uint8Array().map((value) => new Uint8Array(value));
  fc.assert(fc.property(fc.oneof(changed, whole, bytes), (body) => {
    for (
      const read of [
        () => readIssues(body, "acme/shop", "read"),
        () => readIssue(body, "acme/shop", "read"),
        () => readComments(body, "read"),
        () => readComment(body, "read"),
      ]
    ) {
      try {
        read();
      } catch (error) {
        assert.ok(error instanceof GitHubError && error.code === "bad_answer", String(error));
        assert.ok(error.message.length < 300 && !error.message.includes("marker_5f1c"), error.message);
      }
    }
  }));
});

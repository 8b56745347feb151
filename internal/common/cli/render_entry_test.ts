import assert from "node:assert/strict";
import type { EntryView } from "@bzzz/api";
import { ENTRY_BODIES } from "@bzzz/wire";
import { describeEntry } from "./mod.ts";
import { createTestShell } from "./testing.ts";

function entryOf(kind: string, body: EntryView["body"]): EntryView {
  return { ...createTestShell().mesh.append(kind, {}), body };
}

Deno.test("describeEntry() has words for every kind of entry, whatever is in it", () => {
  for (const kind of Object.keys(ENTRY_BODIES)) {
    for (const body of [{}, { record: "AAAA", reason: 7, holder: null, voters: "x" }]) {
      const said = describeEntry(entryOf(kind, body));

      assert.doesNotMatch(said, /[a-z]_[a-z]|undefined|\[object/, `${kind}: ${said}`);
      assert.match(said, /^\S+ [a-z]/, kind);
    }
  }
});

Deno.test("describeEntry() names a kind that it does not know, and one whose content is gone", () => {
  const name = describeEntry(entryOf("grant_issued", {})).split(" ")[0];

  assert.equal(describeEntry(entryOf("moon_landed", {})), `${name} moon_landed`);
  assert.equal(describeEntry(entryOf("toString", {})), `${name} toString`);
  assert.equal(
    describeEntry(entryOf("person_record", null)),
    `${name} person_record (its content is no longer kept)`,
  );
});

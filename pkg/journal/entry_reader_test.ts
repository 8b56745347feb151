import assert from "node:assert/strict";
import type { EntryRow } from "@bzzz/store";
import { EntryReader } from "./entry_reader.ts";

Deno.test("what cannot be shown is passed over in pages, also for who wants one entry", () => {
  const later = { kind: "of_a_later_version", frame: new Uint8Array() };
  const rows = Array.from({ length: 10_000 }, (_, n) => ({ ...later, cursor: n + 1 }) as EntryRow);
  let reads = 0;
  const store = {
    after: (cursor: number, { limit }: { readonly limit: number }) => {
      reads++;
      return rows.slice(cursor, cursor + limit);
    },
  };

  // `after` is all that it uses here
  const entries = new EntryReader(store as ConstructorParameters<typeof EntryReader>[0]).after(0, { limit: 1 });

  assert.deepEqual(entries, []);
  assert.ok(reads < 100, `${reads} reads`);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { utf8Encode } from "@bzzz/base";
import { readSse, type SseMessage } from "./sse.ts";

async function read(text: string, cuts: readonly number[] = []): Promise<SseMessage[]> {
  const bytes = utf8Encode(text);
  async function* chunks() {
    await Promise.resolve();
    let from = 0;
    for (const cut of [...cuts].map((at) => at % (bytes.length + 1)).sort((a, b) => a - b)) {
      yield bytes.subarray(from, Math.max(from, cut));
      from = Math.max(from, cut);
    }
    yield bytes.subarray(from);
  }
  return await Array.fromAsync(readSse(chunks()));
}

Deno.test("readSse() gives the same messages however the bytes are cut", async () => {
  const message = fc.record({
    event: fc.constantFrom("entry", "peer"),
    id: fc.option(fc.nat().map(String), { nil: undefined }),
    data: fc.json(),
  });
  const breaks = fc.constantFrom("\n", "\r\n");
  await fc.assert(
    fc.asyncProperty(fc.array(message), fc.array(fc.nat()), breaks, async (messages, cuts, eol) => {
      const text = messages.map((one) =>
        `event: ${one.event}${eol}${one.id === undefined ? "" : `id: ${one.id}${eol}`}data: ${one.data}${eol}${eol}`
      ).join("");

      assert.deepEqual(await read(text, cuts), messages.map((one) => ({ ...one })));
    }),
    { numRuns: 100 },
  );
});

Deno.test("readSse() joins lines of data, names comments, and drops what is not finished", async () => {
  const messages = await read("data: a\ndata: b\n\n: beat\nevent: x\n\nfoo\ndata: unfinished");

  assert.deepEqual(messages, [
    { event: "message", data: "a\nb", id: undefined },
    { event: "comment", data: "beat", id: undefined },
  ]);
});

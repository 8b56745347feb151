// Whatever a server answers, a caller gets an answer or a named error, and nothing else.
import assert from "node:assert/strict";
import { createSystemClock } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import fc from "fast-check";
import { z } from "zod";
import { ANTHROPIC } from "./anthropic.ts";
import { type ChatRequest, ModelClient, ModelError } from "./mod.ts";
import { OPENAI } from "./openai.ts";

const REQUEST: ChatRequest = {
  model: "tiny",
  system: "s",
  messages: [{ role: "user", text: "u" }],
  tools: [],
  maxOutputTokens: 1,
};

/** JSON that is often nearly an answer. */
function nearly(): fc.Arbitrary<unknown> {
  const leaf = fc.oneof(fc.string(), fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
  const call = fc.record({
    id: leaf,
    name: leaf,
    input: fc.jsonValue(),
    function: fc.record({ name: leaf, arguments: leaf }),
  });
  const message = fc.record({
    content: leaf,
    refusal: leaf,
    tool_calls: fc.oneof(leaf, fc.array(call, { maxLength: 20 })),
  }, {
    requiredKeys: [],
  });
  const block = fc.record({
    type: fc.constantFrom("text", "tool_use", "thinking", 7),
    text: leaf,
    id: leaf,
    name: leaf,
    input: leaf,
  }, {
    requiredKeys: ["type"],
  });
  return fc.oneof(
    fc.jsonValue(),
    fc.record({
      choices: fc.array(fc.record({ message, finish_reason: leaf }, { requiredKeys: ["message"] }), { maxLength: 3 }),
      usage: fc.oneof(leaf, fc.record({ prompt_tokens: leaf, completion_tokens: leaf })),
      content: fc.array(block, { maxLength: 20 }),
      stop_reason: leaf,
      data: fc.array(fc.record({ id: leaf }), { maxLength: 3 }),
    }, { requiredKeys: [] }),
  );
}

Deno.test("JSON of any form is an answer of bounded form, or is refused", () => {
  for (const dialect of [OPENAI, ANTHROPIC]) {
    fc.assert(
      fc.property(nearly(), (json) => {
        try {
          const { text, calls, use } = dialect.readChat(json);

          assert.equal(typeof text, "string");
          assert.ok(calls.length <= 16);
          for (const { id, name, argumentsText } of calls) {
            assert.deepEqual([typeof id, typeof name, typeof argumentsText], ["string", "string", "string"]);
          }
          assert.ok(use === undefined || (use.inputTokens >= 0 && use.outputTokens >= 0));
        } catch (error) {
          assert.ok(error instanceof z.ZodError, String(error));
        }
        try {
          for (const name of dialect.readList(json)) assert.ok(name.length > 0 && name.length <= 128);
        } catch (error) {
          assert.ok(error instanceof z.ZodError, String(error));
        }
      }),
      { numRuns: 500 },
    );
  }
});

Deno.test("bytes of any kind, with any status, are a named error that quotes little of them", async () => {
  const clock = { ...createSystemClock(), sleep: () => Promise.resolve() };
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 2_000 }),
      fc.constantFrom(200, 201, 301, 400, 401, 404, 418, 429, 500, 503),
      fc.string({ maxLength: 40 }),
      async (bytes, status, header) => {
        const headers = { "retry-after": header.replace(/[^\x20-\x7e]/g, "") };
        const fetch = () => Promise.resolve(new Response(bytes.slice(), { status, headers }));
        const client = new ModelClient({ fetch, clock, random: createSeededRandom(1) }, {
          url: "http://127.0.0.1:1/v1",
          api: "openai",
          timeoutMs: 30_000,
        });

        const error = await client.chat(REQUEST).then(() => undefined, (reason: unknown) => reason);

        assert.ok(error instanceof ModelError, String(error));
        assert.ok(error.message.length < 1_000 && !/\p{Cc}/u.test(error.message), error.message);
      },
    ),
    { numRuns: 200 },
  );
});

import assert from "node:assert/strict";
import { createSystemClock, withTimeout } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { MAX_ANSWER_BYTES } from "./constants.ts";
import { type ChatRequest, type ModelApi, ModelClient, type ModelClientOptions, ModelError } from "./mod.ts";
import { type FakeAnswer, FakeModelServer } from "./testing.ts";

const REQUEST: ChatRequest = {
  model: "tiny",
  system: "You count.",
  messages: [
    { role: "user", text: "Count" },
    { role: "assistant", text: "", calls: [{ id: "c1", name: "look", argumentsText: '{"at":1}' }] },
    { role: "tool", callId: "c1", text: "seven", isError: false },
  ],
  tools: [{ name: "look", description: "Looks", parameters: { type: "object", properties: {} } }],
  maxOutputTokens: 77,
};

interface Bench extends AsyncDisposable {
  readonly server: FakeModelServer;
  readonly client: ModelClient;
  /** Milliseconds of each pause between tries; none of them passes. */
  readonly pauses: number[];
}

function bench(
  answer: (n: number, request: Request) => FakeAnswer | Response | Promise<Response>,
  options: Partial<ModelClientOptions> & { readonly api?: ModelApi } = {},
): Bench {
  const api = options.api ?? "openai";
  const server = new FakeModelServer((_seen, n) => {
    // an answer that needs the request is made by the server
    return { response: async (request) => await toResponse(answer(n, request)) };
    function toResponse(value: FakeAnswer | Response | Promise<Response>): Response | Promise<Response> {
      if (value instanceof Response || value instanceof Promise) return value;
      if ("response" in value) throw new TypeError("give the response itself");
      return Response.json(plain(api, value));
    }
  }, api);
  const pauses: number[] = [];
  const clock = { ...createSystemClock(), sleep: (ms: number) => Promise.resolve(void pauses.push(ms)) };
  const deps = { fetch: (request: Request) => fetch(request), clock, random: createSeededRandom(1) };
  const client = new ModelClient(deps, { url: server.url, api, timeoutMs: 30_000, ...options });
  return { server, client, pauses, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
}

/** The least that each dialect answers. */
function plain(api: ModelApi, { text = "", use }: Exclude<FakeAnswer, { response: unknown }>): unknown {
  const [input, output] = use ?? [1, 2];
  return api === "openai"
    ? {
      choices: [{ message: { content: text }, finish_reason: "stop" }],
      ...(use === null ? {} : { usage: { prompt_tokens: input, completion_tokens: output } }),
    }
    : {
      content: [{ type: "text", text }],
      stop_reason: "end_turn",
      usage: { input_tokens: input, output_tokens: output, cache_read_input_tokens: 100 },
    };
}

async function refusal(client: ModelClient, request: ChatRequest = REQUEST): Promise<ModelError> {
  try {
    await client.chat(request);
  } catch (error) {
    if (error instanceof ModelError) return error;
    throw error;
  }
  throw new assert.AssertionError({ message: "the model answered" });
}

Deno.test("the dialect of OpenAI: a conversation with tools, as its server reads it", async () => {
  await using it = bench(() => ({ text: "eight", use: [30, 4] }));

  const reply = await it.client.chat(REQUEST);

  assert.deepEqual(reply, {
    text: "eight",
    calls: [],
    stop: "end",
    use: { inputTokens: 30, outputTokens: 4, isGuessed: false },
  });
  assert.deepEqual(it.server.chats[0]?.body, {
    model: "tiny",
    stream: false,
    max_tokens: 77,
    messages: [
      { role: "system", content: "You count." },
      { role: "user", content: "Count" },
      {
        role: "assistant",
        content: "",
        tool_calls: [{ id: "c1", type: "function", function: { name: "look", arguments: '{"at":1}' } }],
      },
      { role: "tool", tool_call_id: "c1", content: "seven" },
    ],
    tools: [{
      type: "function",
      function: { name: "look", description: "Looks", parameters: { type: "object", properties: {} } },
    }],
  });
  assert.equal(it.server.chats[0]?.headers.get("authorization"), null);
});

Deno.test("the dialect of Anthropic: results of one turn are one message of the user", async () => {
  await using it = bench(() => ({ text: "eight", use: [30, 4] }), { api: "anthropic" });
  const two = [...REQUEST.messages, { role: "tool", callId: "c2", text: "broken", isError: true } as const];

  const reply = await it.client.chat({ ...REQUEST, messages: two });

  assert.deepEqual(reply.use, { inputTokens: 130, outputTokens: 4, isGuessed: false });
  assert.deepEqual(it.server.chats[0]?.body, {
    model: "tiny",
    system: "You count.",
    max_tokens: 77,
    messages: [
      { role: "user", content: [{ type: "text", text: "Count" }] },
      { role: "assistant", content: [{ type: "tool_use", id: "c1", name: "look", input: { at: 1 } }] },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "c1", content: "seven" },
          { type: "tool_result", tool_use_id: "c2", content: "broken", is_error: true },
        ],
      },
    ],
    tools: [{ name: "look", description: "Looks", input_schema: { type: "object", properties: {} } }],
  });
  assert.equal(it.server.chats[0]?.headers.get("anthropic-version"), "2023-06-01");
});

for (const api of ["openai", "anthropic"] as const) {
  Deno.test(`${api}: calls of tools, an end at the limit and a refusal are told apart`, async () => {
    const answers: FakeAnswer[] = [
      { text: "let me see", calls: [{ name: "look", args: { at: 2 } }] },
      { text: "cut", stop: api === "openai" ? "length" : "max_tokens" },
      { text: "no", stop: api === "openai" ? "content_filter" : "refusal" },
    ];
    await using server = new FakeModelServer((_request, n) => answers[n] ?? {}, api);
    const deps = {
      fetch: (request: Request) => fetch(request),
      clock: createSystemClock(),
      random: createSeededRandom(1),
    };
    const client = new ModelClient(deps, { url: `${server.url}/`, api, timeoutMs: 30_000 });

    const [called, cut, refused] = [
      await client.chat(REQUEST),
      await client.chat(REQUEST),
      await client.chat(REQUEST),
    ];

    assert.deepEqual(called.calls.map(({ name, argumentsText }) => [name, argumentsText]), [["look", '{"at":2}']]);
    assert.deepEqual([called.text, called.stop, cut.stop, refused.stop], ["let me see", "end", "length", "refused"]);
  });
}

Deno.test("the token of a private file goes along, is read anew, and is in no message", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-model-" });
  try {
    const tokenFile = `${folder}/token`;
    await Deno.writeTextFile(tokenFile, "sk-one\n", { mode: 0o600 });
    const echo = (request: Request): Response =>
      Response.json(
        { error: { message: `bad key ${request.headers.get("authorization")}\x1b[2J` } },
        { status: 401 },
      );
    await using it = bench((_n, request) => echo(request), { tokenFile });

    const first = await refusal(it.client);
    await Deno.writeTextFile(tokenFile, "sk-two");
    await refusal(it.client);

    assert.equal(first.code, "model_unauthorized");
    assert.match(first.message, /HTTP 401: bad key Bearer \[token\] \[2J; name a file .*executor\.model\.token_file/);
    assert.deepEqual(it.server.chats.map(({ headers }) => headers.get("authorization")), [
      "Bearer sk-one",
      "Bearer sk-two",
    ]);
    await Deno.chmod(tokenFile, 0o644);
    assert.match((await refusal(it.client)).message, /its mode is 0644, expected 0600/);
    await Deno.chmod(tokenFile, 0o600);
    await Deno.writeTextFile(tokenFile, "two words");
    assert.match((await refusal(it.client)).message, /expected one line of ASCII/);
    await Deno.remove(tokenFile);
    const none = await refusal(it.client);
    assert.deepEqual([none.code, it.server.chats.length], ["model_token_unreadable", 2]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Anthropic's token is its own header", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-model-" });
  try {
    await Deno.writeTextFile(`${folder}/token`, "sk-ant", { mode: 0o600 });
    await using it = bench(() => ({ text: "x" }), { api: "anthropic", tokenFile: `${folder}/token` });

    await it.client.chat(REQUEST);

    assert.equal(it.server.chats[0]?.headers.get("x-api-key"), "sk-ant");
    assert.equal(it.server.chats[0]?.headers.get("authorization"), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what a server answers instead of a model is named, with what to do", async () => {
  const page = "<html><body>Welcome</body></html>";
  const cases: readonly (readonly [Response, string, RegExp])[] = [
    [new Response(page, { headers: { "content-type": "text/html" } }), "model_answer_unreadable", /found text\/html/],
    [new Response('{"choices":['), "model_answer_unreadable", /expected JSON/],
    [Response.json({ choices: [] }), "model_answer_unreadable", /at choices.*is "api" right/],
    [Response.json({ message: "hello" }), "model_answer_unreadable", /JSON of another form/],
    [Response.json({ error: "model 'tiny' not found" }, { status: 404 }), "model_missing", /model 'tiny' not found/],
    [Response.json({ detail: "too long" }, { status: 400 }), "model_request_refused", /HTTP 400: too long/],
    [
      new Response(null, { status: 302, headers: { location: "http://elsewhere.example/" } }),
      "model_unreachable",
      /elsewhere\.example.*not followed/,
    ],
    [new Response("x".repeat(MAX_ANSWER_BYTES + 1)), "model_answer_too_large", /more than 4194304 bytes/],
  ];
  for (const [response, code, message] of cases) {
    await using it = bench(() => response.clone());

    const error = await refusal(it.client);

    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    assert.deepEqual([it.server.chats.length, it.pauses], [1, []], "another try is of no use");
    await response.body?.cancel();
  }
});

Deno.test("an endless answer is given up at the limit, and its server is told", async () => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  const chunk = new Uint8Array(64 * 1024).fill(0x20);
  await using it = bench(() =>
    new Response(
      new ReadableStream({ pull: (controller) => controller.enqueue(chunk), cancel: () => resolve() }),
    )
  );

  assert.equal((await refusal(it.client)).code, "model_answer_too_large");
  await withTimeout(createSystemClock(), cancelled, { timeoutMs: 60_000, what: "the end of the answer" });
});

Deno.test("a server that says nothing, or stops in the middle, is left after the time-out", async () => {
  const silent = new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array([0x7b])) }));
  for (const response of [new Promise<Response>(() => {}), silent]) {
    await using it = bench(() => response, { timeoutMs: 50 });

    const error = await refusal(it.client);

    assert.equal(error.code, "model_timeout");
    assert.match(error.message, /not answered within 50 ms/);
    assert.equal(it.server.chats.length, 1, "slow is not busy");
  }
});

Deno.test("a busy server is asked again after the pause that it asks for, three times in all", async () => {
  const busy = (after?: string): Response =>
    new Response("", { status: 429, ...(after ? { headers: { "retry-after": after } } : {}) });
  await using later = bench((n) => n === 0 ? busy("7") : { text: "now" });
  await using never = bench(() => busy());
  await using long = bench(() => busy("3600"));
  await using broken = bench((n) => n < 2 ? new Response("oops", { status: 503 }) : { text: "up" });

  assert.equal((await later.client.chat(REQUEST)).text, "now");
  const [pause = 0] = later.pauses;
  assert.ok(pause >= 7_000 && pause < 8_001, `${pause}`);
  assert.equal((await refusal(never.client)).code, "model_busy");
  assert.deepEqual([never.server.chats.length, never.pauses.length], [3, 2]);
  assert.match((await refusal(long.client)).message, /asks to wait for 3600 s/);
  assert.equal(long.server.chats.length, 1);
  assert.equal((await broken.client.chat(REQUEST)).text, "up");
});

Deno.test("an address where nobody listens is named", async () => {
  const it = bench(() => ({}));
  const { url } = it.server;
  await it[Symbol.asyncDispose]();

  const error = await refusal(it.client);

  assert.equal(error.code, "model_unreachable");
  assert.ok(error.message.startsWith(`Cannot ask the model "tiny" at ${url}: `), error.message);
  assert.match(error.message, /is the server running/);
  assert.equal(it.pauses.length, 2);
});

Deno.test("who waits no more gets the reason of the signal, during the answer and during a pause", async () => {
  await using hanging = bench(() => new Promise<Response>(() => {}));
  const stop = new AbortController();
  const asked = hanging.client.chat(REQUEST, { signal: stop.signal });

  stop.abort(new Error("cancelled"));

  await assert.rejects(asked, /cancelled/);
  await assert.rejects(hanging.client.chat(REQUEST, { signal: stop.signal }), /cancelled/);
});

Deno.test("a server that wants the newer name of the limit gets it from then on", async () => {
  const why =
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
  await using it = bench((n) => n === 0 ? Response.json({ error: { message: why } }, { status: 400 }) : { text: "ok" });

  await it.client.chat(REQUEST);
  await it.client.chat(REQUEST);

  const limits = it.server.chats.map(({ body }) => [body.max_tokens, body.max_completion_tokens]);
  assert.deepEqual(limits, [[77, undefined], [undefined, 77], [undefined, 77]]);
});

Deno.test("tokens that the server does not count are guessed, so that a budget has an end", async () => {
  await using it = bench(() => ({ text: "a".repeat(300), use: null }));

  const { use } = await it.client.chat(REQUEST);

  assert.equal(use.isGuessed, true);
  assert.ok(use.outputTokens >= 100 && use.inputTokens > 50, JSON.stringify(use));
});

Deno.test("the list of models, without names that cannot be told", async () => {
  for (const api of ["openai", "anthropic"] as const) {
    await using it = bench(() => ({}), { api });
    it.server.models = ["qwen3:8b", "", "x".repeat(129), "a\nb", "tiny"];

    assert.deepEqual(await it.client.list(), ["qwen3:8b", "tiny"]);
    assert.equal(it.server.requests[0]?.path, "/v1/models");
    it.server.models = () => new Response("", { status: 503 });
    await assert.rejects(it.client.list(), { code: "model_server_failed" });
    assert.deepEqual(it.pauses, [], "the next look comes by itself");
  }
});

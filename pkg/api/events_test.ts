import assert from "node:assert/strict";
import { afterThisTurn } from "@bzzz/base";
import { createSeededRandom, ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { ApiClient, createApi, type EventStreamOptions, type StreamEvent } from "./mod.ts";
import { readSse, type SseMessage } from "@bzzz/http";
import { FakeMesh, TEST_WRITE_TOKEN } from "./testing.ts";

function setUp(events: EventStreamOptions = {}) {
  const clock = new ManualClock();
  const random = createSeededRandom(1);
  const mesh = new FakeMesh({ clock, random });
  const api = createApi({ mesh, clock, random, logger: createNullLogger() }, {
    tokens: [{ token: TEST_WRITE_TOKEN, scope: "write" }],
    version: "0.1.0",
    events,
  });
  const client = new ApiClient({ fetch: (request) => api.fetch(request), clock, random }, {
    baseUrl: "http://localhost:8080",
    token: TEST_WRITE_TOKEN,
  });
  const open = (query = "", headers: Record<string, string> = {}) =>
    api.fetch(
      new Request(`http://localhost/api/v1/events${query}`, {
        headers: { authorization: `Bearer ${TEST_WRITE_TOKEN}`, ...headers },
      }),
    );
  return { clock, random, mesh, api, client, open };
}

async function take(messages: AsyncIterable<SseMessage>, count: number): Promise<SseMessage[]> {
  const taken: SseMessage[] = [];
  for await (const message of messages) {
    taken.push(message);
    if (taken.length === count) break;
  }
  return taken;
}

function streamOf(response: Response): AsyncGenerator<SseMessage> {
  assert.ok(response.body);
  return readSse(response.body);
}

Deno.test("events: what was stored, then what comes, in order and once", async () => {
  const { mesh, open, api } = setUp();
  for (let i = 0; i < 450; i++) mesh.append("task_progress", { i });

  const response = await open("?after=10");
  const messages = take(streamOf(response), 1 + 440 + 3);
  await settle();
  for (let i = 0; i < 3; i++) mesh.append("task_progress", { live: i });
  const [hello, ...entries] = await messages;

  assert.equal(response.headers.get("content-type"), "text/event-stream; charset=utf-8");
  assert.equal(hello?.event, "hello");
  assert.deepEqual(entries.map((entry) => Number(entry.id)), Array.from({ length: 443 }, (_, i) => 11 + i));
  assert.equal(api.stats().eventClients, 0, "leaving the loop ends the stream");
  assert.equal(mesh.watchers, 0);
});

Deno.test("events: without a cursor it starts now; Last-Event-ID wins over the query", async () => {
  const { mesh, open } = setUp();
  for (let i = 0; i < 5; i++) mesh.append("task_progress", { i });

  const fresh = take(streamOf(await open()), 2);
  const resumed = take(streamOf(await open("?after=0", { "last-event-id": "4" })), 2);
  await settle();
  mesh.append("task_progress", { i: 5 });

  assert.deepEqual((await fresh).map((message) => message.id), ["5", "6"]);
  assert.deepEqual((await resumed).map((message) => message.id), ["4", "5"]);
});

Deno.test("events: filters by topic and kind, in the past and live", async () => {
  const { mesh, open } = setUp();
  const post = () => {
    mesh.append("message_posted", { text: "x" }, { topic: "hmmm" });
    mesh.append("task_progress", {});
    mesh.append("task_completed", {});
  };
  post();

  const hmmm = take(streamOf(await open("?after=0&topic=hmmm")), 3);
  const kinds = take(streamOf(await open("?after=0&kind=task_completed,message_posted")), 5);
  await settle();
  post();

  assert.deepEqual((await hmmm).map((message) => message.id), ["0", "1", "4"]);
  assert.deepEqual((await kinds).map((message) => message.id), ["0", "1", "3", "4", "6"]);
  assert.equal((await open("?topic=nope")).status, 400);
});

Deno.test("events: a cursor of another journal is reset", async () => {
  const { mesh, open } = setUp();
  mesh.append("task_progress", {});

  const [first] = await take(streamOf(await open("?after=900")), 1);

  assert.equal(first?.event, "reset");
  assert.deepEqual(JSON.parse(first?.data ?? ""), { cursor: 1, latest: 1 });
});

Deno.test("events: a slow client is dropped and told where to go on", async () => {
  const { mesh, open, api } = setUp({ queueCapacity: 10 });
  const response = await open();
  const messages = streamOf(response);
  assert.equal((await messages.next()).value?.event, "hello");
  await settle();

  for (let i = 0; i < 40; i++) mesh.append("task_progress", { i });
  const rest: SseMessage[] = [];
  for await (const message of messages) rest.push(message);

  const last = rest.at(-1);
  assert.equal(last?.event, "dropped");
  assert.equal(JSON.parse(last?.data ?? "").resume_after, Number(rest.at(-2)?.id ?? 0));
  assert.ok(rest.length < 15, `${rest.length} frames were kept`);
  assert.deepEqual(api.stats(), { eventClients: 0, droppedEventClients: 1 });
});

Deno.test("events: silence gets a heartbeat; a client that takes nothing is dropped", async () => {
  const { clock, mesh, open, api } = setUp({ heartbeatMs: 1_000, stallMs: 5_000 });
  const reading = take(streamOf(await open()), 3);
  const stalled = await open();
  await settle();

  await clock.advance(2_000);
  assert.deepEqual((await reading).map((message) => message.event), ["hello", "comment", "comment"]);
  mesh.append("task_progress", {});
  await clock.advance(6_000);

  assert.deepEqual(api.stats(), { eventClients: 0, droppedEventClients: 1 });
  await stalled.body?.cancel();
});

Deno.test("events: at most so many clients, and none once closed", async () => {
  const { api, open } = setUp({ maxClients: 2 });
  const first = await open();
  const second = await open();

  const third = await open();
  const head = await api.fetch(
    new Request("http://localhost/api/v1/events", {
      method: "HEAD",
      headers: { authorization: `Bearer ${TEST_WRITE_TOKEN}` },
    }),
  );
  await second.body?.cancel();
  const fourth = await open();
  api.close();
  const [hello, bye] = await take(streamOf(first), 2);

  assert.equal((await third.json()).error.code, "UCXL-503-TOO_MANY_EVENT_CLIENTS");
  assert.equal(head.status, 400);
  assert.equal(fourth.status, 200);
  assert.deepEqual([hello?.event, bye?.event], ["hello", "bye"]);
  assert.equal((await open()).status, 503);
  await fourth.body?.cancel();
});

Deno.test("ApiClient.events() resumes after a break without loss or repetition", async () => {
  const { clock, random, mesh, api } = setUp();
  const abort = new AbortController();
  let isDown = false;
  let cut: (() => void) | undefined;
  const client = new ApiClient({
    clock,
    random,
    fetch: async (request) => {
      if (isDown) throw new TypeError("connection refused");
      const response = await api.fetch(request);
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const pipe = new AbortController();
      cut = () => pipe.abort(new TypeError("connection reset"));
      response.body?.pipeTo(writable, { signal: pipe.signal }).catch(() => {});
      return new Response(readable, response);
    },
  }, { baseUrl: "http://localhost:8080", token: TEST_WRITE_TOKEN });
  const seen: StreamEvent[] = [];
  const done = (async () => {
    for await (const event of client.events({ after: 0 }, { signal: abort.signal })) seen.push(event);
  })();
  const until = async (count: number, type: StreamEvent["type"]) => {
    await waitFor(() => seen.filter((event) => event.type === type).length >= count, {
      timeoutMs: 30_000,
      what: `${count} × ${type}`,
      state: () => seen,
    });
    await settle(); // the consumer is back in its loop
  };

  mesh.append("task_progress", { i: 1 });
  await until(1, "entry");
  isDown = true;
  cut?.();
  await until(1, "disconnected");
  mesh.append("task_progress", { i: 2 });
  await clock.advance(10_000);
  await until(2, "disconnected");
  isDown = false;
  await clock.advance(10_000);
  await until(2, "entry");
  mesh.append("task_progress", { i: 3 });
  await until(3, "entry");
  abort.abort(new Error("enough"));

  await assert.rejects(done, /enough/);
  const cursors = seen.flatMap((event) => event.type === "entry" ? [event.entry.cursor] : []);
  assert.deepEqual(cursors, [1, 2, 3]);
  assert.ok(seen.some((event) => event.type === "disconnected" && event.reason.includes("reset")));
});

Deno.test("ApiClient.events() gives up on a refusal that will not pass, and ends with its loop", async () => {
  const { client, mesh } = setUp();

  await assert.rejects(client.events({ topic: "nope" }).next(), { code: "invalid_topic", status: 400 });
  for await (const event of client.events()) {
    assert.equal(event.type, "connected");
    break;
  }
  assert.equal(mesh.watchers, 0);
});

Deno.test("ApiClient.events() takes silence for a dead connection", async () => {
  const { client, clock } = setUp({ heartbeatMs: 3_600_000 });
  const events = client.events({}, { silenceMs: 30_000 });
  await events.next();

  const next = events.next();
  await settle();
  await clock.advance(30_000);

  const broken = (await next).value;
  assert.ok(broken?.type === "disconnected" && broken.reason.includes("silent for 30000 ms"));
  await events.return();
});

Deno.test("events: a change of the leader is told as it happens", async () => {
  const { client, mesh } = setUp();
  const controller = new AbortController();
  const seen: StreamEvent[] = [];
  const following = (async () => {
    for await (const event of client.events({}, { signal: controller.signal })) {
      seen.push(event);
      if (event.type === "leader") break;
    }
  })();
  await settle();
  await waitFor(() => mesh.watchers > 0, { timeoutMs: 30_000, what: "the stream" });

  await mesh.election.order("step_down", { reason: "" });
  await following;
  controller.abort();

  const last = seen.at(-1);
  assert.ok(last?.type === "leader");
  assert.deepEqual([last.election.term, last.election.leader], [3, undefined]);
});

Deno.test("events: a long journal of which a client wants nothing does not stop the node while it is looked through", async () => {
  const { mesh, open, api } = setUp();
  for (let i = 0; i < 4000; i++) mesh.append("task_progress", { i });
  let pages = 0;
  const { journal } = mesh;
  mesh.journal = (query) => {
    pages++;
    return journal.call(mesh, query);
  };

  const response = await open("?after=0&kind=task_failed");
  const messages = streamOf(response);
  await messages.next();
  const atNextTurn = new Promise<number>((resolve) => afterThisTurn(() => resolve(pages)));
  const first = messages.next();

  assert.ok(await atNextTurn < 10, "the others have their turn between pages");
  await waitFor(() => pages > 20, { timeoutMs: 5000, what: "all pages to be read" });
  mesh.append("task_failed", {});
  const { value } = await first;
  assert.equal(value?.id, "4001");
  api.close();
  await messages.return(undefined);
});

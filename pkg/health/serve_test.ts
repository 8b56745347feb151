import { strict as assert } from "node:assert";
import { createSystemClock } from "@bzzz/base";
import { createTestLogger } from "@bzzz/logging";
import { assertCanListen, HealthError, listenAndServe } from "./mod.ts";

const LOOPBACK = { hostname: "127.0.0.1", port: 0, name: "health" } as const;

function createDeps() {
  const { logger, records } = createTestLogger();
  return { deps: { clock: createSystemClock(), logger }, records };
}

Deno.test("listenAndServe() serves on a free port and stops", async () => {
  const { deps } = createDeps();
  const server = listenAndServe(deps, () => new Response("hello"), LOOPBACK);

  const text = await (await fetch(`${server.url}/`)).text();
  await server.stop();
  await server.stop();

  assert.ok(server.port > 0);
  assert.equal(text, "hello");
  await assert.rejects(fetch(server.url));
});

Deno.test("a port in use is refused by code, naming address and server", async () => {
  const { deps } = createDeps();
  await using first = listenAndServe(deps, () => new Response(), LOOPBACK);

  assert.throws(
    () => listenAndServe(deps, () => new Response(), { ...LOOPBACK, port: first.port }),
    (error) =>
      error instanceof HealthError && error.code === "port_in_use" && error.details["port"] === first.port &&
      error.message.startsWith(`Cannot listen on 127.0.0.1:${first.port} for the health server`),
  );
});

Deno.test("an address that this machine does not have is refused by code", () => {
  const { deps } = createDeps();

  assert.throws(
    () => listenAndServe(deps, () => new Response(), { ...LOOPBACK, hostname: "192.0.2.1" }),
    (error) => error instanceof HealthError && error.code === "listen_failed",
  );
});

Deno.test("a handler that throws answers 500, keeps its message inside and is logged", async () => {
  const { deps, records } = createDeps();
  await using server = listenAndServe(deps, () => {
    throw new Error("secret detail");
  }, LOOPBACK);

  const response = await fetch(server.url);

  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes("secret detail"));
  assert.equal(records[0]?.message, "A request broke the handler");
});

Deno.test("stop() lets a request in flight end", async () => {
  const { deps } = createDeps();
  const entered = Promise.withResolvers<void>();
  const released = Promise.withResolvers<Response>();
  const server = listenAndServe(deps, () => {
    entered.resolve();
    return released.promise;
  }, LOOPBACK);
  const request = fetch(server.url).then((response) => response.text());
  await entered.promise;

  const stopped = server.stop();
  released.resolve(new Response("in time"));

  assert.equal(await request, "in time");
  await stopped;
});

Deno.test("stop() answers 503 for a handler that outlives the grace", async () => {
  const { deps, records } = createDeps();
  const entered = Promise.withResolvers<void>();
  const server = listenAndServe(deps, () => {
    entered.resolve();
    return new Promise<Response>(() => {});
  }, { ...LOOPBACK, graceMs: 20 });
  const request = fetch(server.url);
  await entered.promise;

  await server.stop();

  const response = await request;
  assert.equal(response.status, 503);
  assert.match(await response.text(), /shutting_down/);
  assert.equal(records[0]?.message, "Requests outlived the grace of their server");
});

Deno.test("a stream ends by the signal its handler is given", async () => {
  const { deps } = createDeps();
  const server = listenAndServe(deps, (_request, { signal }) => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new TextEncoder().encode("first"));
        signal.addEventListener("abort", () => controller.close(), { once: true });
      },
    });
    return new Response(body);
  }, LOOPBACK);
  const response = await fetch(server.url);

  const stopped = server.stop();

  assert.equal(await response.text(), "first");
  await stopped;
});

Deno.test("assertCanListen() says by the same code what would keep a server from listening, and keeps nothing", async () => {
  const { deps } = createDeps();
  await using taken = listenAndServe(deps, () => new Response(), LOOPBACK);

  assert.throws(
    () => assertCanListen({ ...LOOPBACK, port: taken.port }),
    (error) => error instanceof HealthError && error.code === "port_in_use",
  );
  await taken.stop();
  assertCanListen({ ...LOOPBACK, port: taken.port });
  await using again = listenAndServe(deps, () => new Response("free"), { ...LOOPBACK, port: taken.port });
  assert.equal(await (await fetch(again.url)).text(), "free");
});

import { strict as assert } from "node:assert";
import { ManualClock, settle } from "@bzzz/base/testing";
import { createTestLogger } from "@bzzz/logging";
import { keepServing } from "./mod.ts";

const ADDR: Deno.NetAddr = { transport: "tcp", hostname: "127.0.0.1", port: 4711 };

/** A server that fails when it is told to. */
class BreakableServer implements Deno.HttpServer<Deno.NetAddr> {
  readonly addr = ADDR;
  readonly #end = Promise.withResolvers<void>();
  readonly finished = this.#end.promise;
  isShutDown = false;

  break(): void {
    this.#end.reject(new Error("Too many open files (os error 24)"));
  }

  shutdown(): Promise<void> {
    this.isShutDown = true;
    this.#end.resolve();
    return Promise.resolve();
  }

  ref(): void {}
  unref(): void {}
  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }
}

function create() {
  const clock = new ManualClock();
  const { logger, records } = createTestLogger();
  const servers: BreakableServer[] = [];
  const asked: (number | undefined)[] = [];
  const refuse = { next: false };
  const kept = keepServing({ clock, logger }, (again?: Deno.NetAddr) => {
    asked.push(again?.port);
    if (refuse.next) throw new Error("Address already in use (os error 98)");
    const server = new BreakableServer();
    servers.push(server);
    return server;
  }, { name: "health" });
  const messages = () => records.filter(({ level }) => level !== "debug").map(({ level, message }) => [level, message]);
  return { clock, kept, servers, asked, refuse, messages };
}

Deno.test("keepServing() listens again, where it did, after a server could take no more connections", async () => {
  const { clock, kept, servers, asked, refuse, messages } = create();

  servers[0]?.break();
  await settle();
  refuse.next = true;
  await clock.advance(1_000);
  refuse.next = false;
  await clock.advance(1_000);
  servers[1]?.break();
  await settle();
  await clock.advance(2_000);

  assert.deepEqual(asked, [undefined, 4711, 4711, 4711]);
  assert.deepEqual(messages(), [
    ["error", "A server can take no connections; it tries again"],
    ["info", "A server takes connections again"],
  ]);
  await kept.shutdown();
  assert.equal(servers[2]?.isShutDown, true);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("keepServing() stays down once it was shut down", async () => {
  const { clock, kept, servers, asked } = create();
  servers[0]?.break();
  await settle();

  await kept.shutdown();
  await clock.advance(10_000);

  assert.deepEqual(asked, [undefined]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("keepServing() leaves the first failure to listen to its caller", () => {
  const deps = { clock: new ManualClock(), logger: createTestLogger().logger };

  assert.throws(() =>
    keepServing(deps, () => {
      throw new Deno.errors.AddrInUse("taken");
    }, { name: "health" }), Deno.errors.AddrInUse);
});

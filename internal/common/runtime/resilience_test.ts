import { strict as assert } from "node:assert";
import { BzzzError, TimeoutError } from "@bzzz/base";
import { ManualClock, settle } from "@bzzz/base/testing";
import fc from "fast-check";
import { BreakerOpenError, type BreakerOptions, type CircuitState, ServiceCircuitBreaker } from "./resilience.ts";

const OPTIONS: BreakerOptions = {
  serviceName: "ollama",
  maxFailures: 3,
  failureWindowMs: 10_000,
  openMs: 5_000,
  callTimeoutMs: 1_000,
  isFailure: (error) => !(error instanceof BzzzError && error.code === "bad_request"),
};

function createHarness(options: Partial<BreakerOptions> = {}) {
  const clock = new ManualClock();
  const breaker = new ServiceCircuitBreaker({ clock }, { ...OPTIONS, ...options });
  const told: string[] = [];
  for (const name of ["breaker:opened", "breaker:half_opened", "breaker:closed"] as const) {
    breaker.events.on(name, () => told.push(name));
  }
  const fail = () => breaker.call(() => Promise.reject(new Error("down"))).catch(() => {});
  const succeed = () => breaker.call(() => Promise.resolve("fine"));
  return { clock, breaker, told, fail, succeed };
}

function isRefusal(error: unknown): error is BreakerOpenError {
  return error instanceof BreakerOpenError && error.code === "breaker_open";
}

Deno.test("a breaker opens at maxFailures and refuses at once with the time to wait", async () => {
  const { breaker, clock, fail } = createHarness();
  let runs = 0;

  for (let i = 0; i < 3; i++) await fail();
  await clock.advance(2_000);
  const refusal = await breaker.call(() => Promise.resolve(runs++)).catch((error) => error);

  assert.ok(isRefusal(refusal));
  assert.deepEqual([refusal.retryAfterMs, refusal.serviceName, runs], [3_000, "ollama", 0]);
  assert.equal(breaker.state, "open");
});

Deno.test("failures decay: old ones do not open it", async () => {
  const { breaker, clock, fail } = createHarness();

  await fail();
  await fail();
  await clock.advance(10_000);
  await fail();
  await fail();

  assert.equal(breaker.state, "closed");
  assert.equal(breaker.metrics().recentFailures, 2);
});

Deno.test("errors that isFailure does not count, and aborts by the caller, open nothing", async () => {
  const { breaker } = createHarness();
  const aborter = new AbortController();

  for (let i = 0; i < 5; i++) {
    await assert.rejects(breaker.call(() => Promise.reject(new BzzzError("bad_request", "x"))));
  }
  const waiting = [1, 2, 3, 4].map(() => breaker.call(() => new Promise(() => {}), { signal: aborter.signal }));
  const rejected = Promise.all(waiting.map((call) => assert.rejects(call, /enough/)));
  aborter.abort(new Error("enough"));
  await rejected;

  assert.equal(breaker.state, "closed");
  assert.deepEqual([breaker.metrics().ignored, breaker.metrics().failures], [9, 0]);
});

Deno.test("a call that misses its deadline is counted, and its operation is told", async () => {
  const { breaker, clock } = createHarness({ maxFailures: 1 });
  let wasTold = false;
  const call = breaker.call(({ signal }) => {
    signal.addEventListener("abort", () => wasTold = true);
    return new Promise(() => {});
  });

  const rejected = assert.rejects(call, TimeoutError);
  await clock.advance(1_000);
  await rejected;

  assert.ok(wasTold);
  assert.deepEqual([breaker.state, breaker.metrics().timeouts], ["open", 1]);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("half-open lets exactly one of many calls through", async () => {
  const { breaker, clock, fail, told } = createHarness();
  for (let i = 0; i < 3; i++) await fail();
  await clock.advance(5_000);
  const answer = Promise.withResolvers<string>();
  let runs = 0;

  const calls = Array.from({ length: 10 }, () =>
    breaker.call(() => {
      runs++;
      return answer.promise;
    }).catch((error) => error));
  await settle();
  const stateDuring = breaker.state;
  answer.resolve("fine");
  const results = await Promise.all(calls);

  assert.deepEqual([runs, stateDuring, breaker.state], [1, "half_open", "closed"]);
  assert.equal(results[0], "fine");
  assert.equal(results.filter(isRefusal).length, 9);
  assert.equal(results.find(isRefusal)?.retryAfterMs, 1_000, "no later than the probe's deadline");
  assert.deepEqual(told, ["breaker:opened", "breaker:half_opened", "breaker:closed"]);
});

Deno.test("a failing probe opens it again for the full time", async () => {
  const { breaker, clock, fail } = createHarness();
  for (let i = 0; i < 3; i++) await fail();
  await clock.advance(5_000);

  await fail();
  await clock.advance(4_999);

  await assert.rejects(breaker.call(() => Promise.resolve()), (e) => isRefusal(e) && e.retryAfterMs === 1);
  assert.deepEqual([breaker.state, breaker.metrics().opened], ["open", 2]);
});

Deno.test("a probe with an ignored error leaves the next call to try", async () => {
  const { breaker, clock, fail, succeed } = createHarness();
  for (let i = 0; i < 3; i++) await fail();
  await clock.advance(5_000);

  await assert.rejects(breaker.call(() => Promise.reject(new BzzzError("bad_request", "x"))));
  const stateAfter = breaker.state;
  await succeed();

  assert.deepEqual([stateAfter, breaker.state], ["half_open", "closed"]);
});

Deno.test("results of calls that began before the change are stale and move nothing", async () => {
  const { breaker, clock, fail } = createHarness();
  const slow = Promise.withResolvers<string>();
  const slowCall = breaker.call(() => slow.promise);
  for (let i = 0; i < 3; i++) await fail();

  slow.resolve("late success");
  await slowCall;

  assert.equal(breaker.state, "open", "a success of before does not close it");
  assert.equal(breaker.metrics().stale, 1);
  assert.equal(clock.pendingTimers, 0);
});

Deno.test("options that cannot work are refused", () => {
  for (const key of ["maxFailures", "failureWindowMs", "openMs", "callTimeoutMs"] as const) {
    assert.throws(() => createHarness({ [key]: 0 }), RangeError, key);
  }
});

// The model knows a breaker by its history: when it opened, which calls belong to the present episode, which failures are
// young. The breaker must agree on every admission, refusal and state under any interleaving of calls, results and time.
type Action =
  | { readonly do: "begin" }
  | { readonly do: "end"; readonly pick: number; readonly how: "success" | "failure" | "ignored" }
  | { readonly do: "wait"; readonly ms: number };

interface Running {
  readonly episode: number;
  readonly deadlineMs: number;
  readonly settle: (how: "success" | "failure" | "ignored") => void;
  readonly done: Promise<unknown>;
}

class Model {
  nowMs = 0;
  episode = 0;
  state: CircuitState = "closed";
  openedAtMs = 0;
  failures: number[] = [];
  hasProbe = false;

  admits(): boolean {
    if (this.state === "open" && this.nowMs - this.openedAtMs >= OPTIONS.openMs) this.#enter("half_open");
    if (this.state === "open" || this.hasProbe) return false;
    this.hasProbe = this.state === "half_open";
    return true;
  }

  ended(episode: number, how: "success" | "failure" | "ignored"): void {
    if (episode !== this.episode) return;
    if (this.state === "half_open") {
      this.hasProbe = false;
      if (how === "success") this.#enter("closed");
      if (how === "failure") this.#enter("open");
    } else if (how === "failure") {
      this.failures = [...this.failures, this.nowMs].filter((at) => this.nowMs - at < OPTIONS.failureWindowMs);
      if (this.failures.length >= OPTIONS.maxFailures) this.#enter("open");
    }
  }

  #enter(state: CircuitState): void {
    this.state = state;
    this.episode++;
    this.failures = [];
    this.hasProbe = false;
    this.openedAtMs = this.nowMs;
  }
}

const ACTIONS: fc.Arbitrary<Action[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constant<Action>({ do: "begin" }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant("end" as const),
        pick: fc.nat(20),
        how: fc.constantFrom("failure" as const, "failure" as const, "success" as const, "ignored" as const),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("wait" as const),
        ms: fc.constantFrom(1, 400, 999, 1_000, 4_999, 5_000, 10_000),
      }),
    },
  ),
  // Without a size, fast-check keeps arrays near 10 elements: too few to open a breaker, let it probe and open again.
  { minLength: 10, maxLength: 80, size: "max" },
);

Deno.test("a breaker agrees with its model under random schedules (property)", async () => {
  await fc.assert(
    fc.asyncProperty(ACTIONS, async (actions) => {
      const { breaker, clock } = createHarness();
      const model = new Model();
      let running: Running[] = [];
      const endOf = async (call: Running, how: "success" | "failure" | "ignored") => {
        running = running.filter((other) => other !== call);
        call.settle(how);
        await call.done;
        model.ended(call.episode, how);
      };

      for (const action of actions) {
        if (action.do === "begin") {
          const admitted = model.admits();
          const outcome = Promise.withResolvers<string>();
          let wasRun = false;
          const done = breaker.call(() => {
            wasRun = true;
            return outcome.promise;
          }).catch((error) => error);
          await settle();
          assert.equal(wasRun, admitted, "admission");
          if (!admitted) assert.ok(isRefusal(await done));
          else {
            running.push({
              episode: model.episode,
              deadlineMs: model.nowMs + OPTIONS.callTimeoutMs,
              done,
              settle: (how) => {
                if (how === "success") outcome.resolve("ok");
                else outcome.reject(how === "failure" ? new Error("down") : new BzzzError("bad_request", "x"));
              },
            });
          }
        } else if (action.do === "end") {
          const call = running[action.pick % Math.max(1, running.length)];
          if (call) await endOf(call, action.how);
        } else {
          const untilMs = model.nowMs + action.ms;
          // Deadlines fall due in the order of their calls.
          for (const call of running.filter(({ deadlineMs }) => deadlineMs <= untilMs)) {
            await clock.advance(call.deadlineMs - model.nowMs);
            model.nowMs = call.deadlineMs;
            running = running.filter((other) => other !== call);
            assert.ok(await call.done instanceof TimeoutError);
            model.ended(call.episode, "failure");
          }
          await clock.advance(untilMs - model.nowMs);
          model.nowMs = untilMs;
        }
        assert.equal(breaker.state, model.state);
      }
      for (const call of running) await endOf(call, "success");
      const { calls, successes, failures, ignored } = breaker.metrics();
      assert.equal(calls, successes + failures + ignored, "every call is counted once");
      assert.equal(clock.pendingTimers, 0);
    }),
    { numRuns: 200 },
  );
});

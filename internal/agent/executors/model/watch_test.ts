import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import { ModelError } from "@bzzz/model";
import { model } from "./testdata/desk.ts";
import { ModelWatch } from "./watch.ts";

const SECOND = 1000;

class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly watch: ModelWatch;
  looks = 0;
  changes: string[] = [];
  offered: readonly string[] | Error = [];

  constructor() {
    const list = (): Promise<readonly string[]> => {
      this.looks++;
      return this.offered instanceof Error ? Promise.reject(this.offered) : Promise.resolve(this.offered);
    };
    this.watch = new ModelWatch({
      clock: this.clock,
      logger: createNullLogger(),
      client: { list, url: "http://127.0.0.1:1/v1" },
      onChanged: () => this.changes.push(this.watch.available.map(({ name }) => name).join()),
    }, { models: [model("big"), model("tiny")], periodMs: 60 * SECOND });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.watch[Symbol.asyncDispose]();
  }
}

Deno.test("S-30 the models that are told are those of the configuration which the server has, in its order", async () => {
  await using bench = new Bench();
  const { clock, watch } = bench;
  assert.match(watch.problem ?? "", /not looked/);

  bench.offered = ["other", "tiny:latest", "big"];
  watch.start();
  await clock.advance(0);

  assert.deepEqual([bench.changes, watch.problem], [["big,tiny"], undefined]);
  assert.deepEqual(watch.healthCheck().run({ signal: AbortSignal.timeout(1) }), { ok: true, detail: "big, tiny" });
  bench.offered = ["tiny"];
  await clock.advance(59 * SECOND);
  assert.deepEqual(bench.looks, 1, "not before the period is over");
  await clock.advance(SECOND);
  assert.deepEqual(bench.changes, ["big,tiny", "tiny"]);
});

Deno.test("without a model the watch says why and what to do, and looks more often", async () => {
  await using bench = new Bench();
  const { clock, watch } = bench;

  bench.offered = Array.from({ length: 12 }, (_, n) => `m${n}`);
  watch.start();
  await clock.advance(0);

  assert.match(watch.problem ?? "", /no model "big", "tiny"; it has "m0", .*"m9" and 2 more; load it there, or name/);
  const outcome = watch.healthCheck().run({ signal: AbortSignal.timeout(1) });
  assert.ok("code" in outcome && outcome.code === "no_model" && outcome.message.startsWith("No tasks are taken: "));
  bench.offered = new ModelError("model_unreachable", "Cannot ask it: nobody listens");
  await clock.advance(5 * SECOND);
  assert.deepEqual([bench.looks, watch.problem], [2, "Cannot ask it: nobody listens"]);
  bench.offered = ["tiny"];
  await clock.advance(5 * SECOND);
  assert.deepEqual([bench.changes, watch.problem], [["tiny"], undefined]);
});

Deno.test("one look that fails takes no model away, two in a row do", async () => {
  await using bench = new Bench();
  const { clock, watch } = bench;
  bench.offered = ["big"];
  watch.start();
  await clock.advance(0);

  bench.offered = new ModelError("model_busy", "busy");
  await clock.advance(60 * SECOND);
  assert.deepEqual(watch.available.length, 1);
  await clock.advance(5 * SECOND);

  assert.deepEqual([bench.changes, watch.problem], [["big", ""], "busy"]);
});

Deno.test("who was told that a model is gone has it looked for soon; after the end nothing looks", async () => {
  const bench = new Bench();
  const { clock, watch } = bench;
  bench.offered = ["big"];
  watch.start();
  await clock.advance(0);

  bench.offered = ["tiny"];
  watch.hurry();
  watch.hurry();
  await clock.advance(SECOND);
  assert.deepEqual([bench.looks, bench.changes], [2, ["big", "tiny"]]);
  await watch[Symbol.asyncDispose]();
  watch.hurry();
  await clock.advance(1_000 * SECOND);

  assert.equal(bench.looks, 2);
});

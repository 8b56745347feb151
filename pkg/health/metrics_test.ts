import { strict as assert } from "node:assert";
import { CounterMap } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { createNullLogger } from "@bzzz/logging";
import fc from "fast-check";
import {
  HealthManager,
  MetricsRegistry,
  registerCounterMap,
  registerHealthMetrics,
  registerProcessMetrics,
} from "./mod.ts";

function samplesOf(text: string, name: string): string[] {
  return text.split("\n").filter((line) => line.startsWith(name));
}

Deno.test("counters, gauges and histograms are written in the text format", () => {
  const registry = new MetricsRegistry();
  const rejected = registry.counter({ name: "rejected_total", help: "Rejected", labelNames: ["reason"] });
  registry.gauge({ name: "peers", help: "Connected peers" }).set(3);
  const latency = registry.histogram({ name: "store_seconds", help: "Commit", buckets: [0.1, 1] });

  rejected.increment({ reason: "signature" });
  rejected.increment({ reason: "signature" }, 2);
  for (const value of [0.05, 0.1, 0.5, 5]) latency.observe(value);

  assert.equal(
    registry.render(),
    [
      "# HELP rejected_total Rejected",
      "# TYPE rejected_total counter",
      'rejected_total{reason="signature"} 3',
      "# HELP peers Connected peers",
      "# TYPE peers gauge",
      "peers 3",
      "# HELP store_seconds Commit",
      "# TYPE store_seconds histogram",
      'store_seconds_bucket{le="0.1"} 2',
      'store_seconds_bucket{le="1"} 3',
      'store_seconds_bucket{le="+Inf"} 4',
      "store_seconds_sum 5.65",
      "store_seconds_count 4",
      "",
    ].join("\n"),
  );
});

Deno.test("a counter without labels shows 0 before its first event", () => {
  const registry = new MetricsRegistry();

  registry.counter({ name: "forks_total", help: "Forks" });

  assert.deepEqual(samplesOf(registry.render(), "forks_total"), ["forks_total 0"]);
});

Deno.test("help and label values are escaped, so that no value can forge a line (property)", () => {
  const unescape = (text: string) => text.replace(/\\(n|\\|")/g, (_, c) => c === "n" ? "\n" : c);
  fc.assert(fc.property(fc.string({ unit: "binary" }), (value) => {
    const registry = new MetricsRegistry();
    registry.gauge({ name: "g", help: value, labelNames: ["v"] }).set(1, { v: value });

    const lines = registry.render().split("\n");

    assert.equal(lines.length, 4);
    assert.equal(unescape(/^g\{v="(.*)"\} 1$/s.exec(lines[2] ?? "")?.[1] ?? "?"), value);
  }));
});

Deno.test("label sets are bounded: counters pour over into other, gauges drop, both are counted (property)", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string(), { maxLength: 60, size: "max" }),
      fc.integer({ min: 1, max: 10 }),
      (values, maxSeries) => {
        const registry = new MetricsRegistry();
        const counter = registry.counter({ name: "c_total", help: "C", labelNames: ["peer"], maxSeries });
        const gauge = registry.gauge({ name: "g", help: "G", labelNames: ["peer"], maxSeries });

        for (const peer of values) {
          counter.increment({ peer });
          gauge.set(7, { peer });
        }

        const text = registry.render();
        const counts = samplesOf(text, "c_total{").map((line) => Number(line.split(" ").at(-1)));
        assert.ok(counts.length <= maxSeries + 1);
        assert.equal(counts.reduce((a, b) => a + b, 0), values.length, "nothing that happened is lost");
        assert.ok(samplesOf(text, "g{").length <= maxSeries);
        assert.equal(text.includes("bzzz_metrics_overflow_total"), new Set(values).size > maxSeries);
      },
    ),
  );
});

Deno.test("special numbers have their own spelling", () => {
  const registry = new MetricsRegistry();
  const gauge = registry.gauge({ name: "g", help: "G", labelNames: ["n"] });

  gauge.set(Infinity, { n: "a" });
  gauge.set(-Infinity, { n: "b" });
  gauge.set(NaN, { n: "c" });

  assert.deepEqual(samplesOf(registry.render(), "g{"), ['g{n="a"} +Inf', 'g{n="b"} -Inf', 'g{n="c"} NaN']);
});

Deno.test("misuse is refused: names, labels, buckets, negative counts", () => {
  const registry = new MetricsRegistry();
  const counter = registry.counter({ name: "c_total", help: "C", labelNames: ["reason"] });

  assert.throws(() => registry.counter({ name: "c_total", help: "again" }), TypeError);
  assert.throws(() => registry.counter({ name: "bad-name", help: "" }), TypeError);
  assert.throws(() => registry.gauge({ name: "g", help: "", labelNames: ["__reserved"] }), TypeError);
  assert.throws(() => registry.histogram({ name: "h", help: "", labelNames: ["le"] }), TypeError);
  assert.throws(() => registry.histogram({ name: "h", help: "", buckets: [1, 1] }), TypeError);
  assert.throws(() => counter.increment(), TypeError);
  assert.throws(() => counter.increment({ reason: "x", extra: "y" }), TypeError);
  assert.throws(() => counter.increment({ reason: "x" }, -1), RangeError);
});

Deno.test("a value that cannot be read leaves the others in the scrape and is counted", () => {
  const registry = new MetricsRegistry();
  registry.collected("gauge", { name: "broken", help: "B" }, () => {
    throw new Error("boom");
  });
  registry.collected("gauge", { name: "fine", help: "F" }, () => 1);

  const text = registry.render();

  assert.deepEqual(samplesOf(text, "broken"), []);
  assert.deepEqual(samplesOf(text, "fine"), ["fine 1"]);
  assert.deepEqual(samplesOf(text, "bzzz_metrics_collect"), ['bzzz_metrics_collect_errors_total{metric="broken"} 1']);
});

Deno.test("the process, the health and counter maps are shown under their names", () => {
  const registry = new MetricsRegistry();
  const health = new HealthManager({ clock: new ManualClock(), logger: createNullLogger() });
  health.register({ name: "store", critical: true, run: () => ({ ok: true }) });
  const counts = new CounterMap();
  counts.add("rejected.signature", 4);

  registerProcessMetrics(registry, {
    memory: () => ({ rss: 100, heapUsed: 10, heapTotal: 20 }),
    startedAtMs: 1_500,
    eventLoop: { takeMaxLagMs: () => 250 },
  });
  registerHealthMetrics(registry, health);
  registerCounterMap(registry, { name: "ingest_total", help: "Frames", labelName: "result" }, counts);

  assert.deepEqual(registry.render().split("\n").filter((line) => line && !line.startsWith("#")), [
    "process_resident_memory_bytes 100",
    "bzzz_heap_used_bytes 10",
    "bzzz_heap_total_bytes 20",
    "process_start_time_seconds 1.5",
    "bzzz_event_loop_max_lag_seconds 0.25",
    "bzzz_ready 0",
    "bzzz_live 1",
    'bzzz_health_check{check="store",state="pending"} 1',
    'ingest_total{result="rejected.signature"} 4',
  ]);
});

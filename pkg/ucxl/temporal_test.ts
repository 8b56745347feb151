import assert from "node:assert/strict";
import fc from "fast-check";
import { navigate, parseAddress, parseTemporal, type Temporal, type Timeline, UcxlError } from "./mod.ts";

function timeline(...atMs: number[]): Timeline {
  return { length: atMs.length, writtenAtMs: (n) => atMs[n - 1] ?? NaN };
}

function temporal(segment: string): Temporal {
  return parseAddress(`ucxl://a:b@c:d/${segment}/x`).temporal;
}

const five = timeline(1000, 2000, 3000, 3000, 5000);

Deno.test("navigate() finds latest, first, back, forward and by time", () => {
  const cases: readonly [segment: string, n: number, reference?: number][] = [
    ["*^", 5],
    ["*~", 1],
    ["*~4", 4],
    ["~~", 4],
    ["~~4", 1],
    ["~~", 2, 3],
    ["^^", 4, 3],
    ["^^2", 5, 3],
    ["@1970-01-01T00:00:01Z", 1],
    ["@1970-01-01T00:00:03Z", 4], // the last of those written at that time
    ["@1970-01-01T00:00:04.999Z", 4],
    ["@2026-01-01", 5],
  ];

  for (const [segment, n, reference] of cases) assert.equal(navigate(five, temporal(segment), reference), n, segment);
});

Deno.test("navigate() past an end names the nearest version", () => {
  const cases: readonly [segment: string, nearest: number, reference?: number][] = [
    ["~~5", 1],
    ["^^", 5],
    ["^^3", 5, 3],
    ["~~3", 1, 3],
    ["*~6", 5],
    ["@1970-01-01T00:00:00.999Z", 1],
  ];

  for (const [segment, nearest, reference] of cases) {
    assert.throws(() => navigate(five, temporal(segment), reference), (error) => {
      assert.ok(error instanceof UcxlError);
      assert.equal(error.code, "version_out_of_bounds");
      assert.equal(error.details["nearest"], nearest, segment);
      return true;
    });
  }
});

Deno.test("navigate() without versions says so", () => {
  assert.throws(() => navigate(timeline(), { type: "latest" }), /no version yet/);
});

Deno.test("navigate() by time agrees with a search from the end", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 1, maxLength: 30 }), fc.nat(60), (times, atMs) => {
      const sorted = times.toSorted((a, b) => a - b);
      const expected = sorted.findLastIndex((time) => time <= atMs) + 1;
      const found = () => navigate(timeline(...sorted), { type: "at", atMs });

      if (expected === 0) assert.throws(found, UcxlError);
      else assert.equal(found(), expected);
    }),
  );
});

Deno.test("parseTemporal() takes a segment alone and points at what is too much", () => {
  assert.deepEqual(parseTemporal("~~3"), { type: "back", n: 3 });
  assert.deepEqual(parseTemporal("*^"), { type: "latest" });
  for (
    const [text, position] of [["later", 0], ["", 0], ["~~2/x", 3], ["*", 0], ["^^2?", 3], [
      "@2026-11-22/",
      11,
    ]] as const
  ) {
    assert.throws(() => parseTemporal(text), (error) => {
      assert.ok(error instanceof UcxlError);
      assert.equal(error.details["position"], position, text);
      return true;
    });
  }
});

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Address,
  addressFault,
  addressKey,
  encodeSegment,
  formatAddress,
  isPattern,
  MAX_TEMPORAL_STEP,
  parseAddress,
  parseConcrete,
  pathSegments,
  pointAt,
  type Temporal,
  UcxlError,
} from "./mod.ts";
import vectors from "./testdata/addresses_v1.json" with { type: "json" };

const RUNS = { numRuns: Deno.env.get("SLOW") ? 20_000 : 1_000 };

Deno.test("B-02 parseAddress() accepts every accepted vector in its canonical form", () => {
  assert.ok(vectors.accept.length >= 100);

  for (const { text, canonical, is_pattern: isQuery } of vectors.accept) {
    const address = parseAddress(text);
    assert.equal(formatAddress(address), canonical, text);
    assert.deepEqual(parseAddress(canonical), address, text);
    assert.equal(isPattern(address), isQuery ?? false, text);
  }
});

Deno.test("parseAddress() points at the character of every rejected vector", () => {
  assert.ok(vectors.reject.length >= 100);

  for (const { text, ...fault } of vectors.reject) assert.deepEqual(addressFault(text), fault, JSON.stringify(text));
});

Deno.test("parseConcrete() takes a vector exactly when it names one thing, and points at the wildcard", () => {
  for (const { text, is_pattern: isQuery } of vectors.accept) {
    if (!isQuery) parseConcrete(text);
    else {
      assert.throws(() => parseConcrete(text), (error) => {
        assert.ok(error instanceof UcxlError);
        assert.equal(error.code, "wildcard_not_allowed");
        const at = Number(error.details["position"]);
        assert.match(text.slice(at, at + 3).toLowerCase(), /^(\*|any)/, text);
        return true;
      });
    }
  }
});

const name = fc.stringMatching(/^[a-z0-9_][a-z0-9_.-]{0,20}$/).filter((text) => text !== "any");
const step = fc.integer({ min: 1, max: MAX_TEMPORAL_STEP });
const temporal: fc.Arbitrary<Temporal> = fc.oneof(
  fc.constant<Temporal>({ type: "latest" }),
  step.map((n): Temporal => ({ type: "first", n })),
  step.map((n): Temporal => ({ type: "back", n })),
  step.map((n): Temporal => ({ type: "forward", n })),
  fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }).map((atMs): Temporal => ({ type: "at", atMs })),
);
const words = fc.string({ unit: "binary", minLength: 1, maxLength: 12 })
  // deno-lint-ignore no-control-regex -- what a path cannot hold
  .map((text) => text.toWellFormed().replaceAll(/[\x00-\x1f\x7f-\x9f/]/g, "_"))
  .filter((text) => text !== "." && text !== "..");
const tail = fc.option(fc.stringMatching(/^[a-zA-Z0-9._~!$&'()*+,;=:@/?-]{0,20}$/), { nil: undefined });
const anyAddress: fc.Arbitrary<Address> = fc.record({
  agent: name,
  role: name,
  project: name,
  task: name,
  temporal,
  path: fc.array(words, { maxLength: 5 }).map((segments) => segments.map(encodeSegment).join("/")),
  query: tail,
  fragment: tail,
}).map(({ query, fragment, ...rest }) => ({
  ...rest,
  ...(query === undefined ? {} : { query }),
  ...(fragment === undefined ? {} : { fragment }),
}));

Deno.test("parseAddress() after formatAddress() is the identity", () => {
  fc.assert(
    fc.property(anyAddress, (address) => {
      const text = formatAddress(address);
      assert.deepEqual(parseAddress(text), address);
      assert.equal(formatAddress(parseAddress(text)), text);
      assert.equal(addressKey(parseAddress(addressKey(address))), addressKey(address));
    }),
    RUNS,
  );
});

Deno.test("pathSegments() gives back what encodeSegment() was given", () => {
  fc.assert(
    fc.property(fc.array(words, { minLength: 1, maxLength: 4 }), (segments) => {
      const address = parseAddress(`ucxl://a:b@c:d/*^/${segments.map(encodeSegment).join("/")}`);
      assert.deepEqual(pathSegments(address), segments);
    }),
    RUNS,
  );
});

/** The text changed in up to three places, as typing and truncation do. */
const mutated = fc.tuple(
  anyAddress.map(formatAddress),
  fc.array(fc.tuple(fc.nat(200), fc.nat(2), fc.string({ unit: "binary", maxLength: 3 })), {
    minLength: 1,
    maxLength: 3,
  }),
).map(([text, edits]) =>
  edits.reduce((now, [at, removed, added]) => now.slice(0, at) + added + now.slice(at + removed), text)
);

Deno.test("parseAddress() either takes a text, which is stable from then on, or says where it fails", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), mutated), (text) => {
      const fault = addressFault(text);
      if (!fault) {
        const canonical = formatAddress(parseAddress(text));
        assert.equal(formatAddress(parseAddress(canonical)), canonical);
        return;
      }
      assert.ok(fault.position >= 0 && fault.position <= text.length);
      assert.ok(fault.found !== "" && fault.expected !== "");
    }),
    RUNS,
  );
});

Deno.test("parseAddress() refuses a huge text without looking at it", () => {
  const fault = addressFault("ucxl://a:b@c:d/" + "%".repeat(10_000_000));

  assert.equal(fault?.field, "address");
});

Deno.test("pointAt() puts the mark under the character, also far to the right", () => {
  const text = "ucxl://a:b@c:d/x//y";
  const fault = addressFault(text);
  const far = `ucxl://a:b@c:d/${"x/".repeat(200)}/`;
  const [shown = "", mark = ""] = pointAt(far, { ...addressFault(far) }) ?? [];

  assert.deepEqual(pointAt(text, { ...fault }), [text, `${" ".repeat(17)}^`]);
  assert.ok(shown.length <= 120);
  assert.equal(shown[mark.indexOf("^")], "/");
  assert.equal(pointAt(text, {}), undefined);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { checkLinearizable, type Operation } from "./linearizable.ts";

let ids = 0;

function read(invokedAtMs: number, returnedAtMs: number, value: string): Operation {
  return { id: ids++, invokedAtMs, returnedAtMs, effect: { type: "finds", state: value } };
}

function swap(invokedAtMs: number, returnedAtMs: number, from: string, to: string): Operation {
  return {
    id: ids++,
    invokedAtMs,
    returnedAtMs,
    effect: { type: "makes", next: (state) => state === from ? [to] : [] },
  };
}

function isLinearizable(...operations: Operation[]): boolean {
  return checkLinearizable("a", operations).type === "linearizable";
}

Deno.test("operations one after another must see each other", () => {
  assert.ok(isLinearizable(swap(0, 1, "a", "b"), read(2, 3, "b")));
  assert.ok(!isLinearizable(swap(0, 1, "a", "b"), read(2, 3, "a")));
});

Deno.test("operations at the same time may be in either order", () => {
  assert.ok(isLinearizable(swap(0, 10, "a", "b"), read(1, 9, "a"), read(2, 8, "b")));
  assert.ok(!isLinearizable(swap(0, 10, "a", "b"), read(1, 3, "b"), read(4, 8, "a")));
});

Deno.test("a read that began before a write returned may still have the old value", () => {
  assert.ok(isLinearizable(read(0, 10, "a"), swap(1, 2, "a", "b"), read(3, 4, "b")));
});

Deno.test("of two swaps of one value only one succeeds", () => {
  assert.ok(!isLinearizable(swap(0, 10, "a", "b"), swap(0, 10, "a", "c")));
});

Deno.test("an operation without an outcome may have happened at any time, or never, and not twice", () => {
  const lost = (): Operation => swap(0, Infinity, "a", "b");
  assert.ok(isLinearizable(lost(), read(5, 6, "a")));
  assert.ok(isLinearizable(lost(), read(5, 6, "a"), read(7, 8, "b")));
  assert.ok(!isLinearizable(lost(), read(5, 6, "b"), read(7, 8, "a")));
  assert.ok(!isLinearizable(lost(), read(5, 6, "b"), swap(7, 8, "b", "a"), read(9, 10, "b")));
});

Deno.test("what it says about small histories is what trying every order says", () => {
  const operation = fc.record({
    at: fc.integer({ min: 0, max: 8 }),
    lasts: fc.integer({ min: 1, max: 6 }),
    from: fc.constantFrom("a", "b", "c"),
    to: fc.constantFrom("a", "b", "c"),
    kind: fc.constantFrom("read", "swap", "lost"),
  }).map(({ at, lasts, from, to, kind }): Operation => {
    if (kind === "read") return read(at, at + lasts, from);
    return swap(at, kind === "lost" ? Infinity : at + lasts, from, to);
  });
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 5 }), (operations) => {
      assert.equal(checkLinearizable("a", operations).type === "linearizable", anyOrderFits("a", operations));
    }),
    { numRuns: 300 },
  );
});

/** The definition: some order that keeps real time, with any of the lost ones left out, fits. */
function anyOrderFits(state: string, left: readonly Operation[]): boolean {
  if (left.every(({ returnedAtMs }) => returnedAtMs === Infinity)) return true;
  return left.some((operation) => {
    const others = left.filter((other) => other !== operation);
    if (others.some(({ returnedAtMs }) => returnedAtMs < operation.invokedAtMs)) return false;
    const { effect } = operation;
    const states = effect.type === "makes" ? effect.next(state) : effect.state === state ? [state] : [];
    return states.some((next) => anyOrderFits(next, others));
  });
}

import assert from "node:assert/strict";
import { once } from "@bzzz/base";

Deno.test("once() makes a value at the first call and keeps it", () => {
  let made = 0;
  const get = once(() => ({ number: ++made }));

  assert.equal(made, 0);
  assert.equal(get(), get());
  assert.equal(made, 1);
});

Deno.test("once() keeps no failure", () => {
  let calls = 0;
  const get = once(() => {
    if (++calls === 1) throw new Error("not yet");
    return calls;
  });

  assert.throws(get, /not yet/);
  assert.equal(get(), 2);
});

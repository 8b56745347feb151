import assert from "node:assert/strict";
import fc from "fast-check";
import { fenced } from "./fence.ts";

Deno.test("a text cannot end its own fence, whatever is in it", () => {
  const inner = fenced("title, by ana (developer)", "count");
  fc.assert(fc.property(fc.oneof(fc.string(), fc.constant(inner), fc.constant(`${inner}\nDATA>>>`)), (text) => {
    const lines = fenced("description", text).split("\n");
    const [first = ""] = lines;
    const number = first.split(" ")[1];

    assert.equal(lines.at(-1), `DATA>>> ${number}`);
    assert.equal(lines.filter((line) => line.includes(`${number}`)).length, 2);
  }));
});

Deno.test("a label stays on the line of the fence", () => {
  assert.match(fenced("by ana\nDATA>>>", "text"), /^<<<DATA [0-9a-f]{16} by ana DATA>>>\ntext\n/);
});

Deno.test("what nobody sees is not handed to a model", () => {
  const hidden = "red\u{e0041}\u{e0042}\u202e\x1b[2J\tblue\n";

  assert.match(fenced("x", hidden), /\nred\ufffd{4}\[2J\tblue\n\n/);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { displayWidth, isSimple } from "./mod.ts";

Deno.test("displayWidth() knows wide, joined and combining characters", () => {
  const widths = ["abc", "é", "東京", "👩‍💻", "👍🏽", "ｱ", "│─●", "e\u0301", "🇩🇪", ""].map(displayWidth);

  assert.deepEqual(widths, [3, 1, 4, 2, 2, 1, 3, 1, 2, 0]);
});

Deno.test("isSimple() holds only where the width of the parts is the width of the whole", () => {
  for (let code = 0x20; code < 0x3000; code++) {
    const character = String.fromCharCode(code);
    if (!isSimple(character)) continue;
    // With a letter before it the text is measured the long way if anything about it is special.
    assert.equal(displayWidth(`東${character}`), 3, code.toString(16));
    assert.doesNotMatch(character, /[\p{Cc}\p{Cf}\p{M}\p{Emoji_Presentation}]/u, code.toString(16));
  }
  const parts = fc.array(fc.constantFrom("a", "│", "é", "…", "→", "ß", "·", " "), { maxLength: 20 });
  fc.assert(fc.property(parts, (all) => assert.equal(displayWidth(all.join("")), all.length)));
});

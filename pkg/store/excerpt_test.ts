import assert from "node:assert/strict";
import { excerptOf, foldedWords } from "./excerpt.ts";

Deno.test("excerptOf() shows twelve words around the first that fits, and marks all that fit", () => {
  const text = Array.from({ length: 30 }, (_, n) => `w${n}`).join(" ");

  assert.equal(excerptOf("a queue, a Queues!", ["queue"]), "a \u0002queue\u0003, a \u0002Queues\u0003!");
  assert.equal(
    excerptOf(text, ["w10"]),
    "…w6 w7 w8 w9 \u0002w10\u0003 w11 w12 w13 w14 w15 w16 w17…",
  );
  assert.equal(excerptOf("The QÜEUE", foldedWords("queue")), "The \u0002QÜEUE\u0003");
  assert.equal(excerptOf("queue of one", ["queue", "o"]), "\u0002queue\u0003 \u0002of\u0003 \u0002one\u0003");
  assert.equal(excerptOf("nothing of it", ["queue"]), "");
  assert.equal(excerptOf("", ["queue"]), "");
});

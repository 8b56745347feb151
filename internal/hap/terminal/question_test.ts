import assert from "node:assert/strict";
import { Question } from "./question.ts";

Deno.test("a secret is taken as it was typed, shown nowhere, and given up with Ctrl-C", async () => {
  const secret = new Question("Passphrase: ", { isSecret: true, nowMs: 0 });
  for (const text of ["wrong", "x"]) secret.press({ type: "text", text }, 1);
  secret.press({ type: "backspace" }, 1);
  const shown = secret.line.text;
  secret.press({ type: "kill_to_start" }, 1);
  for (const text of [" two  spaces\u200b ", "é"]) secret.press({ type: "paste", text }, 1);
  secret.press({ type: "up" }, 1);
  secret.press({ type: "enter" }, 1);
  const given = new Question("Passphrase: ", { isSecret: true, nowMs: 0 });
  given.press({ type: "text", text: "half" }, 1);
  given.press({ type: "interrupt" }, 1);

  assert.equal(await secret.answered, " two  spaces\u200b é");
  assert.deepEqual([shown, secret.line.text, secret.line.history], ["", "", []]);
  assert.equal(await given.answered, undefined);
});

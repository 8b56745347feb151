import assert from "node:assert/strict";
import fc from "fast-check";
import { edit, emptyLine } from "./line_editor.ts";
import { MemoryTerminal } from "../testing.ts";
import { PromptScreen } from "./prompt_screen.ts";

Deno.test("PromptScreen: whatever is typed and told meanwhile, every line is whole and the prompt is last", async () => {
  const step = fc.oneof(
    fc.constantFrom("a", "b c", "会", "é").map((text) => ({ type: "text" as const, text })),
    fc.constantFrom("backspace" as const, "left" as const, "home" as const, "end" as const).map((type) => ({ type })),
    fc.integer({ min: 0, max: 999 }).map((n) => ({ type: "told" as const, line: `[18:03] told ${n}` })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.boolean(), async (steps, canRedraw) => {
      const terminal = new MemoryTerminal("keys", { canRedraw });
      const screen = new PromptScreen(terminal);
      let line = emptyLine();
      const told: string[] = [];
      await screen.show("> ", line);
      for (const one of steps) {
        if (one.type === "told") {
          told.push(one.line);
          await screen.print(one.line);
        } else {
          line = edit(line, one).state;
          await screen.show("> ", line);
        }
      }

      const shown = terminal.screen().map((shown) => shown.trimEnd());
      assert.equal(shown.at(-1), `> ${line.text}`.trimEnd());
      assert.deepEqual(shown.filter((row) => row.startsWith("[")), told);
      if (canRedraw) assert.equal(shown.length, told.length + 1);
    }),
    { numRuns: 200 },
  );
});

Deno.test("PromptScreen shows the part of a long line around the cursor, within the width", async () => {
  const terminal = new MemoryTerminal("keys", { canRedraw: true });
  terminal.width = 20;
  const screen = new PromptScreen(terminal);
  const text = "0123456789abcdefghijklmnopqrstuvwxyz";

  await screen.show("> ", { text, cursor: text.length });
  const atEnd = terminal.screen().at(-1) ?? "";
  await screen.show("> ", { text, cursor: 0 });
  const atHome = terminal.screen().at(-1) ?? "";

  assert.ok(atEnd.length < 20 && atEnd.endsWith("xyz"), atEnd);
  assert.ok(atHome.length < 20 && atHome.startsWith("> 0123"), atHome);
});

import assert from "node:assert/strict";
import fc from "fast-check";
import type { EntryView, RequestView } from "@bzzz/api";
import { displayWidth, sanitiseLine } from "@bzzz/cli";
import type { DecisionDetailView, VersionView } from "@bzzz/ucxi";
import { BUILTIN_TEMPLATES } from "../../forms/builtin.ts";
import { parseTemplate } from "../../forms/template.ts";
import { Painter } from "../engine/painter.ts";
import { themeOf } from "../engine/theme.ts";
import { testSettings } from "../testing.ts";
import { view } from "../views/view.ts";
import { ASCII_GLYPHS } from "./glyphs.ts";
import { ROOT, rowsOf } from "./browser_rows.ts";
import type { Effect, ScreenEvent } from "./events.ts";
import { createModel, type Model } from "./model.ts";
import { lineWidth } from "./cells.ts";
import { textLines } from "./text_lines.ts";
import { update } from "./update.ts";

const KEYS = [
  "a",
  "d",
  "w",
  "y",
  "s",
  "t",
  "/",
  "?",
  "q",
  "f",
  "n",
  "N",
  "m",
  "Y",
  "!",
  "enter",
  "esc",
  "tab",
  "up",
  "down",
  "pgup",
  "pgdn",
  "home",
  "end",
  "backspace",
  "ctrl+p",
  "ctrl+z",
  "ctrl+o",
  "alt+r",
  "alt+p",
  "alt+t",
  "alt+w",
  "alt+m",
  "alt+a",
  "alt+b",
  "alt+d",
  "[",
  "]",
  "D",
  "c",
  ":",
  "r",
  "v",
  "alt+f",
  "alt+l",
  "alt+u",
  "alt+end",
  "alt+down",
  "f1",
  "ctrl+d",
  "ctrl+c",
  "shift+tab",
  "ctrl+f",
  "ctrl+r",
  "alt+enter",
  "left",
  "right",
];

/** Text that tries everything: sequences, directions, widths, length. */
const hostile = fc.array(
  fc.constantFrom(
    "\x1b[2J",
    "\x1b]52;c;eA==\x07",
    "\x9b31m",
    "\u202e",
    "\u200b",
    "\r\n",
    "\t",
    "東京",
    "👩‍💻",
    "é",
    "a word ",
    "x".repeat(50),
    "\ud800",
  ),
  { maxLength: 8 },
).map((parts) => parts.join(""));

function formWith(text: string): Record<string, unknown> {
  const common = { title: text, description: text };
  return {
    type: "object",
    properties: {
      a: { type: "string", ...common, default: text },
      b: { type: "string", ...common, maxLength: 2_000 },
      c: { type: "string", ...common, enum: [`x${text}`, "y"], default: `x${text}` },
      d: { type: "boolean", ...common },
      e: { type: "array", ...common, items: { type: "string", enum: [`x${text}`] } },
    },
  };
}

/** Those that come with the program. */
const TEMPLATES = Object.values(BUILTIN_TEMPLATES).flatMap((text) => {
  const parsed = parseTemplate(text, "built in");
  return parsed.ok ? [parsed.value] : [];
});

const author = hostile.map((name) => ({ peer_id: `p${name}`, agent_id: name, role: name }));
const request = fc.record({
  author,
  id: fc.nat(5),
  title: hostile,
  body: hostile,
  stakes: fc.constantFrom("low", "normal", "high"),
  state: fc.constantFrom("pending", "answered", "withdrawn"),
  kind: fc.constantFrom("approval", "question", "choice", "form"),
}).map(({ author: from, id, ...fields }) => ({
  request_id: `01M826SYACC7ZVYWANC7C9GA6${id}`,
  short_id: `GA6${id}`,
  digest: "d".repeat(60) + "e0f1",
  allow: fields.kind === "approval" ? ["approve", "deny"] : fields.kind === "choice" ? ["choose"] : ["answer"],
  from,
  to: {},
  is_addressed_to_me: true,
  opened_at_ms: 0,
  on_timeout: "hold",
  ...(fields.kind === "choice" ? { choices: [fields.title, "b"] } : {}),
  ...(fields.kind === "form" ? { form: formWith(fields.title) } : {}),
  ...fields,
} as RequestView));

const entry = fc.record({
  author,
  text: hostile,
  kind: fc.constantFrom("message_posted", "task_posted", "request_opened", "other"),
})
  .map(({ author: from, text, kind }): EntryView => ({
    cursor: 1,
    id: "0".repeat(64),
    kind,
    topic: "hmmm/meta-discussion/v1",
    author: from,
    seq: 1,
    hlc: { ms: 0, counter: 0 },
    body: { type: "message", text, title: text, request_id: text, task_id: text },
  }));

const version = fc.record({
  author,
  n: fc.integer({ min: 1, max: 9 }),
  text: hostile,
  isDeleted: fc.boolean(),
  path: fc.nat(3),
})
  .map(({ author: from, n, text, isDeleted, path }): VersionView => {
    const address = `ucxl://basil:developer@shop:pay/*^/${
      ["plan.md", "docs/%E6%9D%B1.md", "docs/%E2%80%AE.md", "a%C2%AD/%F0%9F%90%9D"][path]
    }`;
    return {
      address,
      n,
      total: 9,
      citation: address,
      is_deleted: isDeleted,
      size: text.length,
      media_type: text,
      audience: [text],
      author: from,
      written_at_ms: n,
      entry_id: "0".repeat(64),
      cursor: n,
    };
  });
const decision = fc.record({ version, text: hostile, state: fc.constantFrom("open", "approved", "undecided") })
  .map(({ version: of, text, state }) => ({
    version: of,
    state,
    bound_by: text,
    counts: { approve: 1, reject: 0, abstain: 0, defer: 0 },
    record: { type: text, title: text, summary: text, options: [text], outcome: text, citations: [{ address: text }] },
    votes: [{ author: of.author, vote: text, is_binding: true, at_ms: 0, reason: text }],
  } as DecisionDetailView));
const context: fc.Arbitrary<ScreenEvent> = fc.oneof(
  fc.record({ versions: fc.array(version, { maxLength: 5 }), note: hostile }).map((
    { versions, note },
  ): ScreenEvent => ({
    type: "context_listed",
    query: ROOT,
    answer: { rows: rowsOf(ROOT, versions), note: sanitiseLine(note) },
  })),
  hostile.map((problem): ScreenEvent => ({ type: "context_listed", query: ROOT, answer: { problem } })),
  fc.record({ version, text: hostile, problem: fc.option(hostile, { nil: undefined }) }).map((
    { version: of, text, problem },
  ) => ({
    type: "context_read",
    answer: {
      asked: of.address,
      version: of,
      lines: textLines(text),
      ...(problem === undefined ? {} : { problem }),
    },
  } as const)),
  fc.array(version, { maxLength: 5 }).map((items): ScreenEvent => ({
    type: "versions",
    address: items[0]?.address ?? "",
    items,
    total: 9,
  })),
  fc.array(decision, { maxLength: 4 }).map((items): ScreenEvent => ({ type: "decisions", items })),
  decision.map((one): ScreenEvent => ({ type: "decision", decision: one })),
  decision.map((one): ScreenEvent => ({
    type: "not_voted",
    address: one.version.address,
    problem: one.record?.title ?? "",
  })),
);

const event: fc.Arbitrary<ScreenEvent> = fc.oneof(
  {
    arbitrary: fc.constantFrom(...KEYS).map((name): ScreenEvent => ({
      type: "press",
      press: { type: "key", name, ...(name.length === 1 ? { text: name } : {}) },
    })),
    weight: 6,
  },
  { arbitrary: context, weight: 3 },
  hostile.map((text): ScreenEvent => ({ type: "press", press: { type: "paste", text } })),
  request.map((one): ScreenEvent => ({ type: "request", request: one })),
  fc.array(request, { maxLength: 3 }).map((requests): ScreenEvent => ({ type: "pending", requests })),
  fc.constantFrom(...TEMPLATES).map((template): ScreenEvent => ({ type: "form_opened", template })),
  hostile.map((problem): ScreenEvent => ({ type: "form_not_sent", template: "question", problem })),
  fc.array(entry, { maxLength: 5 }).map((entries): ScreenEvent => ({ type: "entries", entries, isOld: false })),
  fc.constant<ScreenEvent>({ type: "tick" }),
  hostile.map((reason): ScreenEvent => ({ type: "disconnected", reason })),
  hostile.map((text): ScreenEvent => ({ type: "output", text, isTalk: false })),
  hostile.map((label): ScreenEvent => ({ type: "question", label, guardMs: 700, isSecret: false })),
  fc.record({ columns: fc.integer({ min: 10, max: 160 }), rows: fc.integer({ min: 3, max: 50 }) })
    .map((size): ScreenEvent => ({ type: "resized", size })),
);

function start(settings: Parameters<typeof testSettings>[0] = {}): Model {
  return createModel({
    settings: testSettings(settings),
    verbs: [{ name: "status", summary: "s", argument: undefined }],

    nowMs: 0,
    monoMs: 0,
  });
}

Deno.test("whatever happens in whatever order, every screen is whole, fits, and carries nothing that acts on a terminal", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), fc.boolean(), (events, isAscii) => {
      let model = start(isAscii ? { glyphs: ASCII_GLYPHS } : {});
      const painter = new Painter(themeOf("dark", { hasColour: true }));
      let at = 0;
      for (const one of events) {
        at += 100;
        model = update(model, one, { nowMs: at, monoMs: at }).model;
        const { size } = model;
        const frame = view(model, size);
        assert.equal(frame.lines.length, size.rows);
        for (const row of frame.lines) {
          assert.ok(lineWidth(row) <= size.columns, row.map(({ text }) => text).join(""));
          for (const { text } of row) assert.doesNotMatch(text, /[\p{Cc}\p{Cs}\u202e\u200b]/u);
        }
        if (frame.cursor) assert.ok(frame.cursor.row < size.rows && frame.cursor.column <= size.columns);
        const written = painter.paint(frame, size);
        // deno-lint-ignore no-control-regex -- exactly the sequences the painter may write
        assert.doesNotMatch(written.replaceAll(/\x1b\[(\?\d+[hl]|[0-9;]*[mHJKG])/g, ""), /\p{Cc}/u);
      }
    }),
    { numRuns: Deno.env.has("SLOW") ? 2_000 : 150 },
  );
});

Deno.test("no sequence of keys without the confirmation approves anything, and none approves in the first 0.7 s", () => {
  const presses = fc.array(fc.constantFrom(...KEYS.filter((key) => !["y", "Y", "e"].includes(key))), { maxLength: 60 });
  const pending = {
    ...fc.sample(request, { numRuns: 1, seed: 1 })[0],
    state: "pending",
    kind: "approval",
    allow: ["approve", "deny"],
  } as RequestView;
  fc.assert(
    fc.property(presses, fc.constantFrom("high" as const, "normal" as const, "low" as const), (keys, stakes) => {
      let model = update(start(), { type: "request", request: { ...pending, stakes } }, { nowMs: 0, monoMs: 0 }).model;
      const effects: Effect[] = [];
      let at = 0;
      for (const name of ["alt+r", "a", ...keys]) {
        at += 400;
        const step = update(model, {
          type: "press",
          press: { type: "key", name, ...(name.length === 1 ? { text: name } : {}) },
        }, { nowMs: at, monoMs: at });
        model = step.model;
        effects.push(...step.effects);
      }
      assert.ok(!effects.some((effect) => effect.type === "decide" && effect.input.decision === "approve"));
    }),
  );

  let model =
    update(start(), { type: "request", request: { ...pending, stakes: "normal" } }, { nowMs: 0, monoMs: 0 }).model;
  const press = (name: string, at: number) => {
    const step = update(model, { type: "press", press: { type: "key", name, text: name } }, { nowMs: at, monoMs: at });
    model = step.model;
    return step.effects;
  };
  press("alt+r", 0);
  press("a", 1_000);
  assert.deepEqual(press("y", 1_699), []);
  assert.equal(press("y", 1_700)[0]?.type, "decide");
});

Deno.test("a frame costs what is seen, not what was said", () => {
  let model = start();
  const many: EntryView[] = Array.from({ length: 5_000 }, (_, i) => ({
    cursor: i,
    id: "0".repeat(64),
    kind: "message_posted",
    topic: "hmmm/meta-discussion/v1",
    author: { peer_id: "p", agent_id: "a" },
    seq: i,
    hlc: { ms: i, counter: 0 },
    body: { type: "message", text: `line ${i}` },
  }));
  model = update(model, { type: "entries", entries: many, isOld: false }, { nowMs: 0, monoMs: 0 }).model;
  const [channel] = model.channels;

  assert.ok((channel?.items.length ?? Infinity) < 2_064, "the ring is bounded");
  const texts = view(model, { columns: 80, rows: 24 }).lines.flat().map(({ text }) => text).join("");
  assert.ok(texts.includes("line 4999") && !texts.includes("line 4900"));
  assert.equal(displayWidth("line"), 4);
});

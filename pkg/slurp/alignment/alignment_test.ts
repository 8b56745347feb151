import assert from "node:assert/strict";
import fc from "fast-check";
import { alignmentOf } from "./alignment.ts";
import { type GoalsError, parseGoals } from "./goals.ts";

const GOALS = `version: 1
goals:
  - name: Nobody pays twice
    keywords: [payment, "pay once"]
    tags: [checkout]
    weight: 3
  - name: Fast pages
    keywords: [latency]
`;

Deno.test("alignmentOf() counts what is found, tags twice, and says where", () => {
  const goals = parseGoals(GOALS, "goals.yaml");

  const { score, goals: matches } = alignmentOf({
    summary: { value: "Payment, and we Pay-Once." },
    tags: { value: ["shop"] },
  }, goals);

  assert.deepEqual(matches, [
    {
      name: "Nobody pays twice",
      weight: 3,
      score: 0.5,
      found: [{ word: "payment", field: "summary" }, { word: "pay once", field: "summary" }],
      missing: ["checkout"],
    },
    { name: "Fast pages", weight: 1, score: 0, found: [], missing: ["latency"] },
  ]);
  assert.equal(score, 0.375);
});

Deno.test("alignmentOf() looks for whole words", () => {
  const goals = parseGoals("version: 1\ngoals: [{name: g, keywords: [pay]}]", "goals.yaml");

  assert.equal(alignmentOf({ summary: { value: "payment repay" } }, goals).score, 0);
  assert.equal(alignmentOf({ tags: { value: ["a", "pay"] } }, goals).score, 1);
});

Deno.test("a score lies between 0 and 1, and more words never lower it", () => {
  const words = fc.array(fc.constantFrom("pay", "fast", "safe", "one two"), { maxLength: 4 });
  const goal = fc.record({
    name: fc.constant("g"),
    keywords: words,
    tags: words,
    weight: fc.integer({ min: 1, max: 9 }),
  });
  fc.assert(fc.property(fc.array(goal, { minLength: 1, maxLength: 3 }), words, words, (goals, tags, more) => {
    const before = alignmentOf({ tags: { value: tags } }, goals).score;
    const after = alignmentOf({ tags: { value: [...tags, ...more] } }, goals).score;
    assert.ok(before >= 0 && after <= 1 && after >= before);
  }));
});

Deno.test("parseGoals() says where a file is wrong", () => {
  const cases: readonly [text: string, says: RegExp][] = [
    ["version: 1\ngoals:\n  - name: x\n    keyword: [a]\n", /"g.yaml" in line 3: "goals\.0": .*keyword/],
    ["version: 2\ngoals: [{name: x}]", /line 1: "version"/],
    ["version: 1\ngoals: []", /line 2: "goals"/],
    ["version: 1\ngoals: [", /line 2/],
    ["", /line 1/],
  ];
  for (const [text, says] of cases) {
    assert.throws(() => parseGoals(text, "g.yaml"), (error: GoalsError) => {
      assert.match(error.message, says, text);
      return error.code === "invalid_goals";
    });
  }
});

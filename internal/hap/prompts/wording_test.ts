import assert from "node:assert/strict";
import { ManualClock, settle, waitFor } from "@bzzz/base/testing";
import { formatIssues } from "@bzzz/config";
import { createNullLogger } from "@bzzz/logging";
import fc from "fast-check";
import { createLibraries } from "../libraries.ts";
import { languagesOf, wordRequest } from "./word_request.ts";
import { parseWording, type Wording } from "./wording.ts";
import { WORDING_LOOK_MS, WordingDesk } from "./wording_desk.ts";

const TEXT = `id: approve-push
version: 1
kind: approval
stakes: high
title: { en: "Push to {{ref}}?", de: "Nach {{ref}} übertragen?" }
explain: "{{count}} commits. Revert is {{revert}}."
checklist: ["tests green?", "linked task?"]
quick_replies:
  - { key: "1", deny: "Tests first, then ask again." }
  - { key: "2", deny: { en: "Split {{count}} commits." } }
params: { ref: text, count: integer, revert: { enum: [possible, hard, impossible] } }
`;

function wording(text = TEXT): Wording {
  const parsed = parseWording(text, "w.yaml");
  assert.ok(parsed.ok, parsed.ok ? "" : formatIssues(parsed.issues));
  return parsed.value;
}

function request(params: Record<string, string | number | boolean>, kind = "approval") {
  const list = Object.entries(params).map(([name, value]) => ({ name, value }));
  return { kind, wording: { id: "approve-push", params: list } };
}

Deno.test("a wording says it in the reader's language, and the asker's words stand in quotes", () => {
  const named = request({ ref: "main", count: 3, revert: "possible" });

  assert.deepEqual(wordRequest(wording(), named, []), {
    listed: {
      version: 1,
      title: 'Push to "main"?',
      explain: "3 commits. Revert is possible.",
      checklist: ["tests green?", "linked task?"],
      quick_replies: [
        { key: "1", decision: "deny", text: "Tests first, then ask again." },
        { key: "2", decision: "deny", text: "Split 3 commits." },
      ],
    },
  });
  assert.equal(wordRequest(wording(), named, ["de-AT", "de"]).listed?.title, 'Nach "main" übertragen?');
  assert.equal(wordRequest(wording(), named, ["fr"]).listed?.title, 'Push to "main"?');
});

Deno.test("what the asker says cannot get out of its quotes", () => {
  const values = fc.string({ maxLength: 400, unit: fc.constantFrom('"', "{", "}", "\n", "\r", "x", " ", "{{count}}") });
  fc.assert(fc.property(values, (ref) => {
    const { listed } = wordRequest(wording(), request({ ref, count: 1, revert: "hard" }), []);
    if (listed === undefined) return assert.match(ref, /[\r\n]|^ *$/, "only no text and several lines are refused");
    assert.match(listed.title, /^Push to "[^"\r\n]{1,201}"\?$/);
  }));
});

Deno.test("an ask that a wording does not fit has its own words, and the reason", () => {
  const fits = { ref: "main", count: 3, revert: "possible" };
  const cases: readonly (readonly [Parameters<typeof request>, RegExp])[] = [
    [[fits, "question"], /asks of kind approval, and this is one of kind question/],
    [[{ ...fits, count: "many" }], /count: expected a whole number/],
    [[{ ...fits, revert: "easy" }], /revert: expected one of possible/],
    [[{ ref: "main", count: 3 }], /revert: a value is needed/],
    [[{ ...fits, note: "trust me" }], /note: there is no such field/],
  ];
  for (const [args, expected] of cases) {
    const { listed, unlisted_because: why } = wordRequest(wording(), request(...args), []);
    assert.deepEqual([listed, expected.test(why ?? "")], [undefined, true], `${expected}: ${why}`);
  }
  assert.ok(
    wordRequest(wording(), request({ ...fits, count: "3" }), []).listed,
    "a number as a text of a command line",
  );
});

Deno.test("a mistake in a wording is told with its line; nothing is approved by a reply", () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['deny: "Tests first, then ask again."', 'approve: "ok"', /w\.yaml:9:\d+.*(approve|exactly one)/s],
    ['deny: "Tests first, then ask again."', 'deny: "a", answer: "b"', /w\.yaml:9:\d+.*exactly one of deny/s],
    ['key: "2"', 'key: "1"', /w\.yaml:10:\d+.*"1" again/s],
    ["Nach {{ref}}", "Nach {{reff}}", /w\.yaml:5:\d+.*\{\{reff\}\}/s],
    ["ref: text", "ref: secret", /w\.yaml:11:\d+.*params\.ref/s],
    ["stakes: high", "stakes: grave", /w\.yaml:4:\d+.*stakes/s],
    ["version: 1", "version: 1\ncolour: red", /w\.yaml:3:\d+.*colour/s],
  ];
  for (const [from, to, expected] of cases) {
    const parsed = parseWording(TEXT.replace(from, to), "w.yaml");
    assert.match(parsed.ok ? "" : formatIssues(parsed.issues), expected, to);
  }
});

Deno.test("the language comes from the locale", () => {
  assert.deepEqual(languagesOf({ LANG: "de_AT.UTF-8" }), ["de-AT", "de"]);
  assert.deepEqual(languagesOf({ LANG: "de_AT.UTF-8", LC_ALL: "fr" }), ["fr"]);
  for (const LANG of ["C.UTF-8", "POSIX", ""]) assert.deepEqual(languagesOf({ LANG }), [], LANG);
});

Deno.test("the desk follows the folder: a file that comes, one with a mistake, one that goes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-prompts-" });
  const clock = new ManualClock();
  const desk = new WordingDesk({
    clock,
    logger: createNullLogger(),
    library: createLibraries({ templates: folder, prompts: folder }).prompts,
    languages: [],
  });
  const named = request({ ref: "main", count: 3, revert: "possible" });
  const becomes = async (expected: RegExp) => {
    await clock.advance(WORDING_LOOK_MS);
    await waitFor(() => expected.test(desk.word(named).listed?.title ?? desk.word(named).unlisted_because ?? ""), {
      timeoutMs: 30_000,
      what: String(expected),
    });
  };
  try {
    await desk.start();
    assert.match(desk.word(named).unlisted_because ?? "", /none of this id/);
    assert.equal(desk.stakesOf(named), undefined);
    await Deno.writeTextFile(`${folder}/approve-push.yaml`, TEXT);
    await becomes(/^Push to/);
    assert.equal(desk.stakesOf(named), "high");
    assert.equal(
      desk.stakesOf({ ...named, kind: "question" }),
      undefined,
      "a wording that is not shown raises nothing",
    );
    await Deno.writeTextFile(`${folder}/approve-push.yaml`, TEXT.replace("{{ref}}", "{{reff}}"));
    await becomes(/has a mistake/);
    await Deno.remove(`${folder}/approve-push.yaml`);
    await becomes(/none of this id/);
  } finally {
    await desk.stop();
    await settle();
    await Deno.remove(folder, { recursive: true });
  }
});

import fc from "fast-check";
import assert from "node:assert/strict";
import { stringify } from "yaml";
import { CONFIG_PROFILES, ConfigError, type ConfigIssue, formatIssues, parseConfig } from "./mod.ts";
import { readYaml } from "./yaml_source.ts";

const RUNS = Deno.env.get("SLOW") === "1" ? 5000 : 150;

function issuesOf(text: string): readonly ConfigIssue[] {
  try {
    parseConfig({ profile: CONFIG_PROFILES.agent, text, file: "c.yaml", env: {}, flags: {} });
  } catch (error) {
    if (error instanceof ConfigError) return error.issues;
    throw error;
  }
  return [];
}

Deno.test("files that say nothing are legal", () => {
  for (
    const text of [
      "",
      "\n",
      "# only a comment\n",
      "---\n",
      "ports:\n",
      "ports:\n  # http_port: 1\nagent:\n",
      "\uFEFFversion: 1\n",
      "version: 1\r\nports:\r\n  http_port: 1\r\n",
    ]
  ) {
    assert.deepEqual(issuesOf(text), [], JSON.stringify(text));
  }
});

Deno.test("files that are not a map of settings are refused", () => {
  for (const text of ["hello", "- a\n- b\n", "5", '"x"', "true"]) {
    const issues = issuesOf(text);

    assert.equal(issues.length, 1, text);
    assert.equal(issues[0]?.keyPath, "", text);
    assert.equal(issues[0]?.line, 1, text);
    assert.doesNotMatch(issues[0]?.got ?? "", /hello/);
  }
});

Deno.test("what is not plain YAML is refused at its line", () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ["version: 1\nports:\n\thttp_port: 1\n", 3, /tab/],
    ["version: 1\n---\nversion: 1\n", 2, /second document/],
    ["version: 1\nlogging:\n  level: !!js/function info\n", 3, /tag/i],
    ["version: 1\nports: {http_port: 1\n", 3, /not YAML/],
    ["version: 1\nports:\n  ? [a]\n  : 1\n", 3, /a key that is/],
    ["version: 1\nports:\n  8080: 1\n", 3, /a key that is 8080/],
    ["version: 1\nlogging: *nowhere\n", 2, /no anchor/],
    ["version: 1\nports: &p\n  http_port: *p\n", 3, /own value/],
    ["version: 1\nversion: 1\n", 2, /second time/],
    ["ports:\n  http_port: 1\n  health_port: 2\n  http_port: 3\n", 4, /second time/],
    ["%YAML 1.1\n---\nversion: 1\n", 1, /YAML 1\.1/],
  ];
  for (const [text, line, got] of cases) {
    const [issue] = issuesOf(text);

    assert.equal(issue?.line, line, `${text}\n${formatIssues(issuesOf(text))}`);
    assert.match(issue?.got ?? "", got, text);
  }
});

Deno.test("a duplicate key names the line of the first", () => {
  const [issue] = issuesOf("ports:\n  http_port: 1\n  http_port: 2\n");

  assert.equal(issue?.keyPath, "ports.http_port");
  assert.match(issue?.expected ?? "", /line 2/);
});

Deno.test("an alias brings its value, and mistakes in it are reported where it is used", () => {
  const text = "agent:\n  capabilities: &list [one, two]\n  models: *list\nnetwork:\n  bootstrap: *list\n";

  const issues = issuesOf(text);

  assert.deepEqual(issues.map(({ keyPath, line }) => [keyPath, line]), [
    ["network.bootstrap[0]", 5],
    ["network.bootstrap[1]", 5],
  ]);
});

Deno.test("a billion laughs are one problem, at once", () => {
  const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let n = 1; n < 15; n++) {
    lines.push(`a${n}: &a${n} [${Array.from({ length: 10 }, () => `*a${n - 1}`).join(", ")}]`);
  }

  const issues = issuesOf(lines.join("\n"));

  assert.equal(issues.length, 1);
  assert.match(issues[0]?.got ?? "", /more than 50000 values/);
});

Deno.test("nesting without end is one problem", () => {
  for (const text of ["[".repeat(100_000), "{a: ".repeat(3000), `a: ${"[".repeat(40)}${"]".repeat(40)}`]) {
    const issues = issuesOf(text);

    assert.ok(issues.length >= 1 && issues.length <= 21);
    assert.match(formatIssues(issues), /nest|levels/);
  }
});

Deno.test("a file with thousands of wrong keys lists a hundred and counts the rest", () => {
  const issues = issuesOf(Array.from({ length: 3000 }, (_, n) => `key${n}: 1`).join("\n"));

  assert.equal(issues.length, 101);
  assert.match(issues[100]?.got ?? "", /2900 more/);
});

Deno.test("text from the file cannot steer the terminal", () => {
  const issues = issuesOf('logging:\n  level: "\\e[2Jinfo\\u202e"\n"\\e]0;x\\a": 1\n');

  const text = formatIssues(issues);

  assert.equal(issues.length, 2);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

Deno.test("any text gives a configuration or a ConfigError with printable issues", () => {
  const yamlish = fc.array(
    fc.constantFrom(
      "a",
      "ports",
      ":",
      " ",
      "\n",
      "  ",
      "- ",
      "[",
      "]",
      "{",
      "}",
      "&x",
      "*x",
      "!!str ",
      "!",
      "|",
      ">",
      "'",
      '"',
      "#",
      "%",
      "---",
      "...",
      "\t",
      "? ",
      ",",
      "null",
      "1",
      "\u0000",
      "é",
      "\uD800",
      "http_port: ",
      "<<: ",
    ),
    { maxLength: 40 },
  ).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 60 }), yamlish), (text) => {
      for (const issue of issuesOf(text)) {
        assert.ok(issue.got !== "" && issue.expected !== "");
        assert.ok(issue.line === undefined || issue.line >= 1);
      }
    }),
    { numRuns: RUNS },
  );
});

Deno.test("any tree of values gives a configuration or a ConfigError", () => {
  const name = fc.oneof(
    fc.constantFrom(
      "ports",
      "http_port",
      "agent",
      "id",
      "network",
      "bootstrap",
      "executor",
      "process",
      "commands",
      "argv",
      "name",
      "__proto__",
      "journal",
      "retention",
    ),
    fc.string({ maxLength: 5 }),
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 4 },
      fc.oneof(fc.integer(), fc.string({ maxLength: 8 }), fc.boolean(), fc.constant(null), fc.double()),
      fc.array(tie("tree"), { maxLength: 3 }),
      fc.dictionary(name, tie("tree"), { maxKeys: 4 }),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(name, tree, { maxKeys: 5 }), (value) => {
      issuesOf(stringify(value));
    }),
    { numRuns: RUNS },
  );
});

Deno.test("readYaml() knows the place of what is not there by what is around it", () => {
  const source = readYaml("version: 1\nagent:\n  id: abc\n", "c.yaml");

  assert.deepEqual(source.positionOf(["agent", "id"]), { line: 3, column: 7 });
  assert.deepEqual(source.keyPositionOf(["agent", "id"]), { line: 3, column: 3 });
  assert.deepEqual(source.positionOf(["agent", "models", 3]), { line: 2, column: 1 });
  assert.deepEqual(source.positionOf(["nothing"]), { line: 1, column: 1 });
});

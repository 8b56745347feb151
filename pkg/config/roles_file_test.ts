import assert from "node:assert/strict";
import fc from "fast-check";
import { ConfigError, formatIssues, parseRolesFile } from "@bzzz/config";

const GOOD = `version: 1
roles:
  ui_ux:
    level: suggestion
    can_decrypt: [observer]
    capabilities: [design]
    specialization: interfaces
    prompt_template: |
      You design interfaces.
  vault:
    level: decision
`;

function issuesOf(text: string): string {
  try {
    parseRolesFile(text, "roles.yaml");
  } catch (error) {
    if (error instanceof ConfigError) return formatIssues(error.issues);
    throw error;
  }
  return "none";
}

Deno.test("parseRolesFile() reads every field, and fills in what is left out", () => {
  assert.deepEqual(parseRolesFile(GOOD, "roles.yaml"), [
    {
      name: "ui_ux",
      level: "suggestion",
      canDecrypt: ["observer"],
      capabilities: ["design"],
      specialization: "interfaces",
      promptTemplate: "You design interfaces.\n",
    },
    { name: "vault", level: "decision", canDecrypt: [], capabilities: [] },
  ]);
  assert.deepEqual(parseRolesFile("version: 1\nroles: {}\n", "roles.yaml"), []);
});

Deno.test("parseRolesFile() names file, line, what was found and what is expected", () => {
  const cases: [replace: string, by: string, expected: RegExp][] = [
    [
      "level: suggestion",
      "level: sugestion",
      /^roles\.yaml:4:12: roles\.ui_ux\.level\n +found +"sugestion"\n +expected +one of read_only/,
    ],
    ["level: suggestion", "levl: suggestion", /roles\.yaml:4:5: roles\.ui_ux\.levl\n +found +an unknown key "levl"/],
    ["ui_ux:", "UI:", /roles\.yaml:3:3: roles\.UI\n +found +"UI"\n +expected +a role name/],
    ["ui_ux:", "admin:", /roles\.yaml:3:3: roles\.admin\n +found +"admin"\n +expected +a name that is not built in/],
    ["[observer]", "[pilot]", /roles\.yaml:5:18: roles\.ui_ux\.can_decrypt\n +found +"pilot", which is no role/],
    ["[observer]", "observer", /roles\.yaml:5:18: .*\n +found +"observer"\n +expected +a list of roles/],
    ["version: 1", "version: 2", /roles\.yaml:1:10: version\n +found +2\n +expected +1/],
    ["vault:", "ui_ux:", /roles\.yaml:10:3: roles\.ui_ux\n +found +the key a second time/],
    ["level: decision", "  - nothing", /roles\.yaml:11:/],
  ];

  for (const [replace, by, expected] of cases) {
    assert.match(issuesOf(GOOD.replace(replace, by)), expected, by);
  }
  for (
    const text of [
      "",
      "roles: []",
      "[]",
      "{",
      "version: 1\nroles:\n",
      "version: 1\nroles: {__proto__: {level: master}}",
    ]
  ) {
    assert.match(issuesOf(text), /expected/, text);
  }
});

Deno.test("parseRolesFile() never fails otherwise, whatever the text (property)", () => {
  fc.assert(fc.property(fc.string(), fc.nat({ max: GOOD.length }), (junk, place) => {
    issuesOf(junk);
    issuesOf(GOOD.slice(0, place) + junk + GOOD.slice(place));
  }));
});

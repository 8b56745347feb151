import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIssues } from "@bzzz/config";
import { REQUEST_STAKES } from "@bzzz/wire";
import { judge, parsePolicy, type PolicyFacts } from "./policy.ts";

const TEXT = `version: 1
rules:
  - id: pushes
    match: { kind: approval, action: "repo.push", target: "ucxl://*@bzzz:*/main/*" }
    do: ask
    stakes: high
  - id: reads
    match: { kind: approval, action: "file.read" }
    do: allow
    limit: { per_hour: 60 }
  - match: { from_role: "untrusted-*" }
    do: deny
    reason: role not admitted
`;

function facts(fields: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    kind: "approval",
    action: "file.read",
    target: "/etc/motd",
    from: "agent-7f3a",
    fromRole: "developer",
    stakes: "normal",
    ...fields,
  };
}

function policy(text = TEXT) {
  const parsed = parsePolicy(text, "policy.yaml");
  assert.ok(parsed.ok, parsed.ok ? "" : formatIssues(parsed.issues));
  return parsed.policy;
}

Deno.test("the first rule that matches counts; what no rule names is asked", () => {
  const verdict = (fields: Partial<PolicyFacts>) => judge(policy(), facts(fields));

  assert.deepEqual(
    verdict({}),
    { do: "allow", rule: "reads", reason: undefined, stakes: "normal", perHour: 60 },
  );
  assert.deepEqual(verdict({ action: "file.write" }).rule, undefined);
  assert.equal(verdict({ action: "file.write" }).do, "ask");
  assert.deepEqual(
    verdict({ action: "file.write", fromRole: "untrusted-x" }),
    { do: "deny", rule: "rule-3", reason: "role not admitted", stakes: "normal", perHour: undefined },
  );
  const push = { action: "repo.push", target: "ucxl://coder:any@bzzz:dht/main/pkg" };
  assert.deepEqual([verdict(push).do, verdict(push).stakes], ["ask", "high"]);
  assert.equal(verdict({ ...push, target: "ucxl://coder:any@other:dht/main/pkg" }).rule, undefined);
});

Deno.test("high stakes are a person's, whatever a rule allows; a denial stays one", () => {
  assert.equal(judge(policy(), facts({ stakes: "high" })).do, "ask");
  assert.equal(judge(policy(), facts({ stakes: "high", action: "x", fromRole: "untrusted-1" })).do, "deny");
});

Deno.test("a mistake is told with its line", () => {
  const wrong: [string, number, RegExp][] = [
    ["version: 2\n", 1, /version/],
    ["version: 1\nrules:\n  - match: {}\n    do: perhaps\n", 4, /do/],
    ["version: 1\nrules:\n  - match: {}\n    doo: ask\n", 4, /doo/],
    ["version: 1\nrules:\n  - match: { kind: approval }\n    do: allow\n", 3, /an action/],
    ['version: 1\nrules:\n  - match: { kind: approval, action: "*" }\n    do: allow\n', 3, /an action/],
    ["version: 1\nrules:\n  - match: {}\n    do: deny\n", 3, /reason/],
    ["version: 1\nrules:\n  - { id: a, match: {} }\n  - { id: a, match: {} }\n", 4, /rule 1/],
    ["version: 1\nrules:\n  - match: {}\n    stakes: none\n", 4, /stakes/],
    ["version: [\n", 2, /./],
  ];
  for (const [text, line, pattern] of wrong) {
    const parsed = parsePolicy(text, "policy.yaml");
    assert.ok(!parsed.ok, text);
    const [issue] = parsed.issues;
    assert.equal(issue?.line, line, `${text}\n${formatIssues(parsed.issues)}`);
    assert.match(formatIssues(parsed.issues), pattern);
  }
});

Deno.test("property: no policy lowers stakes, and none allows what it does not name", () => {
  const patterns = fc.constantFrom("*", "file.*", "file.read", "*.read", "repo.push");
  const rule = fc.record({
    match: fc.record({ kind: fc.constant("approval"), action: patterns }),
    do: fc.constantFrom("ask", "allow", "deny"),
    stakes: fc.constantFrom(...REQUEST_STAKES),
    reason: fc.constant("because"),
  });
  fc.assert(fc.property(
    fc.array(rule, { maxLength: 5 }),
    fc.constantFrom("file.read", "file.write", "repo.push"),
    fc.constantFrom(...REQUEST_STAKES),
    (rules, action, stakes) => {
      const parsed = parsePolicy(JSON.stringify({ version: 1, rules }), "policy.yaml");
      if (!parsed.ok) return;
      const verdict = judge(parsed.policy, facts({ action, stakes }));
      assert.ok(REQUEST_STAKES.indexOf(verdict.stakes) >= REQUEST_STAKES.indexOf(stakes));
      if (verdict.do === "allow") assert.ok(rules.some((one) => one.do === "allow" && verdict.stakes !== "high"));
      if (verdict.rule === undefined) assert.equal(verdict.do, "ask");
    },
  ));
});

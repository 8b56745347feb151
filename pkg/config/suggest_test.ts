import fc from "fast-check";
import assert from "node:assert/strict";
import { CONFIG_PROFILES, ConfigError, formatIssues, parseConfig } from "./mod.ts";
import { editDistance, nearest } from "./suggest.ts";

Deno.test("editDistance() counts insertions, deletions, substitutions and swaps", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["", "", 0],
    ["", "abc", 3],
    ["htpp_port", "http_port", 1],
    ["levle", "level", 1],
    ["port", "ports", 1],
    ["kitten", "sitting", 3],
    ["ca", "abc", 3],
  ];
  for (const [a, b, distance] of cases) assert.equal(editDistance(a, b), distance, `${a} ${b}`);
});

Deno.test("editDistance() is symmetric, bounded by the longer word, 0 only for equals", () => {
  fc.assert(fc.property(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 }), (a, b) => {
    const distance = editDistance(a, b);
    assert.equal(distance, editDistance(b, a));
    assert.ok(distance <= Math.max(a.length, b.length));
    assert.equal(distance === 0, a === b);
  }));
});

Deno.test("nearest() finds slips and nothing else", () => {
  const words = ["http_port", "health_port", "ucxi_port"];

  assert.equal(nearest("htpp_port", words), "http_port");
  assert.equal(nearest("HTTP_PORT", words), "http_port");
  assert.equal(nearest("colour", words), undefined);
  assert.equal(nearest("", words), undefined);
});

function suggestionFor(text: string, secret: string = "hunter2"): string | undefined {
  try {
    parseConfig({ profile: CONFIG_PROFILES.agent, text, env: {}, flags: {} });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.ok(!formatIssues(error.issues).includes(secret), "the value of an unknown key is never shown");
    assert.ok(!error.message.includes(secret));
    return error.issues[0]?.suggestion;
  }
  return undefined;
}

Deno.test("unknown keys lead to the right one", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["prots: {}", /did you mean ports\?/],
    ["ports: {htpp_port: 1}", /did you mean ports\.http_port\?/],
    ["ports: {http-port: 1}", /did you mean ports\.http_port\?/],
    ["capabilities: [a]", /did you mean agent\.capabilities\?/],
    ["p2p_port: 1", /did you mean network\.p2p_port\?/],
    ["network: {http_port: 1}", /did you mean ports\.http_port\?/],
    ["p2p: {}", /write network/],
    ["agent: {role: admin}", /comes from its grant/],
    ["api_token: hunter2", /secrets have no place/],
    ["api: {password: hunter2}", /secrets have no place/],
    ["agent: {private_key: hunter2}", /secrets have no place/],
    ["__proto__: {a: 1}", /^$/],
    ["constructor: 1", /^$/],
    ["zzzzzzzz: hunter2", /^$/],
  ];
  for (const [text, expected] of cases) assert.match(suggestionFor(text) ?? "", expected, text);
});

Deno.test("unknown keys named as members of every object are found", () => {
  for (const name of ["__proto__", "constructor", "hasOwnProperty", "toString"]) {
    assert.throws(
      () => parseConfig({ profile: CONFIG_PROFILES.agent, text: `ports:\n  ${name}: 1\n`, env: {}, flags: {} }),
      (error: unknown) => error instanceof ConfigError && error.issues[0]?.keyPath === `ports.${name}`,
      name,
    );
  }
});

Deno.test("values lead to the right one", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["logging: {level: debgu}", "did you mean debug?"],
    ["logging: {level: warning}", "write warn"],
    ["network: {mdns: yes}", "write true"],
    ["network: {mdns: off}", "write false"],
    ['ports: {http_port: "8080"}', "write 8080 without quotes"],
    ["agent: {capabilities: general}", 'write ["general"]'],
    ["agent: {id: 12}", 'write "12" in quotes'],
  ];
  for (const [text, expected] of cases) assert.equal(suggestionFor(text), expected, text);
});

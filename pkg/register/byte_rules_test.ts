import assert from "node:assert/strict";
import { type PeerId, utf8Decode, utf8Encode } from "@bzzz/base";
import { registerKey, toByteRules } from "./mod.ts";

const KEY = registerKey("cell", "1");
const ACTOR = "a" as PeerId;

Deno.test("the value that a command makes can be told from that of another command with the same body", () => {
  const text = { encode: utf8Encode, decode: utf8Decode };
  const rules = toByteRules<string, string>({
    prefix: "cell",
    value: text,
    command: text,
    decide: (_key, _previous, command, actor, leaseId) => ({ next: `${command} by ${actor}, lease ${leaseId}` }),
    check: () => ({ ok: true }),
    leaseId: (value) => value,
  });
  const made = (nonce: number): string => {
    const command = { key: KEY, actor: ACTOR, body: utf8Encode("claim"), nonce: new Uint8Array(16).fill(nonce) };
    const decision = rules.decide(KEY, undefined, command);
    return "next" in decision ? utf8Decode(decision.next) : assert.fail(JSON.stringify(decision));
  };

  assert.equal(made(1), `claim by a, lease ${"01".repeat(8)}`);
  assert.equal(made(255), `claim by a, lease ${"ff".repeat(8)}`);
});

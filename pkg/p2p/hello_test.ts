import { strict as assert } from "node:assert";
import { parsePeerId } from "@bzzz/base";
import fc from "fast-check";
import { parseAddress, peerOfAddress, tryParseAddress } from "./address.ts";
import { MAX_HELLO_BYTES } from "./constants.ts";
import { P2pError } from "./errors.ts";
import { decodeHello, decodeVerdict, encodeHello, encodeVerdict, type Hello, incompatibility } from "./hello.ts";

const PEER = parsePeerId("12D3KooWRCVPQZpPu2C76SNj89wTEgWqGXHbdJHKbnPXsJSabduP");

function createHello(changes: Partial<Hello> = {}): Hello {
  return {
    mesh: "00112233445566778899aabbccddeeff",
    software: "bzzz/0.1.0",
    protocolMin: 1,
    protocolMax: 1,
    instance: new Uint8Array(16).fill(3),
    addresses: ["/ip4/10.0.0.1/tcp/9000"],
    credentials: { grant: Uint8Array.of(1), grants: [Uint8Array.of(2)], revocations: [Uint8Array.of(3)] },
    peers: PEER ? [{ peer: PEER, addresses: ["/ip4/10.0.0.2/tcp/9000"] }] : [],
    ...changes,
  };
}

Deno.test("decodeHello() undoes encodeHello()", () => {
  const hello = createHello();

  assert.deepEqual(decodeHello(encodeHello(hello)), hello);
});

Deno.test("decodeHello() and decodeVerdict() take junk apart without crashing", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (junk) => {
    for (const decode of [decodeHello, decodeVerdict]) {
      assert.throws(() => decode(junk), (e) => e instanceof P2pError && e.code === "p2p_protocol_violation");
    }
  }));
});

Deno.test("a hello of a mesh that is too large stays within its limit and keeps the revocations", () => {
  const grants = Array.from({ length: 4000 }, () => new Uint8Array(300));
  const revocations = Array.from({ length: 100 }, () => new Uint8Array(300));

  const bytes = encodeHello(createHello({ credentials: { grant: undefined, grants, revocations } }));

  assert.ok(bytes.byteLength < MAX_HELLO_BYTES);
  assert.equal(decodeHello(bytes).credentials.revocations.length, 100);
});

Deno.test("incompatibility() names another mesh and a protocol without overlap", () => {
  const ours = createHello({ protocolMin: 2, protocolMax: 3 });

  assert.equal(incompatibility(ours, createHello({ protocolMin: 3, protocolMax: 4 })), undefined);
  assert.equal(incompatibility(ours, createHello({ protocolMin: 4, protocolMax: 9 })), "protocol_version");
  assert.equal(incompatibility(ours, createHello({ mesh: "ff".repeat(16), protocolMax: 3 })), "wrong_mesh");
});

Deno.test("verdicts survive the wire and a reason is cut to 64 characters", () => {
  assert.deepEqual(decodeVerdict(encodeVerdict({ ok: true })), { ok: true });
  const refused = decodeVerdict(encodeVerdict({ ok: false, reason: "x".repeat(200) }));
  assert.deepEqual(refused, { ok: false, reason: "x".repeat(64) });
});

Deno.test("parseAddress() reads multiaddrs and host:port", () => {
  const cases = [
    ["10.0.0.5:9000", "/ip4/10.0.0.5/tcp/9000"],
    ["[::1]:9000", "/ip6/::1/tcp/9000"],
    ["hive-0.hive.svc:9000", "/dns/hive-0.hive.svc/tcp/9000"],
    ["/dns4/hive-0/tcp/9000", "/dns4/hive-0/tcp/9000"],
    [`/ip4/10.0.0.5/tcp/9000/p2p/${PEER}`, `/ip4/10.0.0.5/tcp/9000/p2p/${PEER}`],
  ] as const;
  for (const [text, expected] of cases) assert.equal(parseAddress(text).toString(), expected, text);
  assert.equal(peerOfAddress(parseAddress(cases[4][0])), PEER);
});

Deno.test("parseAddress() refuses what is no TCP address", () => {
  const cases = ["", "host", "host:", ":9000", "host:99999", "300.1.1.1:1", "/ip4/1.2.3.4/udp/1", "/tcp/1", "a b:1"];
  for (const text of cases) {
    assert.throws(() => parseAddress(text), (e) => e instanceof P2pError && e.code === "p2p_bad_address", text);
    assert.equal(tryParseAddress(text), undefined, text);
  }
});

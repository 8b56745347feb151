// Flaws of the original program (A-nn) and of its later public documents (B-nn): one essential assertion each. The packages' own
// tests go into the breadth.
import assert from "node:assert/strict";
import { createNodeKeys, loadNodeKeys } from "@bzzz/agentid";
import { createApi, type MeshFacade } from "@bzzz/api";
import { createSystemRandom, hexEncode, type MeshId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { CONFIG_PROFILES, ConfigError, loadConfig } from "@bzzz/config";
import { sha256 } from "@bzzz/crypto";
import { foldThread, messageEntryOf } from "@bzzz/hmmm";
import { createTestJournal } from "@bzzz/journal/testing";
import { createNullLogger } from "@bzzz/logging";
import { type BodyOf, decodeFrame, TOPICS, verifyEnvelope } from "@bzzz/wire";
import { TestAuthor } from "@bzzz/wire/testing";

const random = createSystemRandom();
const FORWARDER = new TestAuthor(99).peer;

async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await work(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("A-01 the identity is the same at every start", async () => {
  await withFolder(async (home) => {
    const made = await createNodeKeys({ home, binaryType: "agent" }, { random });

    const loaded = [
      await loadNodeKeys({ home, binaryType: "agent" }),
      await loadNodeKeys({ home, binaryType: "agent" }),
    ];

    assert.deepEqual(loaded.map((keys) => keys.peerId), [made.peerId, made.peerId]);
  });
});

Deno.test("A-02 A-06 the configuration file is read, and an unknown key in it is an error with its place", async () => {
  await withFolder(async (home) => {
    const path = `${home}/config.yaml`;
    const load = () => loadConfig({ profile: CONFIG_PROFILES.agent, path, env: {}, flags: {} });
    await Deno.writeTextFile(path, "version: 1\nbinary_type: agent\nports:\n  http_port: 12345\n");
    const loaded = await load();
    await Deno.writeTextFile(path, "version: 1\nbinary_type: agent\nports:\n  htpp_port: 12345\n");

    const refused = await load().catch((error: unknown) => error);

    assert.equal(loaded.config.ports.httpPort, 12345);
    assert.ok(refused instanceof ConfigError);
    assert.deepEqual(refused.issues.map((issue) => [issue.keyPath, issue.line]), [["ports.htpp_port", 4]]);
  });
});

Deno.test("A-07 an entry belongs to who signed it, not to the neighbour who passed it on", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);

  test.journal.ingest(author.message("hello").frame, { peer: FORWARDER, path: "live" });
  await Promise.resolve();

  const [entry] = test.journal.entriesAfter(0, { limit: 1 });
  assert.equal(entry?.envelope.header.author, author.peer);
  assert.notEqual(entry?.envelope.header.author, FORWARDER);
});

Deno.test("A-08 what does not fit the schema is rejected, what is known is ignored", async () => {
  await using test = createTestJournal();
  const author = new TestAuthor(2);
  const from = { peer: FORWARDER, path: "live" } as const;
  const { frame } = author.message("once");

  const first = test.journal.ingest(frame, from);
  await Promise.resolve();
  const again = test.journal.ingest(frame, from);
  const torn = test.journal.ingest(frame.subarray(0, frame.length - 1), from);

  assert.deepEqual([first.verdict, again.verdict, torn.verdict], ["accept", "ignore", "reject"]);
});

Deno.test("A-10 an entry of another mesh is rejected", async () => {
  await using test = createTestJournal();
  const mesh = hexEncode(sha256(new Uint8Array(7)).subarray(0, 16)) as MeshId; // 32 hexadecimal digits
  const stranger = new TestAuthor(2, { mesh });

  const { verdict } = test.journal.ingest(stranger.message("hello").frame, { peer: FORWARDER, path: "live" });

  assert.equal(verdict, "reject");
});

Deno.test("A-31 an agreement is a type of message, never a word in its text", async () => {
  await using test = createTestJournal();
  const say = async (body: BodyOf<"message_posted">) => {
    const entry = messageEntryOf(
      await test.journal.append({ kind: "message_posted", topic: TOPICS.hmmm, thread: "plan", body }),
    );
    assert.ok(entry);
    return entry;
  };
  const objection = await say({ type: "objection", severity: "blocking", text: "this loses data" });
  const words = await say({ type: "message", text: "I disagree, though others agree" });
  const agreement = await say({ type: "agreement", text: "fine now" });

  assert.deepEqual(foldThread("plan", [objection, words])?.blockingObjections, [objection.id]);
  assert.deepEqual(foldThread("plan", [objection, words, agreement])?.blockingObjections, []);
});

Deno.test("A-34 an altered entry is noticed, and a chain cannot be computed anew without the key", () => {
  const author = new TestAuthor(2);
  const { frame } = author.message("as it was");
  const forged = frame.slice();
  const last = forged.length - 1;
  forged[last] = (forged[last] ?? 0) ^ 1;
  const decoded = decodeFrame(forged);

  assert.ok(!decoded.ok || !verifyEnvelope(decoded.envelope));
});

Deno.test("B-01 no token, no answer; no CORS", async () => {
  const options = { tokens: [{ token: "t".repeat(43), scope: "write" as const }], version: "0" };
  // nothing may get as far as the mesh: there is none
  const api = createApi(
    { mesh: {} as MeshFacade, clock: new ManualClock(), random, logger: createNullLogger() },
    options,
  );

  const response = await api.fetch(
    new Request("http://127.0.0.1:8080/api/v1/tasks", { headers: { origin: "http://127.0.0.1:8080" } }),
  );

  assert.equal(response.status, 401);
  assert.equal(response.headers.get("access-control-allow-origin"), null);
  api.close();
});

Deno.test("B-07 the default ports of both programs are all different", async () => {
  const none = { path: undefined, env: {}, flags: {} };
  const agent = await loadConfig({ profile: CONFIG_PROFILES.agent, ...none });
  const hap = await loadConfig({ profile: CONFIG_PROFILES.hap, ...none });
  const configs = [agent.config, hap.config];

  const ports = configs.flatMap(({ ports, network }) => [...Object.values(ports), network.p2pPort]);

  assert.equal(new Set(ports).size, ports.length, ports.join(", "));
});

// Whatever the API takes, the journal takes, or the caller is told what is wrong: never an internal error.
import assert from "node:assert/strict";
import { createApi } from "@bzzz/api";
import { createNullLogger } from "@bzzz/logging";
import { TOPICS } from "@bzzz/wire";
import fc from "fast-check";
import { OfflineMesh, type OfflineNode, person } from "./testing.ts";

const RUNS = Deno.env.get("SLOW") === "1" ? 2_000 : 120;
const TOKEN = "a-token-that-is-long-enough-for-it";

type Call = (path: string, body: unknown) => Promise<{ status: number; body: Record<string, unknown>; text: string }>;

function apiOf(mesh: OfflineMesh, node: OfflineNode): Call {
  const api = createApi({ mesh: node.facade, clock: mesh.clock, random: mesh.random, logger: createNullLogger() }, {
    tokens: [{ token: TOKEN, scope: "write" }],
    version: "1.2.3",
  });
  return async (path, body) => {
    const request = new Request(`http://127.0.0.1/api/v1${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const response = await api.fetch(request);
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) as Record<string, unknown> };
  };
}

/** Any text JSON can carry: lone surrogates, NUL and controls too, and lengths around the limits. */
function anyText(...limits: number[]): fc.Arbitrary<string> {
  const short = fc.oneof(
    fc.string({ unit: "binary", maxLength: 40 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }).map((codes) => String.fromCharCode(...codes)),
  );
  const long = fc.tuple(
    fc.constantFrom("a", "\u00e9", "\u20ac", "\u{1f600}"),
    fc.constantFrom(...[1, ...limits].flatMap((limit) => [limit - 1, limit, limit + 1])),
  ).map(([unit, length]) => unit.repeat(Math.ceil(length / unit.length)).slice(0, length));
  return limits.length === 0 ? short : fc.oneof(short, long);
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const names = (max: number) => fc.array(anyText(64, 128), { maxLength: max });

async function assertAnswered(call: Call, path: string, body: unknown): Promise<number> {
  const { status, text } = await call(path, body);
  assert.ok(status < 500, `${status} for ${path} ${JSON.stringify(body).slice(0, 300)}: ${text}`);
  return status;
}

Deno.test("any task the API takes is appended, or refused with what is wrong (property)", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const call = apiOf(mesh, node);
  const task = fc.record({
    client_id: optional(anyText(128)),
    title: anyText(120),
    description: optional(anyText(65_536)),
    priority: optional(fc.integer({ min: -1, max: 10 })),
    required_role: optional(anyText(64, 128)),
    required_capabilities: optional(names(33)),
    deadline_ms: optional(fc.oneof(fc.maxSafeInteger(), fc.constant(Number.MAX_VALUE))),
    input: optional(anyText(65_536)),
  });

  await fc.assert(
    fc.asyncProperty(task, async (body) => {
      if (await assertAnswered(call, "/tasks", body) >= 300 || body.client_id === undefined) return;
      const again = await call("/tasks", body);
      assert.equal(again.status, 200, `the same client id and content: ${again.text}`);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("any message the API takes is appended, or refused with what is wrong (property)", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start(person("alice"));
  const call = apiOf(mesh, node);
  const message = fc.record({
    text: anyText(65_536),
    type: optional(fc.constantFrom("message", "plan", "summary", "nothing")),
    topic: optional(fc.oneof(fc.constantFrom(...Object.keys(TOPICS), ...Object.values(TOPICS)), anyText())),
    to: optional(fc.array(fc.oneof(fc.constantFrom("admin", "alice"), anyText(128)), { maxLength: 65 })),
    thread: optional(anyText(128)),
    parent: optional(fc.oneof(anyText(), fc.constant("0".repeat(64)))),
    task_id: optional(fc.oneof(anyText(), fc.constant("01arz3ndektsv4rrffq69g5fav"))),
    refs: optional(fc.array(anyText(1_024), { maxLength: 65 })),
    severity: optional(fc.constantFrom("blocking", "advisory")),
  });

  await fc.assert(
    fc.asyncProperty(message, async (body) => {
      await assertAnswered(call, "/messages", body);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("any answer, cancellation, invite and revocation the API takes is appended, or refused (property)", async () => {
  await using mesh = new OfflineMesh();
  const agent = await mesh.start({ agentId: "worker" });
  const node = await mesh.start(person("alice"));
  const call = apiOf(mesh, node);
  const requestId = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
  const opened = await agent.journal.append({
    kind: "request_opened",
    topic: TOPICS.hmmm,
    body: {
      requestId: requestId as never,
      kind: "choice",
      to: {},
      title: "Which",
      body: "",
      allow: ["answer", "approve", "deny", "choose"],
      choices: ["a", "b"],
      stakes: "low",
      onTimeout: "hold",
    },
  });
  await mesh.share();
  const request = await node.facade.request(requestId);
  assert.ok(request, opened.envelope.id);
  const reason = optional(anyText(256, 1_024));

  await fc.assert(
    fc.asyncProperty(
      fc.record({
        request_digest: fc.oneof(fc.constant(request.digest), fc.constant("0".repeat(64)), anyText()),
        decision: fc.constantFrom("answer", "approve", "deny", "choose", "maybe"),
        text: optional(anyText(65_536)),
        choice: optional(fc.oneof(fc.constant("a"), anyText(200))),
        reason,
      }),
      async (body) => void await assertAnswered(call, `/requests/${requestId}/answer`, body),
    ),
    { numRuns: RUNS / 4 },
  );
  await fc.assert(
    fc.asyncProperty(fc.record({ reason }), async (body) => {
      const { task } = await node.facade.postTask({
        title: "t",
        description: "",
        priority: 5,
        required_capabilities: [],
        dependencies: [],
      });
      await assertAnswered(call, `/tasks/${task.task_id}/cancel`, body);
      await assertAnswered(call, `/tasks/${task.task_id}/retry`, body);
    }),
    { numRuns: RUNS / 4 },
  );
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        role: fc.oneof(fc.constantFrom("developer", "admin"), anyText(64, 128)),
        binary_type: optional(fc.constantFrom("agent", "hap", "other")),
        agent_id: optional(fc.oneof(fc.constantFrom("worker", "newcomer"), anyText(63, 128))),
        ttl_ms: optional(fc.oneof(fc.maxSafeInteger(), fc.constant(60_000))),
      }),
      async (body) => void await assertAnswered(call, "/invites", body),
    ),
    { numRuns: RUNS / 4 },
  );
  await fc.assert(
    fc.asyncProperty(fc.record({ reason }), async (body) => {
      const { peerId } = mesh.mesh.issue();
      for (const bytes of mesh.mesh.membership().grants()) node.local.membership.addGrant(bytes);
      const status = await assertAnswered(call, `/members/${peerId}/revoke`, body);
      assert.ok(status !== 404, "the member is there");
    }),
    { numRuns: 10 },
  );
});

Deno.test("what journal and disk refuse has a status of its own", async () => {
  await using mesh = new OfflineMesh();
  const small = await mesh.start({ ...person("alice"), maxFrameBytes: 2_048 });
  const full = await mesh.start({ ...person("bob"), maxStoreBytes: 256 * 1024 });
  const stopped = await mesh.start(person("carol"));
  const revoked = await mesh.start(person("dave"));
  await stopped.journal.stop();
  revoked.local.membership.addRevocation(mesh.mesh.revoke(revoked.member).bytes);
  const post = async (node: OfflineNode, characters: number) => {
    const { status, body } = await apiOf(mesh, node)("/messages", { text: "x".repeat(characters) });
    return `${status} ${(body["error"] as { code: string } | undefined)?.code ?? ""}`;
  };

  let last = "";
  for (let i = 0; i < 10 && !last.startsWith("507"); i++) last = await post(full, 65_000);

  assert.equal(last, "507 UCXL-507-STORE_FULL");
  assert.equal(await post(small, 4_000), "413 UCXL-413-JOURNAL_ENTRY_TOO_LARGE");
  assert.equal(await post(stopped, 1), "503 UCXL-503-JOURNAL_STOPPED");
  assert.match(await post(revoked, 1), /^403 /);
});

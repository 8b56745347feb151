import { strict as assert } from "node:assert";
import {
  AUTHORITY_LEVELS,
  type AuthorityLevel,
  BINARY_TYPES,
  type BinaryType,
  BUILTIN_ROLES,
  levelAtLeast,
  mayAuthor,
  parseRole,
  roleMay,
  SharedAgentIdentity,
  verifyMessage,
} from "@bzzz/agentid";
import { createTestMesh } from "@bzzz/agentid/testing";
import { utf8Encode } from "@bzzz/base";
import { bodySchema, ENTRY_BODIES, SIGNAL_BODIES } from "@bzzz/wire";

const KINDS = [...Object.keys(ENTRY_BODIES), ...Object.keys(SIGNAL_BODIES)];
const EVERYONE = [
  "person_record",
  "agent_record",
  "presence",
  "leaving",
  "fork_proved",
  "access_decided",
  "leadership_decided",
  "roster_changed",
  "task_decided",
];
const SUGGESTION = [
  "leader_heartbeat",
  "message_posted",
  "task_posted",
  "task_cancelled",
  "task_retried",
  "task_reviewed",
  "request_opened",
  "request_withdrawn",
  "request_performed",
  "request_covered",
];
const CONTEXT = ["context_put", "context_deleted", "decision_voted"];
const AGENT_ONLY = ["claimed", "progress", "blocked", "resumed", "completed", "failed", "released"]
  .map((name) => `task_${name}`);

function allowed(level: AuthorityLevel, binaryType: BinaryType): string[] {
  return KINDS.filter((kind) => mayAuthor(kind, { level, role: "any", binaryType }).allow).sort();
}

Deno.test("mayAuthor() is exactly this matrix", () => {
  const hapWorks = [...EVERYONE, ...SUGGESTION, ...CONTEXT, "request_answered", "request_handled", "request_revoked"]
    .sort();
  const agentWorks = [...EVERYONE, ...SUGGESTION, ...CONTEXT, ...AGENT_ONLY].sort();
  const members = [
    "grant_issued",
    "grant_revoked",
    "roles_defined",
    "role_key_sealed",
    "admin_key_shared",
    "election_ordered",
  ];

  assert.deepEqual(allowed("read_only", "hap"), [...EVERYONE].sort());
  assert.deepEqual(allowed("read_only", "agent"), [...EVERYONE].sort());
  assert.deepEqual(allowed("suggestion", "hap"), hapWorks);
  assert.deepEqual(allowed("suggestion", "agent"), agentWorks);
  for (const level of ["coordination", "decision"] as const) {
    assert.deepEqual(allowed(level, "hap"), hapWorks, level);
    assert.deepEqual(allowed(level, "agent"), agentWorks, level);
  }
  assert.deepEqual(allowed("master", "hap"), [...hapWorks, ...members].sort());
  assert.deepEqual(allowed("master", "agent"), [...agentWorks, ...members].sort());
});

Deno.test("a higher level never loses a right", () => {
  for (const binaryType of BINARY_TYPES) {
    for (const [i, level] of AUTHORITY_LEVELS.entries()) {
      const higher = AUTHORITY_LEVELS[i + 1];
      if (!higher) continue;
      const kept = new Set(allowed(higher, binaryType));
      for (const kind of allowed(level, binaryType)) assert.ok(kept.has(kind), `${higher} ${binaryType} ${kind}`);
    }
  }
});

Deno.test("mayAuthor() refuses unknown kinds, those of every object included, and says why", () => {
  const grant = { level: "master", role: "admin", binaryType: "agent" } as const;

  for (const kind of ["task_stolen", "", "constructor", "__proto__", "toString"]) {
    assert.equal(mayAuthor(kind, grant).allow, false, kind);
  }
  assert.match(mayAuthor("request_answered", grant).reason, /a person \(binary type hap\)/);
  assert.match(
    mayAuthor("grant_issued", { level: "decision", role: "architect", binaryType: "hap" }).reason,
    /needs level master, role architect has decision/,
  );
});

Deno.test("built-in roles have the levels of the specification, in their order", () => {
  assert.deepEqual(BUILTIN_ROLES, {
    admin: "master",
    architect: "decision",
    reviewer: "coordination",
    developer: "suggestion",
    observer: "read_only",
  });
  assert.ok(levelAtLeast("master", "decision") && !levelAtLeast("suggestion", "coordination"));
  assert.ok(roleMay("master", "manage_members") && !roleMay("decision", "manage_members"));
  assert.deepEqual(["dev-2", "a", "", "Dev", "2dev", "constructor"].map(parseRole), [
    "dev-2",
    "a",
    undefined,
    undefined,
    undefined,
    "constructor",
  ]);
});

Deno.test("an identity signs for one purpose in one mesh, and says of itself what its grant says", () => {
  const mesh = createTestMesh();
  const member = mesh.issue({ role: "reviewer", binaryType: "hap", agentId: "alice" });
  const identity = new SharedAgentIdentity(member.signingKey, member.grant);
  const message = utf8Encode("hello");
  const claim = { mesh: mesh.mesh.meshId, purpose: "snapshot/1", message };

  const signature = identity.signMessage("snapshot/1", message);
  const record = identity.createAgentRecord({
    capabilities: ["review"],
    models: [],
    software: "bzzz-hap/0.1.0",
    protocolMin: 1,
    protocolMax: 1,
  });

  assert.ok(verifyMessage(identity.publicKey, { ...claim, signature }));
  assert.equal(verifyMessage(identity.publicKey, { ...claim, purpose: "snapshot/2", signature }), false);
  assert.deepEqual([record.agentId, record.binaryType, record.role], ["alice", "hap", "reviewer"]);
  assert.ok(bodySchema("agent_record").safeParse(record).success);
  assert.throws(() => new SharedAgentIdentity(mesh.issue().signingKey, member.grant));
});

import assert from "node:assert/strict";
import { BzzzError } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { TASK_VALUE_CODEC, taskKey } from "@bzzz/coordinator";
import { TaskLife, TEST_TASK } from "@bzzz/coordinator/testing";
import { createNullLogger } from "@bzzz/logging";
import { acceptStatement, encodeCertificate, signGenesis, storeGenesis } from "@bzzz/register";
import { saveMesh } from "@bzzz/agentid";
import { openStore } from "@bzzz/store";
import { tamperWith } from "@bzzz/store/testing";
import { decodeFrame, pruneFrame, TOPICS } from "@bzzz/wire";
import { openAudit } from "./audit.ts";
import { acquireInstanceLock } from "./collision.ts";
import { OfflineMesh, type OfflineNode } from "./facade/testing.ts";
import { homePaths } from "./home.ts";

const ENTRIES = 5;

/** A data directory with the five entries of one author and one of another, whose node has stopped. */
async function createHistory(mesh: OfflineMesh): Promise<OfflineNode> {
  const other = await mesh.start({ agentId: "other" });
  const node = await mesh.start({ agentId: "one" });
  for (let i = 0; i < ENTRIES; i++) await post(node, `${i}`);
  await post(other, "theirs");
  await mesh.share();
  await saveMesh(node.folder, mesh.mesh.mesh, { random: mesh.random });
  await node[Symbol.asyncDispose]();
  return node;
}

async function post(node: OfflineNode, text: string): Promise<void> {
  await node.journal.append({ kind: "message_posted", topic: TOPICS.coordination, body: { type: "memo", text } });
}

async function verify(mesh: OfflineMesh, node: OfflineNode): Promise<string[]> {
  await using audit = await openAudit({ clock: mesh.clock, logger: createNullLogger() }, node.folder);
  const { problems } = await audit.verify({ signal: new AbortController().signal });
  return problems.map(({ seq, problem }) => `${seq}: ${problem}`);
}

/** Changes the database behind everybody's back. */
function tamper(node: OfflineNode, sql: string, ...params: (string | number | Uint8Array)[]): void {
  assert.ok(tamperWith(homePaths(node.folder).database, sql, ...params) > 0, sql);
}

function frameAt(node: OfflineNode, seq: number): Uint8Array {
  const logger = createNullLogger();
  using store = openStore({ clock: new ManualClock(), logger }, { path: homePaths(node.folder).database });
  const frame = store.entries.at(node.member.peerId, seq)?.frame;
  assert.ok(frame);
  return frame;
}

Deno.test("an honest journal has no problems; pruned bodies are none", async () => {
  await using mesh = new OfflineMesh();
  const node = await createHistory(mesh);
  const decoded = decodeFrame(frameAt(node, 2));
  assert.ok(decoded.ok);
  tamper(
    node,
    "UPDATE entries SET frame = ?, pruned = 1 WHERE author = ? AND seq = 2",
    pruneFrame(decoded.envelope),
    node.member.peerId,
  );

  await using audit = await openAudit({ clock: mesh.clock, logger: createNullLogger() }, node.folder);
  const report = await audit.verify({ signal: new AbortController().signal });
  const entries = await Array.fromAsync(audit.entries({ after: 0 }));

  assert.deepEqual(report, { entries: 6, authors: 2, pruned: 1, problems: [] });
  assert.deepEqual(entries.map(({ seq }) => seq).sort(), [1, 1, 2, 3, 4, 5]);
  await assert.rejects(audit.verify({ signal: AbortSignal.abort(new Error("enough")) }), /enough/);
});

const TAMPERINGS: readonly {
  readonly what: string;
  readonly harm: (node: OfflineNode) => void;
  readonly expected: readonly RegExp[];
}[] = [
  {
    what: "an altered byte of a body",
    harm: (node) => {
      const frame = frameAt(node, 3).slice();
      frame[frame.length - 2] = (frame.at(-2) ?? 0) ^ 1;
      tamper(node, "UPDATE entries SET frame = ? WHERE author = ? AND seq = 3", frame, node.member.peerId);
    },
    expected: [/^3: the signature or the hash of the body is wrong$/],
  },
  {
    what: "a frame that is none",
    harm: (node) =>
      tamper(
        node,
        "UPDATE entries SET frame = ? WHERE author = ? AND seq = 3",
        new Uint8Array([1]),
        node.member.peerId,
      ),
    expected: [/^3: the frame is malformed$/],
  },
  {
    what: "another entry's frame",
    harm: (node) =>
      tamper(node, "UPDATE entries SET frame = ? WHERE author = ? AND seq = 3", frameAt(node, 2), node.member.peerId),
    expected: [/^3: the stored id is not the hash/],
  },
  {
    what: "an entry that was removed",
    harm: (node) => tamper(node, "DELETE FROM entries WHERE author = ? AND seq = 3", node.member.peerId),
    expected: [/^4: the chain is broken before it$/],
  },
  {
    what: "the newest entries removed",
    harm: (node) => tamper(node, "DELETE FROM entries WHERE author = ? AND seq > 3", node.member.peerId),
    expected: [/^3: the log ends here, but it had 5 entries$/],
  },
  {
    what: "an author's whole log removed",
    harm: (node) => tamper(node, "DELETE FROM entries WHERE author = ?", node.member.peerId),
    expected: [/^0: the log ends here, but it had 5 entries$/],
  },
  {
    what: "an entry filed under another topic, kind or task",
    harm: (node) => {
      tamper(node, "UPDATE entries SET topic = ? WHERE author = ? AND seq = 2", TOPICS.agents, node.member.peerId);
      tamper(node, "UPDATE entries SET kind = 'task_posted' WHERE author = ? AND seq = 3", node.member.peerId);
      tamper(node, "UPDATE entries SET task = 'x' WHERE author = ? AND seq = 4", node.member.peerId);
    },
    expected: [2, 3, 4].map((seq) => new RegExp(`^${seq}: the frame is filed under`)),
  },
  {
    what: "an author without a grant",
    harm: (node) => tamper(node, "DELETE FROM grants"),
    expected: [1, 2, 3, 4, 5, 1].map((seq) => new RegExp(`^${seq}: its author had no right to write: no_grant$`)),
  },
];

for (const { what, harm, expected } of TAMPERINGS) {
  Deno.test(`verify() finds ${what}`, async () => {
    await using mesh = new OfflineMesh();
    const node = await createHistory(mesh);
    harm(node);

    const problems = await verify(mesh, node);

    assert.equal(problems.length, expected.length, problems.join("\n"));
    for (const [index, pattern] of expected.entries()) assert.match(problems[index] ?? "", pattern);
  });
}

Deno.test("verify() checks the certificates of decided tasks by the voters the root named", async () => {
  await using mesh = new OfflineMesh();
  const node = await mesh.start({ agentId: "one" });
  const { signingKey, peerId } = node.member;
  const genesis = signGenesis(mesh.mesh.rootKey, mesh.mesh.mesh.meshId, { peer: peerId, seat: "0".repeat(32) });
  storeGenesis(node.store.kv, genesis);
  const life = new TaskLife().act(peerId, 2, { type: "claim" });
  const decide = async (signer: typeof signingKey | undefined) => {
    const accept = {
      key: taskKey(TEST_TASK),
      epoch: 1,
      ballot: { counter: 1, proposer: peerId },
      value: TASK_VALUE_CODEC.encode(life.value ?? assert.fail()),
    };
    const signature = signer?.sign(acceptStatement(mesh.mesh.mesh.meshId, accept));
    const certificate = encodeCertificate({
      ...accept,
      signatures: signature ? [{ voter: peerId, signature }] : [],
    });
    const body = { taskId: TEST_TASK, certificate };
    await node.journal.append({ kind: "task_decided", topic: TOPICS.coordination, task: TEST_TASK, body });
  };
  await decide(signingKey);
  await decide(undefined);
  await decide(mesh.mesh.rootKey);
  await saveMesh(node.folder, mesh.mesh.mesh, { random: mesh.random });
  await node[Symbol.asyncDispose]();

  assert.deepEqual(await verify(mesh, node), [
    "2: its certificate has 0 of the 1 signatures that decide",
    `3: the signature of voter ${peerId} is not over this value: one of them was altered`,
  ]);
});

Deno.test("an audit refuses a running node, a folder without a mesh, and makes no database", async () => {
  await using mesh = new OfflineMesh();
  const node = await createHistory(mesh);
  const deps = { clock: new ManualClock(), logger: createNullLogger() };
  const codeOf = async (home: string) => {
    try {
      await (await openAudit(deps, home))[Symbol.asyncDispose]();
      return "none";
    } catch (error) {
      return error instanceof BzzzError ? error.code : String(error);
    }
  };
  const empty = await Deno.makeTempDir();
  try {
    assert.equal(await codeOf(empty), "mesh_missing");
    await saveMesh(empty, mesh.mesh.mesh, { random: mesh.random });
    assert.equal(await codeOf(empty), "store_unavailable");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(empty))).map(({ name }) => name), ["mesh"]);
    using _lock = await acquireInstanceLock(deps, node.folder, { agentId: "one", binaryType: "agent" });
    assert.equal(await codeOf(node.folder), "instance_running");
  } finally {
    await Deno.remove(empty, { recursive: true });
  }
});

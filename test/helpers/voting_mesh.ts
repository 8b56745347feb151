/**
 * A mesh of built programs in which several vote and one of them leads.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ElectionView } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "./mesh.ts";
import { PATIENCE_MS } from "./patience.ts";

type Environment = Readonly<Record<string, string>>;

/**
 * A mesh whose nodes all vote and whose first, "boss", does not stand: every leader that is killed leaves a quorum and an admin.
 * Its owner disposes it.
 */
export async function createVotingMesh(
  workers: readonly string[],
  env: { readonly boss: Environment; readonly workers: Environment },
): Promise<TestMesh> {
  const mesh = await TestMesh.create("boss", { env: { ...env.boss, BZZZ_ELECTION_ELECTABLE: "false" } });
  try {
    for (const name of workers) await mesh.add(name, { through: "boss", env: env.workers });
    await mesh.connected("boss", ...workers);
    const boss = await mesh.node("boss").api();
    for (const [index, name] of workers.entries()) {
      await boss.addVoter(name);
      await waitFor(async () => {
        const { voters, is_changing, has_quorum } = await boss.voters();
        return voters.length === index + 2 && !is_changing && has_quorum;
      }, { timeoutMs: PATIENCE_MS, what: `${name} to vote` });
    }
    return mesh;
  } catch (error) {
    await mesh[Symbol.asyncDispose]();
    throw error;
  }
}

/** The leadership as one node sees it. */
export async function viewOf(mesh: TestMesh, name: string): Promise<ElectionView> {
  return await (await mesh.node(name).api()).election();
}

/** The node that leads by its own word, once one of `names` does; two at a time fail the test. */
export async function leaderOf(mesh: TestMesh, names: readonly string[], timeoutMs = 30_000): Promise<string> {
  let last: unknown;
  return await waitFor(async () => {
    const views = await Promise.all(names.map(async (name) => ({ name, ...await viewOf(mesh, name) })));
    last = views;
    const leading = views.filter(({ role }) => role === "leader");
    assert.ok(leading.length <= 1, `two lead: ${JSON.stringify(views)}`);
    return leading[0]?.name;
  }, { timeoutMs, what: "a leader", state: () => [last, mesh.node("boss").log.slice(-2_000)] });
}

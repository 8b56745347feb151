import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../../helpers/mesh.ts";
import { decisionsOf } from "../../helpers/tasks.ts";
import { type Bench, median, type Row, type Scenario } from "../row.ts";

const GOAL_MS = 250;
const WAIT_MS = 30_000;

/** Milliseconds from the post to the decision that the work has begun, by the stamps of one machine's clock. */
async function pickups(bench: Bench, options: { agents: number; posts: number }): Promise<number[]> {
  const env = { BZZZ_AGENT_CAPABILITIES: "dig", BZZZ_CACHE_DIR: bench.cache };
  await using mesh = await TestMesh.create("boss", { env: { ...env, BZZZ_AGENT_CAPABILITIES: "lead" } });
  const agents = Array.from({ length: options.agents }, (_, n) => `agent-${n + 1}`);
  for (const name of agents) await mesh.add(name, { through: "boss", env });
  const boss = await mesh.node("boss").api();
  const all = options.agents + 1;
  await waitFor(async () => (await boss.agents()).filter(({ presence }) => presence === "ready").length === all, {
    timeoutMs: WAIT_MS,
    what: "every agent to be present",
  });
  const samples: number[] = [];
  for (let n = 0; n < options.posts; n++) {
    const { task_id } = await boss.postTask({ title: `dig ${n}`, required_capabilities: ["dig"] });
    const task = await waitFor(async () => {
      const view = await boss.task(task_id);
      return view.state === "completed" && view;
    }, { timeoutMs: WAIT_MS, what: "the task to be done" });
    const begun = decisionsOf(task).find(({ state }) => state === "executing");
    if (begun) samples.push(begun.atMs - task.created_at_ms);
  }
  return samples;
}

/** From the post of a task to the start of its work: ranking, a claim and a beginning that a quorum decides. */
export const pickup: Scenario = {
  name: "pickup",
  async run(bench): Promise<readonly Row[]> {
    if (bench.agent === undefined) return [];
    const options = bench.isQuick ? { agents: 2, posts: 3 } : { agents: 10, posts: 40 };
    bench.say(`pickup: ${options.agents} agents, ${options.posts} tasks one after the other`);
    const p50 = median(await pickups(bench, options));
    return [{
      scenario: "task posted to executing",
      what: `p50, ${options.agents} agents, one voter`,
      unit: "ms",
      bzzz: p50,
      bare: undefined,
      goal: `< ${GOAL_MS} ms`,
      isMet: p50 < GOAL_MS,
    }];
  },
};

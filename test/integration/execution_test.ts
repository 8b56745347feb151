// Tasks that are really executed: by another when the holder is gone, by a program of one's own.
import assert from "node:assert/strict";
import type { PostTaskInput } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { IS_SLOW, note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { runOk } from "../helpers/programs.ts";

const LEASE_SECONDS = 5;
const QUICK: Readonly<Record<string, string>> = {
  BZZZ_COORDINATION_PRESENCE_INTERVAL_SECONDS: "1",
  BZZZ_COORDINATION_PRESENCE_TIMEOUT_SECONDS: "2",
  BZZZ_COORDINATION_LEASE_SECONDS: String(LEASE_SECONDS),
};

async function executed(mesh: TestMesh, name: string, taskId: string) {
  const api = await mesh.node(name).api();
  return await waitFor(async () => {
    const task = await api.task(taskId).catch(() => undefined);
    return task?.state === "executing" && task;
  }, { timeoutMs: PATIENCE_MS, what: `task ${taskId} to be executed`, state: () => mesh.node(name).log.slice(-2000) });
}

for (const way of ["kill", "stop"] as const) {
  Deno.test(`S-10 A-17 a task whose holder is ${way === "kill" ? "killed" : "stopped"} is done by another`, async () => {
    await using mesh = await TestMesh.create("boss", { env: { ...QUICK, BZZZ_AGENT_CAPABILITIES: "lead" } });
    for (const name of ["worker-a", "worker-b"]) {
      await mesh.join(name, { through: "boss", env: { ...QUICK, BZZZ_AGENT_CAPABILITIES: "dig" } });
    }
    await mesh.start("worker-a");
    await mesh.connected("boss", "worker-a");
    const boss = await mesh.node("boss").api();
    // long enough that the other agent is there before it is done
    const input = JSON.stringify({ steps: way === "kill" ? 100 : 15, step_ms: 100 });
    const { task_id } = await boss.postTask({ title: "dig a hole", required_capabilities: ["dig"], input });
    assert.equal((await executed(mesh, "worker-a", task_id)).holder?.agent_id, "worker-a");
    await mesh.start("worker-b");
    await mesh.connected("boss", "worker-a", "worker-b");

    const began = performance.now();
    // a stop lets work of seconds end; cut short, it is given back at once
    if (way === "kill") await mesh.node("worker-a").kill();
    else await mesh.node("worker-a").stop();

    const done = await waitFor(async () => {
      const task = await boss.task(task_id);
      return task.state === "completed" && task;
    }, { timeoutMs: 45_000, what: "the task to be done", state: () => mesh.node("worker-b").log.slice(-3000) });
    const tookMs = Math.round(performance.now() - began);
    const claims = done.attempts.map(({ holder, outcome }) => `${holder.agent_id} ${outcome}`);
    if (way === "kill") {
      assert.deepEqual(claims, ["worker-a lost", "worker-b completed"]);
      assert.deepEqual([done.attempt, done.token], [2, 2]);
      const completed = done.history.filter((entry) => entry.kind === "task_completed");
      assert.deepEqual(completed.map((entry) => entry.author.agent_id), ["worker-b"]);
    } else assert.deepEqual(claims, ["worker-a completed"], "short work is finished before the end");
    note(`${way}: done ${tookMs} ms later (lease ${LEASE_SECONDS} s)`);
  });
}

const SCRIPT = `
read -r task
printf '%s\\n' '{"type":"progress","percent":25,"text":"digging"}'
printf '%s\\n' "$task" > task.json
printf '%s\\n' '{"type":"result","summary":"a hole","output":{"secrets":"'"\${SECRET-none}"'","token":"'"\${BZZZ_TEST_SECRET-none}"'"}}'
`;

/** Writes down what it was given, and uses 400 tokens a time until it is stopped. */
const spending = (folder: string) => `
read -r task
printf '%s\\n' "$task" >> ${folder}/spent.json
sleep 1000 & echo $! > ${folder}/spender
while true; do
  printf '%s\\n' '{"type":"progress","used":{"tokens":400,"money":10}}'
  sleep 0.2
done
`;

Deno.test("S-28 a program of one's own executes a task: progress, result, no secrets, its group killed on cancel", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  try {
    await Deno.writeTextFile(`${folder}/dig.sh`, SCRIPT);
    await Deno.writeTextFile(`${folder}/forever.sh`, `read -r task\nsleep 1000 & echo $! > ${folder}/child\nwait\n`);
    await Deno.writeTextFile(`${folder}/spend.sh`, spending(folder));
    const commands = [
      { name: "dig", argv: ["/bin/sh", `${folder}/dig.sh`] },
      {
        name: "endless",
        argv: ["/bin/sh", "-c", `read -r task; echo $$ > ${folder}/orphan; trap "" TERM; sleep 1000; wait`],
      },
      { name: "spend", argv: ["/bin/sh", `${folder}/spend.sh`] },
      { name: "forever", argv: ["/bin/sh", `${folder}/forever.sh`] },
    ];
    await using mesh = await TestMesh.create("digger", {
      env: {
        BZZZ_EXECUTOR_KIND: "process",
        BZZZ_EXECUTOR_PROCESS_COMMANDS: JSON.stringify(commands),
        BZZZ_AGENT_CAPABILITIES: "dig,endless,forever,spend",
        SECRET: "do not tell",
      },
    });
    const api = await mesh.node("digger").api();

    await t.step("progress and result are in the journal", async () => {
      const { task_id } = await api.postTask({ title: "dig", required_capabilities: ["dig"], input: "two metres" });
      const task = await waitFor(async () => {
        const view = await api.task(task_id);
        return ["completed", "failed"].includes(view.state) && view;
      }, { timeoutMs: PATIENCE_MS, what: "the program to end", state: () => mesh.node("digger").log.slice(-2000) });
      assert.equal(task.state, "completed", task.reason ?? "no reason");
      assert.equal(task.result?.summary, "a hole");
      assert.deepEqual(JSON.parse(task.result?.output ?? ""), { secrets: "none", token: "none" });
      assert.ok(task.history.some((entry) => entry.kind === "task_progress" && entry.body?.["text"] === "digging"));
    });
    await t.step("cancel ends the whole process group", async () => {
      const { task_id } = await api.postTask({ title: "for ever", required_capabilities: ["forever"] });
      await executed(mesh, "digger", task_id);
      const child = Number(
        await waitFor(() => Deno.readTextFile(`${folder}/child`).catch(() => undefined), {
          timeoutMs: PATIENCE_MS,
          what: "the child of the program",
        }),
      );
      assert.ok(await isAlive(child));

      await api.cancelTask(task_id, { reason: "enough" });

      await waitFor(async () => !await isAlive(child), {
        timeoutMs: PATIENCE_MS,
        what: "the child of the program to be gone",
      });
      assert.equal((await api.task(task_id)).state, "cancelled");
    });
    await t.step(
      "a budget of tokens ends it, for the task and for what is delegated from it, and people are told",
      async () => {
        const spend = async (fields: Partial<PostTaskInput>) => {
          const { task_id } = await api.postTask({ title: "spend", required_capabilities: ["spend"], ...fields });
          return await waitFor(async () => {
            const view = await api.task(task_id);
            return view.state === "failed" && view;
          }, { timeoutMs: PATIENCE_MS, what: "the budget to end", state: () => mesh.node("digger").log.slice(-2000) });
        };

        const task = await spend({ budgets: { tokens: 1_000 } });
        assert.deepEqual(task.attempts.map(({ outcome, used }) => [outcome, used]), [
          ["budget_exhausted", { tokens: 1_200, money: 30 }],
        ]);
        assert.equal(await isAlive(Number(await Deno.readTextFile(`${folder}/spender`))), false);
        await waitFor(
          async () => (await api.requests()).some(({ kind, task_id }) => kind === "notice" && task_id === task.task_id),
          {
            timeoutMs: PATIENCE_MS,
            what: "people to be told",
          },
        );
        const part = await spend({ parent: task.task_id });
        assert.match(part.reason ?? "", new RegExp(`the 1000 tokens of task ${task.task_id}`));
        assert.deepEqual(part.attempts.map(({ outcome, used }) => [outcome, used]), [["budget_exhausted", undefined]]);
        const given = (await Deno.readTextFile(`${folder}/spent.json`)).trim().split("\n").map((line) =>
          JSON.parse(line)
        );
        assert.deepEqual(given.map(({ budgets }) => budgets), [{ tokens: 1_000 }], "the part was not even begun");

        assert.deepEqual((await api.task(task.task_id)).used, { tokens: 1_200, money: 30 });
        assert.match(
          await runOk("bzzz-agent", ["task", "show", task.task_id, "--home", mesh.home("digger")]),
          /^Used: 1200 of 1000 tokens, 0.00003 in money$/m,
        );
      },
    );
    if (IS_SLOW) {
      await t.step("a stop of the agent ends it too, and gives the task back", async () => {
        await Deno.remove(`${folder}/child`);
        const { task_id } = await (await mesh.node("digger").api()).postTask({
          title: "for ever again",
          required_capabilities: ["forever"],
        });
        await executed(mesh, "digger", task_id);
        const child = Number(
          await waitFor(() => Deno.readTextFile(`${folder}/child`).catch(() => undefined), {
            timeoutMs: PATIENCE_MS,
            what: "the child of the program",
          }),
        );
        assert.equal((await mesh.node("digger").stop()).code, 0);
        assert.equal(await isAlive(child), false);
      });
    }
    if (IS_SLOW) await mesh.start("digger"); // the step before has stopped it
    await t.step("kill -9 of the agent ends it too, also one that ignores SIGTERM", async () => {
      const { task_id } = await (await mesh.node("digger").api()).postTask({
        title: "for ever and a day",
        required_capabilities: ["endless"],
      });
      await executed(mesh, "digger", task_id);
      const child = Number(
        await waitFor(() => Deno.readTextFile(`${folder}/orphan`).catch(() => undefined), {
          timeoutMs: PATIENCE_MS,
          what: "the child of the program",
        }),
      );
      assert.ok(await isAlive(child));

      await mesh.node("digger").kill();

      await waitFor(async () => !await isAlive(child), {
        timeoutMs: PATIENCE_MS,
        what: "the child of the program to end",
      });
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Whether the process runs; a zombie does not. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`).catch(() => "");
  return /^State:\s+[^ZX]/m.test(status);
}

// Derived context on built programs: by the leader, to those who may read it, and by the next leader when that one is killed.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { filesWith } from "../helpers/needles.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import type { Finished } from "../helpers/programs.ts";
import { createVotingMesh, leaderOf } from "../helpers/voting_mesh.ts";

const WORKERS = ["worker-a", "worker-b"] as const;
/** A write is derived so long after it: the test kills the leader meanwhile. */
const SETTLE_MS = 5_000;
// the lease of the default profile: with the short one of "lan" a busy machine may change leaders by itself
const ENV = { BZZZ_SLURP_SETTLE_MS: String(SETTLE_MS) } as const;
const SECRET = "the marker 7c1e of nobody else";

interface Context {
  readonly role: string;
  readonly fields: readonly { readonly name: string; readonly value: unknown; readonly source: string }[];
  readonly slices: readonly { readonly subject: string; readonly term: number }[];
}

/** Writes as soon as the role has its key. */
async function put(mesh: TestMesh, name: string, address: string, text: string, audience: string): Promise<void> {
  let last: Finished | undefined;
  await waitFor(
    async () => (last = await mesh.command(name, ["ucxl", "put", address, "--audience", audience], text)).code === 0,
    { timeoutMs: PATIENCE_MS, what: `${address} to be written`, state: () => last?.stderr ?? "" },
  );
}

async function contextOf(mesh: TestMesh, name: string, address: string): Promise<Context> {
  return JSON.parse(await mesh.commandOk(name, ["slurp", "context", address, "--json"]));
}

async function derived(mesh: TestMesh, name: string, address: string, summary: string): Promise<Context> {
  let last: unknown;
  return await waitFor(async () => {
    const context = await contextOf(mesh, name, address);
    last = context;
    return context.fields.some((field) => field.name === "summary" && field.value === summary) && context;
  }, { timeoutMs: 40_000, what: `${name} to read "${summary}"`, state: () => last });
}

/** Versions of the slice of a task that a developer reads, as `name` knows them. */
async function sliceVersions(mesh: TestMesh, name: string, task: string): Promise<number> {
  const address = `ucxl://slurp:developer@shop:${task}/slurp/slice.json`;
  const { code, stdout } = await mesh.command(name, ["ucxl", "history", address, "--json"]);
  return code === 0 ? stdout.trim().split("\n").length : 0;
}

Deno.test("issue 014 the leader derives, its role reads, others do not; a killed one's queue is worked off once", async (t) => {
  await using mesh = await createVotingMesh(WORKERS, { boss: ENV, workers: ENV });
  await mesh.add("olga", { through: "boss", role: "observer", program: "bzzz-hap" });
  await mesh.connected("boss", ...WORKERS, "olga");
  const first = await leaderOf(mesh, WORKERS);
  const second = WORKERS.find((name) => name !== first) ?? first;
  const plan = "ucxl://worker-a:developer@shop:one/README.md";

  await t.step("derived by the leader, read with its sources by who has the role, and by nobody else", async () => {
    await put(mesh, "worker-a", plan, `# One\n\n${SECRET}`, "developer");

    const context = await derived(mesh, second, plan, `One: ${SECRET}`);
    assert.equal(context.role, "developer");
    assert.ok(context.fields.every(({ source }) => source.includes("README.md?rev=")));
    await derived(mesh, "boss", plan, `One: ${SECRET}`);
    const other = await contextOf(mesh, "olga", plan);
    assert.deepEqual([other.role, other.fields, other.slices], ["observer", [], []]);
    assert.equal((await mesh.commandOk("olga", ["slurp", "context", plan])).includes(SECRET), false);
    assert.deepEqual(await filesWith(mesh.home("olga"), SECRET), []);
  });

  await t.step("graph and goals from the command line", async () => {
    const [line = ""] = (await mesh.commandOk("worker-a", ["ucxl", "history", plan, "--json"])).split("\n");
    const { citation } = JSON.parse(line);
    await mesh.commandOk("worker-a", [
      "decide",
      "propose",
      "Use a queue",
      "--cite",
      citation,
      "--audience",
      "developer",
    ]);
    await waitFor(
      async () => JSON.parse(await mesh.commandOk("boss", ["slurp", "graph", plan, "--json"])).nodes.length === 2,
      {
        timeoutMs: PATIENCE_MS,
        what: "the decision to be near the plan at boss",
      },
    );
    assert.equal(JSON.parse(await mesh.commandOk("olga", ["slurp", "graph", plan, "--json"])).nodes.length, 0);
    const goals = "version: 1\ngoals: [{name: Known, keywords: [marker, queue]}]\n";
    await put(mesh, "worker-a", "ucxl://worker-a:developer@shop:project/.ucxl/goals.yaml", goals, "developer");
    assert.equal(JSON.parse(await mesh.commandOk("worker-a", ["slurp", "align", plan, "--json"])).score, 0.5);
    assert.equal((await mesh.command("olga", ["slurp", "align", plan])).code, 3, "she reads no goals");
    assert.equal(await mesh.commandOk(first, ["slurp", "dlq", "list"]), "No dead letters.\n");
    assert.equal((await mesh.command(second, ["slurp", "dlq", "replay"])).code, 4, "it does not lead");
  });

  await t.step(
    "the leader is killed with an event in its queue: the next one derives it, once, and nothing again",
    async () => {
      await waitFor(
        async () => JSON.parse(await mesh.commandOk(first, ["slurp", "status", "--json"])).state === "idle",
        {
          timeoutMs: 30_000,
          what: "the leader to have derived everything",
        },
      );
      const before = await sliceVersions(mesh, second, "one");
      const two = "ucxl://worker-a:developer@shop:two/README.md";
      await put(mesh, second, two, "# Two\n\nWords.", "developer");
      const leader = await mesh.node(first).api();
      await waitFor(async () => (await leader.slurp.status()).queued === 1, {
        timeoutMs: PATIENCE_MS,
        what: "the event to wait at the leader",
      });
      await mesh.node(first).kill();
      assert.equal(await sliceVersions(mesh, second, "two"), 0, "it was killed before it derived");

      const killedAtMs = performance.now();
      const context = await derived(mesh, second, two, "Two: Words.");
      note(`killed: the next leader derived ${Math.round(performance.now() - killedAtMs)} ms later`);
      await mesh.start(first);
      await mesh.connected("boss", ...WORKERS);
      await derived(mesh, first, two, "Two: Words.");
      await waitFor(
        async () => JSON.parse(await mesh.commandOk(second, ["slurp", "status", "--json"])).state === "idle",
        {
          timeoutMs: 30_000,
          what: "the next leader to have looked at everything",
        },
      );

      const status = JSON.parse(await mesh.commandOk(second, ["slurp", "status", "--json"]));
      assert.deepEqual([await sliceVersions(mesh, first, "two"), await sliceVersions(mesh, first, "one")], [1, before]);
      assert.equal(status.counters.slices_written, 1);
      assert.equal(context.slices.find(({ subject }) => subject === "shop:two")?.term, status.term);
      assert.equal(JSON.parse(await mesh.commandOk(first, ["slurp", "status", "--json"])).state, "off");
    },
  );
});

/** Stands for a model: says how much it was shown, and that a text gave it orders. */
const MODEL = `read -r task
case "$task" in *'Follow no instruction'*) words="a model read" ;; *) words="not told" ;; esac
printf '{"type":"result","summary":"%s %s bytes","output":""}\\n' "$words" "\${#task}"
`;

Deno.test("a long content is summed up by the command of the configuration, where only those who read it see it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-model-" });
  try {
    await Deno.writeTextFile(`${folder}/model.sh`, MODEL);
    const commands = [{ name: "sum", argv: ["/bin/sh", `${folder}/model.sh`] }];
    await using mesh = await TestMesh.create("boss", {
      env: {
        BZZZ_SLURP_SETTLE_MS: "50",
        BZZZ_EXECUTOR_PROCESS_COMMANDS: JSON.stringify(commands),
        BZZZ_EXECUTOR_SUMMARY_COMMAND: "sum",
      },
    });
    const address = "ucxl://boss:admin@shop:one/long.md";
    await put(mesh, "boss", address, `# Long\n\n${`${SECRET}. `.repeat(200)}`, "admin");

    let status = "";
    await waitFor(async () => {
      status = await mesh.commandOk("boss", ["slurp", "status"]);
      return /Summaries: by process:sum, 1 made, 0 failed, at most 60 an hour\n/.test(status);
    }, { timeoutMs: 30_000, what: "the summary", state: () => status });

    const shown = await mesh.commandOk("boss", ["slurp", "context", address]);
    assert.match(shown, /summary: a model read [67]\d{3} bytes\n.*, summed up by a model\n/);
    assert.deepEqual(await filesWith(mesh.home("boss"), SECRET), []);
    assert.deepEqual(await filesWith(mesh.home("boss"), "a model read"), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

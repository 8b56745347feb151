// Issues of GitHub as tasks, on built programs: a labelled issue is done and told, and the next leader goes on where one was killed.
import assert from "node:assert/strict";
import type { TaskView } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { FakeGitHub, type FakeIssue } from "@bzzz/github/testing";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS, Stopwatch } from "../helpers/patience.ts";

const WORKERS = ["worker-a", "worker-b"] as const;
const ALL = ["boss", ...WORKERS] as const;
const SHOP = "acme/shop";
const TOKEN = "github_pat_marker_9d41_of_this_test";

/** Three voters, of which the two that may lead know of GitHub. */
async function createMesh(github: FakeGitHub): Promise<TestMesh> {
  const mesh = await TestMesh.create("boss", { env: { BZZZ_ELECTION_ELECTABLE: "false" } });
  const env = {
    BZZZ_COORDINATION_LEASE_SECONDS: "5", // the killed one may hold a task
    BZZZ_TASKS_GITHUB_REPOSITORIES: SHOP,
    BZZZ_TASKS_GITHUB_TOKEN_FILE: "github.token",
    BZZZ_TASKS_GITHUB_API_URL: github.url,
    BZZZ_TASKS_GITHUB_POLL_INTERVAL_SECONDS: "1",
  };
  const boss = await mesh.node("boss").api();
  for (const [index, name] of WORKERS.entries()) {
    // a role that may cancel what another node has posted
    await mesh.join(name, { through: "boss", role: "architect", env });
    await Deno.writeTextFile(`${mesh.home(name)}/github.token`, `${TOKEN}\n`, { mode: 0o600 });
    await mesh.start(name);
    await mesh.connected("boss", name);
    await boss.addVoter(name);
    await waitFor(async () => {
      const { voters, is_changing, has_quorum } = await boss.voters();
      return voters.length === index + 2 && !is_changing && has_quorum;
    }, { timeoutMs: PATIENCE_MS, what: `${name} to vote` });
  }
  return mesh;
}

async function leaderOf(mesh: TestMesh, names: readonly string[]): Promise<string> {
  return await waitFor(async () => {
    for (const name of names) {
      if ((await (await mesh.node(name).api()).election()).role === "leader") return name;
    }
    return undefined;
  }, { timeoutMs: PATIENCE_MS, what: "a leader" });
}

async function tasksOf(mesh: TestMesh, name: string): Promise<readonly TaskView[]> {
  return await (await mesh.node(name).api()).tasks();
}

/** The task of an issue, once a node knows it. */
async function taskOf(mesh: TestMesh, name: string, issue: FakeIssue): Promise<TaskView> {
  return await waitFor(
    async () => (await tasksOf(mesh, name)).find(({ client_id }) => client_id === `github:${SHOP}#${issue.number}`),
    { timeoutMs: PATIENCE_MS, what: `the task of issue ${issue.number} at ${name}` },
  );
}

/** The marks of the comments: "posted", "ended". */
function told(issue: FakeIssue): string[] {
  return issue.comments.map(({ body }) => /<!-- bzzz:(?:task \w+ )?(\w+) \d+ -->$/.exec(body)?.[1] ?? body);
}

async function isTold(issue: FakeIssue, words: string, github: FakeGitHub): Promise<void> {
  await waitFor(() => told(issue).includes(words), {
    timeoutMs: PATIENCE_MS,
    what: `"${words}" on issue ${issue.number}`,
    state: () => [issue, github.seen.slice(-10)],
  });
}

Deno.test("S-08 A-16 a labelled issue is done and told; a killed leader's issues go on with the next, nothing twice", async (t) => {
  await using github = new FakeGitHub({ token: TOKEN });
  await using mesh = await createMesh(github);
  const first = await leaderOf(mesh, WORKERS);
  const second = WORKERS.find((name) => name !== first) ?? first;

  await t.step("from the label to the result, on every node", async () => {
    const issue = github.add(SHOP, {
      title: "Count words",
      body: "one two three",
      labels: ["bzzz-task", "priority-7"],
    });

    const looks = ALL.map((name) => taskOf(mesh, name, issue));
    await Promise.race(looks);
    const watch = new Stopwatch();
    const tasks = await Promise.all(looks);
    note(`known to every node ${watch.within(2_000, "the task on every node")} ms after the first`);
    await isTold(issue, "ended", github);

    assert.equal(new Set(tasks.map(({ task_id }) => task_id)).size, 1);
    assert.deepEqual(told(issue), ["posted", "ended"]);
    assert.deepEqual(issue.labels.toSorted(), ["completed", "priority-7"]);
    const task = await taskOf(mesh, "boss", issue);
    assert.deepEqual([task.state, task.title, task.priority], ["completed", "Count words", 7]);
    assert.ok(issue.comments.every(({ body }) => body.includes(task.task_id) && !body.includes("words")), "no result");
  });

  await t.step("an issue that is invalid is refused with its field, on the issue", async () => {
    const issue = github.add(SHOP, { labels: ["bzzz-task", "priority-11"] });

    await isTold(issue, "refused", github);

    assert.match(issue.comments[0]?.body ?? "", /label priority-…: found `"11"`, expected one of 0 to 9/);
  });

  await t.step(
    "killed right after it has told of a task: the next one goes on, and nothing is done twice",
    async () => {
      // nobody has this capability, so the first task waits; the second is done
      const [waiting, done] = [github.add(SHOP, { labels: ["bzzz-task", "type-nobody"] }), github.add(SHOP)];
      await isTold(waiting, "posted", github);
      await isTold(done, "posted", github);
      const late = github.add(SHOP, { title: "Late" });
      const leader = mesh.node(first);
      github.onCarriedOut = () => {
        if (!told(late).includes("posted")) return;
        github.onCarriedOut = () => {};
        leader.signal("SIGKILL"); // the answer never reaches it
      };
      await isTold(late, "posted", github);
      await leader.kill();
      waiting.state = "closed";

      assert.equal(await leaderOf(mesh, [second]), second);
      await isTold(late, "ended", github);
      await isTold(waiting, "ended", github);
      await isTold(done, "ended", github);
      await mesh.start(first);
      await mesh.connected(...ALL);
      await waitFor(async () => (await tasksOf(mesh, first)).every(({ state }) => state !== "announced"), {
        timeoutMs: PATIENCE_MS,
        what: "the killed node to know how all tasks ended",
      });

      for (const issue of [waiting, done, late]) assert.deepEqual(told(issue), ["posted", "ended"], issue.title);
      for (const name of ALL) {
        const tasks = await tasksOf(mesh, name);
        assert.equal(tasks.length, 4, name);
        const states = new Map(tasks.map(({ client_id, state }) => [client_id, state]));
        assert.equal(states.get(`github:${SHOP}#${waiting.number}`), "cancelled");
        assert.equal(states.get(`github:${SHOP}#${late.number}`), "completed");
        for (const { attempts, client_id } of tasks) {
          assert.ok(
            attempts.filter(({ outcome }) => outcome === "completed").length <= 1,
            `${client_id} was done once`,
          );
        }
      }
    },
  );

  await t.step("the token is in no log, and went nowhere without being asked for", () => {
    for (const name of ALL) assert.equal(mesh.node(name).log.includes(TOKEN), false, name);
    assert.ok(github.seen.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
  });
});

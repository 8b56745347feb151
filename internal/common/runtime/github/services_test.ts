import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { CONFIG_PROFILES, parseConfig } from "@bzzz/config";
import type { GitHubSourceStatus } from "@bzzz/github";
import { FakeGitHub } from "@bzzz/github/testing";
import { AGENT_PROFILE } from "../profiles.ts";
import { foundTestHome, startTestNode, type TestServices } from "../testdata/test_node.ts";
import { gitHubCheck } from "./monitoring.ts";
import { gitHubOptions } from "./services.ts";

const TOKEN = "ghp_secret_of_the_test";

/** A node alone in its mesh, so its leader. */
async function withNode(
  flags: Readonly<Record<string, unknown>>,
  token: string | undefined,
  look: (services: TestServices) => Promise<void>,
): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-github-" });
  try {
    await foundTestHome(AGENT_PROFILE, { home, agentId: "one" });
    if (token !== undefined) await Deno.writeTextFile(`${home}/github.token`, `${token}\n`, { mode: 0o600 });
    const { services, stop } = await startTestNode(AGENT_PROFILE, { home, flags });
    try {
      await look(services);
    } finally {
      await stop();
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("a node that leads posts labelled issues with the token of its file, and a cancel comes back", async () => {
  await using github = new FakeGitHub({ token: TOKEN });
  const issue = github.add("acme/shop", { title: "Pay once", labels: ["work", "priority-8"] });
  const flags = {
    "tasks.github.repositories": ["acme/shop"],
    "tasks.github.label": "work",
    "tasks.github.token_file": "github.token",
    "tasks.github.api_url": `${github.url}/`,
    "tasks.github.poll_interval_seconds": 1,
    "tasks.github.results": true,
  };
  await withNode(flags, TOKEN, async (services) => {
    await waitFor(() => issue.comments.length === 1, {
      timeoutMs: 60_000,
      what: "the comment",
      state: () => [services.github.source?.status(), github.seen],
    });
    const { items: [task] } = await services.facade.tasks({ limit: 10 });
    assert.ok(task);
    assert.deepEqual([task.title, task.priority, task.client_id], ["Pay once", 8, "github:acme/shop#1"]);
    assert.ok(issue.comments[0]?.body.includes(task.task_id));

    await services.facade.cancelTask(task.task_id, { reason: "no longer needed" });
    await waitFor(() => issue.comments.length === 2, { timeoutMs: 60_000, what: "the end", state: () => github.seen });

    assert.match(issue.comments[1]?.body ?? "", /was cancelled[^]*\nno longer needed\n/);
    assert.deepEqual(issue.labels, ["priority-8"]);
    const metrics = services.metrics.render();
    assert.match(metrics, /bzzz_github_polling 1\n/);
    assert.match(metrics, /bzzz_github_events_total\{event="posted"\} 1\n/);
    assert.ok(github.seen.every(({ authorization }) => authorization === `Bearer ${TOKEN}`));
    assert.ok(services.healthManager.status().checks.some(({ name }) => name === "github"));
  });
});

Deno.test("without a token file that can be used nothing is sent, and health says what to do", async () => {
  await using github = new FakeGitHub({ token: TOKEN });
  github.add("acme/shop");
  const flags = {
    "tasks.github.repositories": ["acme/shop"],
    "tasks.github.token_file": "github.token",
    "tasks.github.api_url": github.url,
  };
  await withNode(flags, undefined, async (services) => {
    const { source } = services.github;
    assert.ok(source);
    await waitFor(() => source.status().failure, {
      timeoutMs: 60_000,
      what: "the failure",
      state: () => source.status(),
    });

    const outcome = await gitHubCheck(source).run({ signal: new AbortController().signal });
    assert.ok(!outcome.ok && outcome.code === "github_unauthorized");
    assert.match(outcome.message, /there is no file ".*github\.token"/);
    assert.equal(github.seen.length, 0);
  });
});

Deno.test("a node without repositories has no part that asks GitHub", async () => {
  await withNode({}, undefined, (services) => {
    assert.deepEqual(services.github, {});
    assert.equal(services.metrics.render().includes("bzzz_github"), false);
    return Promise.resolve();
  });
});

Deno.test("the section tasks.github decides what is asked, what is written and when", () => {
  const parse = (flags: Readonly<Record<string, unknown>>) =>
    gitHubOptions(parseConfig({ profile: CONFIG_PROFILES.agent, env: {}, flags }).config);

  assert.equal(parse({}), undefined);
  assert.deepEqual(
    parse({
      "tasks.github.repositories": ["acme/shop"],
      "tasks.github.label": "a",
      "tasks.github.in_progress_label": "b",
      "tasks.github.done_label": "c",
      "tasks.github.token_file": "token",
      "tasks.github.api_url": "https://git.example.org/api/v3/",
      "tasks.github.poll_interval_seconds": 7,
      "tasks.github.results": true,
      "tasks.github.close": true,
    }),
    {
      apiUrl: "https://git.example.org/api/v3",
      repositories: ["acme/shop"],
      label: "a",
      inProgressLabel: "b",
      doneLabel: "c",
      mayWrite: true,
      tellsResults: true,
      closes: true,
      pollIntervalMs: 7_000,
      tokenFile: "token",
    },
  );
  assert.equal(parse({ "tasks.github.repositories": ["acme/shop"] })?.mayWrite, false);
});

Deno.test("the check degrades with what went wrong, and is well while another node leads", async () => {
  const status: GitHubSourceStatus = {
    state: "polling",
    lastSuccessAtMs: undefined,
    failure: undefined,
    breaker: "closed",
    counters: new Map(),
  };
  const run = async (more: Partial<GitHubSourceStatus>) =>
    await gitHubCheck({ status: () => ({ ...status, ...more }) }).run({ signal: new AbortController().signal });

  assert.deepEqual(await run({}), { ok: true, detail: "issues are looked after" });
  assert.deepEqual(await run({ state: "off" }), { ok: true, detail: "another node leads" });
  const failure = { code: "unauthorized", message: "Cannot use the token of GitHub: there is none" };
  assert.deepEqual(await run({ failure }), { ok: false, code: "github_unauthorized", message: failure.message });
});

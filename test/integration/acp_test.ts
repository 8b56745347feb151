// A coding agent behind bzzz-agent: what it asks permission for, people of the mesh decide, with the digest of exactly that.
import assert from "node:assert/strict";
import type { RequestView, TaskDetailView } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { run } from "../helpers/programs.ts";

const FAKE_AGENT = new URL("../../internal/agent/executors/acp/testdata/fake_agent.ts", import.meta.url).pathname;

/** It wants to write one file, and says what became of that. */
const PERMIT = {
  permit: {
    toolCall: {
      toolCallId: "call-1",
      title: "Write hello.txt",
      kind: "edit",
      rawInput: { file_path: "hello.txt" },
      content: [{ type: "diff", path: "hello.txt", newText: "hello\n" }],
    },
    then: [
      { write: { path: "hello.txt", content: "hello\n" } },
      { update: { sessionUpdate: "tool_call_update", toolCallId: "call-1", status: "completed" } },
      { say: "written" },
    ],
    otherwise: [{ say: "not written" }],
  },
};

interface Heard {
  readonly method?: string;
  readonly params?: { readonly prompt?: readonly { readonly text: string }[] };
}

Deno.test("S-17 S-28 a coding agent's permissions are approvals of people: yes, no with its reason, and a kill -9 in between", async (t) => {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-test-" });
  const log = `${folder}/heard.jsonl`;
  const heard = async (): Promise<Heard[]> =>
    (await Deno.readTextFile(log)).trim().split("\n").map((line) => JSON.parse(line));
  const behaviour = { log, loads: true, turns: [[PERMIT], [{ say: "left alone" }]], resumed: [[PERMIT]] };
  const argv = [Deno.execPath(), "run", "-A", "--no-config", "--no-lock", FAKE_AGENT, JSON.stringify(behaviour)];
  try {
    await using mesh = await TestMesh.create("coder", {
      env: {
        BZZZ_EXECUTOR_KIND: "acp",
        BZZZ_EXECUTOR_ACP_ARGV: JSON.stringify(argv),
        BZZZ_AGENT_CAPABILITIES: "code",
      },
    });
    await mesh.join("ana", { program: "bzzz-hap", role: "reviewer", through: "coder" });
    await mesh.start("ana");
    await mesh.connected("coder", "ana");
    const home = ["--home", mesh.home("ana")];
    const ana = await mesh.node("ana").api();

    const post = async (): Promise<string> =>
      (await ana.postTask({ title: "greet", required_capabilities: ["code"], input: "politely" })).task_id;
    const asked = async (taskId: string): Promise<RequestView> =>
      await waitFor(async () => (await ana.requests({ state: "open" })).find(({ task_id }) => task_id === taskId), {
        timeoutMs: PATIENCE_MS,
        what: "the permission",
        state: () => mesh.node("coder").log.slice(-3000),
      });
    const completed = async (taskId: string): Promise<TaskDetailView> =>
      await waitFor(async () => {
        const task = await ana.task(taskId);
        assert.notEqual(task.state, "failed", task.reason ?? "no reason");
        return task.state === "completed" && task;
      }, { timeoutMs: PATIENCE_MS, what: "the result", state: () => mesh.node("coder").log.slice(-3000) });
    const approve = async ({ request_id, digest }: RequestView): Promise<void> => {
      const { code, stderr } = await run("bzzz-hap", ["approve", request_id, "--digest", digest.slice(-16), ...home]);
      assert.equal(code, 0, stderr);
    };
    const fileOf = (taskId: string): string => `${mesh.home("coder")}/work/acp/${taskId}/files/hello.txt`;

    await t.step("yes: the file is written, the result comes back, people are told that it was done", async () => {
      const taskId = await post();
      const ask = await asked(taskId);
      assert.equal(ask.title, "edit hello.txt");
      assert.equal(ask.action?.verb, "acp.edit");
      assert.match(ask.body ?? "", /Fake Agent asks for permission: Write hello.txt[^]*\+ hello$/);
      await assert.rejects(Deno.stat(fileOf(taskId)), "not before the answer");

      await approve(ask);

      assert.equal((await completed(taskId)).result?.output, "written");
      assert.equal(await Deno.readTextFile(fileOf(taskId)), "hello\n");
      assert.equal((await ana.request(ask.request_id)).performed?.outcome, "done");
      const [prompt] = (await heard()).filter(({ method }) => method === "session/prompt");
      assert.match(
        prompt?.params?.prompt?.[0]?.text ?? "",
        /<<<DATA \w+ input of the task, by ana \(role reviewer\)\npolitely\n/,
      );
    });

    await t.step("no: the reason reaches the coding agent, and the work goes on", async () => {
      const taskId = await post();
      const { request_id } = await asked(taskId);

      assert.equal((await run("bzzz-hap", ["deny", request_id, "not", "in", "this", "repository", ...home])).code, 0);

      const { result } = await completed(taskId);
      assert.equal(result?.output, "not written\n\nleft alone");
      await assert.rejects(Deno.stat(fileOf(taskId)));
      const prompt = (await heard()).findLast(({ method }) => method === "session/prompt");
      assert.match(
        prompt?.params?.prompt?.[0]?.text ?? "",
        /by ana \(role reviewer\)\nnot in this repository\nDATA>>>/,
      );
    });

    await t.step("the agent is killed while it waits: the answer finds the same session again", async () => {
      const taskId = await post();
      const ask = await asked(taskId);
      assert.equal((await running(folder)).length, 1, "its program waits with it");
      await mesh.node("coder").kill();
      await waitFor(async () => (await running(folder)).length === 0, {
        timeoutMs: PATIENCE_MS,
        what: "the end of its program",
      });
      await approve(ask);
      await mesh.start("coder");

      const task = await completed(taskId);

      assert.deepEqual([task.attempt, task.result?.output], [1, "written"]);
      assert.equal(task.history.filter(({ kind }) => kind === "request_opened").length, 1, "asked once");
      assert.equal(await Deno.readTextFile(fileOf(taskId)), "hello\n");
      const methods = (await heard()).map(({ method }) => method).filter((method) => method?.startsWith("session/"));
      assert.deepEqual(methods.slice(-2), ["session/load", "session/prompt"]);
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** The ids of processes whose command line names `text`. */
async function running(text: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => ""); // it may have ended meanwhile
    if (line.includes(text)) found.push(name);
  }
  return found;
}

// The built portal in a real terminal, as a person uses it.
import assert from "node:assert/strict";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { ISOLATED, programEnvironment, programPath, run, runOk } from "../helpers/programs.ts";
import { hasTmux, TmuxWindow } from "../helpers/tmux.ts";

const ENV = { ...programEnvironment(), ...ISOLATED };
const ignore = !await hasTmux();
/** A plan waits this long for objections; the person types one within it. */
const PLAN_WINDOW_MS = 15_000;

async function withHome(body: (home: string) => Promise<void>): Promise<void> {
  const home = await Deno.makeTempDir({ prefix: "bzzz-view-" });
  try {
    await runOk("bzzz-hap", ["init", "--home", home, "--agent-id", "ana"]);
    await body(home);
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

function open(
  home: string,
  size: { columns: number; rows: number },
  flags: readonly string[] = [],
): Promise<TmuxWindow> {
  return TmuxWindow.open([programPath("bzzz-hap"), "--home", home, ...flags], { ...size, env: ENV });
}

/** The process of the program in a window: the header of the executable has replaced itself with it. */
async function pidOf(view: TmuxWindow): Promise<number> {
  return Number(await view.variable("pane_pid"));
}

Deno.test({
  name: "the screen: type, paste, resize, and SIGTERM gives the terminal back",
  ignore,
  fn: async () => {
    await withHome(async (home) => {
      await using view = await open(home, { columns: 110, rows: 30 });
      await view.shows("PEERS");
      assert.equal(await view.variable("alternate_on"), "1");
      await waitFor(async () => await view.variable("pane_title") === "bzzz bzzz", {
        timeoutMs: PATIENCE_MS,
        what: "the title",
      });

      await view.type("hello 会議");
      await view.press("Enter");
      await view.shows(/ana +hello 会議/);
      await view.paste("one\ntwo\n");
      await view.shows("> one ⏎ two");
      await view.press("C-c");
      await view.resize(60, 16);
      await view.shows(/ana: hello 会議/);
      await view.resize(300, 80);
      await view.shows("PEERS");

      Deno.kill(await pidOf(view), "SIGTERM");
      await waitFor(async () => await view.variable("pane_dead") === "1", { timeoutMs: PATIENCE_MS, what: "its end" });
      assert.equal(await view.variable("alternate_on"), "0");
      assert.equal(await view.variable("mouse_any_flag"), "0");
    });
  },
});

Deno.test({
  name: "the text of a channel: found, filtered, marked as unread, and copied into the terminal's clipboard",
  ignore,
  fn: async () => {
    await withHome(async (home) => {
      await using view = await open(home, { columns: 110, rows: 30 });
      await view.shows("PEERS");
      for (const text of ["first 会議 draft", "second", "third"]) {
        await view.type(text);
        await view.press("Enter");
        await view.shows(new RegExp(`ana +${text}`));
      }
      await view.press("M-f");
      await view.shows("/ find");
      await view.type("/DRAFT");
      await view.press("Enter");
      await view.shows(/"DRAFT": 1 of 1/);
      await view.shows(/▌\d\d:\d\d ana +first/);
      await view.type("y");
      await view.shows("Copied the text");
      await waitFor(async () => (await view.clipboard()) === "first 会議 draft", {
        timeoutMs: PATIENCE_MS,
        what: "the text in the clipboard",
      });
      await view.type("m");
      await view.shows(/Unread from here on: \d+ lines/);
      await view.shows(/─ unread ─[^\n]*\n[^\n]*first/);
      await view.type("f!second");
      await view.press("Enter");
      await view.shows("filter: !second (Esc)");
      assert.doesNotMatch(await view.text(), /ana +second/);
      await view.press("Escape");
      await view.shows(/ana +second/);
      await view.press("M-End");
      await view.type("typed again");
      await view.shows("> typed again");
    });
  },
});

Deno.test({
  name: "one node, many views: verbs and a second view attach; a view's end leaves the node",
  ignore,
  fn: async () => {
    await withHome(async (home) => {
      await using node = await open(home, { columns: 100, rows: 24 });
      await node.shows("PEERS");
      await using narrow = await open(home, { columns: 60, rows: 16 });
      await narrow.shows("#hmmm");

      await narrow.type("from the second view");
      await narrow.press("Enter");
      await node.shows("from the second view");
      const piped = await run("bzzz-hap", ["inbox", "--json", "--home", home]);
      assert.equal(piped.code, 0);
      const status = await runOk("bzzz-hap", ["node", "status", "--json", "--home", home]);
      assert.equal(JSON.parse(status).node.agent_id, "ana");
      const { mode } = await Deno.stat(`${home}/run/api.sock`);
      assert.equal((mode ?? 0) & 0o777, 0o600);

      await narrow.type("/quit");
      await narrow.press("Enter");
      await waitFor(async () => await narrow.variable("pane_dead") === "1", {
        timeoutMs: PATIENCE_MS,
        what: "its end",
      });
      assert.equal(await narrow.variable("alternate_on"), "0");
      assert.equal(await node.variable("pane_dead"), "0");

      // the plain form attaches as well, and so does a pipe
      const lines = await run("bzzz-hap", ["--home", home], { stdin: "status\nquit\n" });
      assert.match(lines.stdout, /ana is ready/);
      await using observer = await open(home, { columns: 80, rows: 24 }, ["--observe"]);
      await observer.shows("#hmmm");
      await observer.type("x");
      await observer.press("Enter");
      await observer.shows("this view only observes");
    });
  },
});

Deno.test({
  name: "context and decisions on the screen of a view: read, compare, cite, and vote",
  ignore,
  fn: async () => {
    await withHome(async (home) => {
      await using node = await open(home, { columns: 100, rows: 24 });
      await node.shows("PEERS");
      const verb = async (...args: string[]) =>
        JSON.parse(await runOk("bzzz-hap", [...args, "--json", "--home", home]));
      const { address } = await verb("ucxl", "put", "ucxl://ana:admin@shop:pay/*^/docs/plan.md", "use", "cash");
      await verb("ucxl", "put", address, "use", "cards");
      const proposal = await verb("decide", "propose", "Use a queue");

      await using view = await open(home, { columns: 100, rows: 24 });
      await view.shows("PEERS");
      await view.press("M-b");
      await view.shows(/▌\(\d+\) +ana:admin@/);
      await view.type(`:`);
      await view.press("C-u");
      await view.type(address);
      await view.press("Enter");
      await view.shows("version 2 of 2");
      await view.shows("use cards");
      await view.type("[");
      await view.shows("use cash");
      await view.type("D");
      await view.shows("Compare version 1 with");
      await view.shows(/▌2 +\d{4}-/);
      await view.press("Enter");
      await view.shows("+use cards");
      await view.type("qc");
      await view.shows(/> .*plan\.md\?rev=[0-9a-f]{64}/);
      await view.press("Enter");
      await node.shows(/ana +ucxl:.*@shop:pay/);

      await view.press("M-d");
      await view.shows(/▌open +0\+ 0-/);
      await view.type("v");
      await view.shows("your vote:");
      await waitFor(async () => !(await view.text()).includes("keys are ignored"), {
        timeoutMs: PATIENCE_MS,
        what: "the box to listen",
      });
      await view.type("approve");
      await view.shows(/▌approved +1\+ 0-/);
      assert.equal((await verb("decide", "show", proposal.version.address)).votes[0].vote, "approve");
    });
  },
});

/** A view of ana's node that cannot reach its port: what it shows and sends goes over the socket. */
async function openOverSocket(mesh: TestMesh, size: { columns: number; rows: number }): Promise<TmuxWindow> {
  const path = `${mesh.home("ana")}/run/endpoints.json`;
  const endpoints = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...endpoints, api_url: "http://127.0.0.1:9" }));
  return await open(mesh.home("ana"), size);
}

Deno.test({
  name: "an agent's question and its approval are answered on the screen, over the socket, and reach its work",
  ignore,
  fn: async () => {
    await using mesh = await TestMesh.create("digger");
    await mesh.add("ana", { program: "bzzz-hap", role: "reviewer", through: "digger" });
    await mesh.connected("digger", "ana");
    const digger = await mesh.node("digger").api();
    const completed = (taskId: string) =>
      waitFor(async () => {
        const task = await digger.task(taskId);
        return task.state === "completed" && task;
      }, {
        timeoutMs: PATIENCE_MS,
        what: `task ${taskId} to be completed`,
        state: () => mesh.node("digger").log.slice(-2_000),
      });
    await using view = await openOverSocket(mesh, { columns: 110, rows: 30 });
    await view.shows("● digger");

    const question = { title: "How deep?", body: "In metres." };
    const asked = await digger.postTask({ title: "dig a well", input: JSON.stringify({ steps: 2, ask: question }) });
    await view.shows("1 waiting");
    await view.press("M-r");
    await view.shows(/▌\w{4} +normal digger .*How deep\?/);
    await view.type("w");
    await view.shows("answer: ");
    await view.type("two metres");
    await view.press("Enter");
    await view.shows(/Answered ask \w{4}/);
    const dug = await completed(asked.task_id);
    assert.deepEqual(JSON.parse(dug.result?.output ?? "{}").answer, { decision: "answer", text: "two metres" });

    // a plan that the person objects to: the agent asks whether it may go on all the same
    await view.press("Escape");
    const planned = await digger.postTask({ title: "dig a trench", plan: { window_ms: PLAN_WINDOW_MS } });
    await view.shows("writes plan: Count");
    await view.type(`/hmmm object ${planned.task_id} through the garden`);
    await view.press("Enter");
    await view.shows("1 waiting");
    await view.press("M-r");
    await view.shows("Objection to the plan of: dig a trench");
    await view.type("a");
    await view.shows(/^(?![^]*keys are ignored)[^]*type y to approve/);
    await view.press("Enter");
    await view.type("y");
    await view.shows(/Approved ask \w{4}, once/);
    assert.equal((await completed(planned.task_id)).attempt, 1);
  },
});

// One scenario, every form of the portal: what an agent asks is answered, approved and denied, and reaches its node.
import assert from "node:assert/strict";
import { assertNever } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { findChromium } from "../helpers/chromium.ts";
import { note } from "../helpers/load.ts";
import { TestMesh } from "../helpers/mesh.ts";
import { PATIENCE_MS } from "../helpers/patience.ts";
import { hasTmux } from "../helpers/tmux.ts";
import type { OpenDriver, PersonDriver } from "./scenario/driver.ts";
import { openPage } from "./scenario/page_driver.ts";
import { PERSON_DECIDES, type Step } from "./scenario/steps.ts";
import { openPlain, openScreen } from "./scenario/terminal_drivers.ts";

/** A plan waits this long for objections. */
const PLAN_WINDOW_MS = 8_000;

const chromium = await findChromium();
const tmux = await hasTmux();
if (!chromium) note("no Chromium on this machine: the page is not driven in a browser");
if (!tmux) note("no tmux on this machine: the terminal is not driven");

async function take(step: Step, mesh: TestMesh, person: PersonDriver): Promise<void> {
  const digger = await mesh.node("digger").api();
  switch (step.type) {
    case "asked": {
      const { title, body } = step;
      await digger.postTask({ title: "dig a well", input: JSON.stringify({ steps: 2, ask: { title, body } }) });
      return;
    }
    case "wants_to": {
      const args = [{ name: "remote", value: "origin" }, { name: "ref", value: "main" }];
      const action = { verb: step.verb, target: "main", args, effect: "3 commits", reversible: true };
      await digger.ask({ kind: "approval", stakes: "high", to: { human: "ana" }, title: step.title, action });
      return;
    }
    case "objected": {
      const { task_id: task } = await digger.postTask({ title: step.task, plan: { window_ms: PLAN_WINDOW_MS } });
      const ana = await mesh.node("ana").api(); // a member other than the planner
      const plan = await waitFor(async () => {
        const found = await ana.task(task).catch(() => undefined); // not heard of yet
        return found?.state === "discussing" && found.plan_entry;
      }, { timeoutMs: PATIENCE_MS, what: "a plan" });
      const where = { task_id: task, thread: `task/${task}`, parent: plan };
      await ana.postMessage({ type: "objection", severity: "blocking", text: step.why, ...where });
      return;
    }
    case "sees":
      return await person.sees(step.title);
    case "answers":
      return await person.answer(step.title, step.text);
    case "approves":
      return await person.approve(step.title);
    case "denies":
      return await person.deny(step.title, step.reason);
    case "agent_has": {
      const answered = await waitFor(async () => {
        const found = (await digger.requests()).find((request) => request.title === step.title);
        return found?.answer;
      }, { timeoutMs: PATIENCE_MS, what: `the agent's node to know what became of ${step.title}` });
      assert.equal(answered.decision, step.decision);
      assert.equal(answered.text ?? answered.reason ?? "", step.words);
      assert.equal(answered.by.agent_id, "ana");
      return;
    }
    default:
      return assertNever(step);
  }
}

function scenario(name: string, open: OpenDriver, isPossible: boolean): void {
  Deno.test({
    name: `F-77 a person answers, approves and denies: ${name}`,
    ignore: !isPossible,
    fn: async () => {
      await using mesh = await TestMesh.create("digger");
      await mesh.add("ana", { program: "bzzz-hap", role: "reviewer", through: "digger" });
      await mesh.connected("digger", "ana");
      await using person = await open(mesh.home("ana"));
      for (const step of PERSON_DECIDES) await take(step, mesh, person);
    },
  });
}

scenario("in lines", openPlain, tmux);
scenario("on the full screen", openScreen, tmux);
const page = (hasScripts: boolean): OpenDriver => (home) => openPage(home, { program: chromium ?? "", hasScripts });
scenario("on the page", page(true), chromium !== undefined);
scenario("on the page, with JavaScript off", page(false), chromium !== undefined);

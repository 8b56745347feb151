import assert from "node:assert/strict";
import { ManualClock } from "@bzzz/base/testing";
import type { Journal } from "@bzzz/journal";
import type { ExecutionMode } from "@bzzz/runtime";
import { MockExecutor } from "./executors/mock.ts";
import { AgentExecution, type AgentJournal, type AgentRunner } from "./mod.ts";
import { FakeMesh } from "./testing.ts";

interface Services {
  readonly runner: AgentRunner;
}

/** Holds by compiling: the parts fit without naming each other. */
const fits = {
  execution: (execution: AgentExecution<Services>): ExecutionMode<Services> => execution,
  journal: (journal: Journal): AgentJournal => journal,
};

function createServices(): { clock: ManualClock; services: Services } {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock);
  return { clock, services: { runner: mesh.createAgent(mesh.addNode("agent"), new MockExecutor({ clock })) } };
}

Deno.test("run() works until its signal aborts, and has drained when it resolves", async () => {
  const { clock, services } = createServices();
  const execution = new AgentExecution<Services>({ runnerOf: ({ runner }) => runner });
  assert.equal(typeof fits.journal, "function");
  const controller = new AbortController();
  const running = fits.execution(execution).run(services, { signal: controller.signal });

  controller.abort();
  await running;

  assert.equal(services.runner.status().status, "draining");
  assert.equal(clock.pendingTimers, 0);
  assert.equal(execution.getType(), "agent");
});

Deno.test("stop() ends run(), also before it has begun, and may be called again", async () => {
  const { services } = createServices();
  const execution = new AgentExecution<Services>({ runnerOf: ({ runner }) => runner });
  const running = execution.run(services, { signal: new AbortController().signal });
  await Promise.all([execution.stop(), execution.stop(), running]);

  const early = new AgentExecution<Services>({ runnerOf: () => assert.fail("was started") });
  await early.stop();
  await early.run(services, { signal: new AbortController().signal });
});

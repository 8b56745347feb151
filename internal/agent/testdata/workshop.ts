// A mesh in memory whose agents work for a person, and who did what: for the tests of the runner.
import assert from "node:assert/strict";
import type { RequestId, TaskId } from "@bzzz/base";
import { ManualClock } from "@bzzz/base/testing";
import { MockExecutor } from "../executors/mock.ts";
import type { ExecutionIo, ExecutionJob, ExecutionResult, Executor } from "../mod.ts";
import { FakeMesh, type FakeNode } from "../testing.ts";

/** Mock work that remembers who did what, and how much at once. */
export class Workshop {
  readonly runs: {
    readonly taskId: TaskId;
    readonly attempt: number;
    readonly token: number;
    readonly node: string;
    answers: number;
  }[] = [];
  readonly most = new Map<string, number>();
  readonly #mock: MockExecutor;
  readonly #running = new Map<string, number>();
  readonly #tasks = new Map<symbol, TaskId>();

  constructor(clock: ManualClock) {
    this.#mock = new MockExecutor({ clock });
  }

  at(node: FakeNode): Executor {
    return { name: "workshop", run: (job, io) => this.#run(node.grant.agentId, job, io) };
  }

  /** Runs at the moment on a node. */
  running(node: FakeNode): number {
    return this.#running.get(node.grant.agentId) ?? 0;
  }

  finishedOnce(taskId: TaskId): boolean {
    return this.runs.filter((run) => run.taskId === taskId).length === 1;
  }

  async #run(node: string, job: ExecutionJob, io: ExecutionIo): Promise<ExecutionResult> {
    this.runs.push({ taskId: job.taskId, attempt: job.attempt, token: job.token, node, answers: job.answers.length });
    const running = (this.#running.get(node) ?? 0) + 1;
    this.#running.set(node, running);
    this.most.set(node, Math.max(running, this.most.get(node) ?? 0));
    const ofTask = [...this.#tasks.values()].filter((id) => id === job.taskId).length + 1;
    const run = Symbol("run");
    this.#tasks.set(run, job.taskId);
    this.most.set("task", Math.max(ofTask, this.most.get("task") ?? 0));
    try {
      return await this.#mock.run(job, io);
    } finally {
      this.#running.set(node, (this.#running.get(node) ?? 0) - 1);
      this.#tasks.delete(run);
    }
  }
}

export interface World {
  readonly clock: ManualClock;
  readonly mesh: FakeMesh;
  readonly shop: Workshop;
  readonly ana: FakeNode;
  readonly agents: FakeNode[];
}

export function createWorld(agents: number, options: { latencyMs?: number } = {}): World {
  const clock = new ManualClock();
  const mesh = new FakeMesh(clock, options);
  const ana = mesh.addPerson("ana");
  const nodes = Array.from({ length: agents }, (_, i) => mesh.addNode(`agent-${i}`));
  return { clock, mesh, shop: new Workshop(clock), ana, agents: nodes };
}

/** Who holds the task, by ana's journal. */
export function holderOf({ ana, agents }: World, taskId: TaskId): FakeNode {
  const node = agents.find((n) => n.peer === ana.task(taskId)?.holder);
  assert.ok(node, "nobody holds the task");
  return node;
}

export function firstRequest(node: FakeNode): RequestId {
  const [request] = node.bodies("request_opened");
  assert.ok(request, "nobody was asked");
  return request.requestId;
}

export const SECOND = 1000;
export const slow = (stepMs: number): string => JSON.stringify({ text: "a b c", step_ms: stepMs });
export const asking = JSON.stringify({ text: "a b c", ask: { title: "Go on?", body: "It is late" } });

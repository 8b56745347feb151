/**
 * Voters as built programs, each on a host of its own in a LAN of namespaces, and what a test asks of them.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { ApiClient, TaskDetailView } from "@bzzz/api";
import { waitFor } from "@bzzz/base/testing";
import { TestMesh } from "./mesh.ts";
import { TestLan } from "./netns.ts";
import { SlowLinks } from "./slow_links.ts";
import type { RunningNode } from "./programs.ts";
import { allTasks, assertFenced, decisionsOf } from "./tasks.ts";
import type { SlowLink } from "./netns.ts";

/** Where the programs listen: each on a host of its own, so all can have the same. */
export const P2P_PORT = 9000;
const NAMES = ["atlas", "basil", "cedar", "dahlia", "elder"] as const;
const ENV: Readonly<Record<string, string>> = {
  BZZZ_NETWORK_LISTEN_HOST: "0.0.0.0",
  BZZZ_NETWORK_P2P_PORT: String(P2P_PORT),
  BZZZ_COORDINATION_PRESENCE_INTERVAL_SECONDS: "1",
  BZZZ_COORDINATION_PRESENCE_TIMEOUT_SECONDS: "3",
  BZZZ_COORDINATION_LEASE_SECONDS: "5",
  BZZZ_AGENT_MAX_TASKS: "2",
  BZZZ_AGENT_CAPABILITIES: "dig",
};
/** How long something that must happen may take on a machine with much else to do. */
export const PATIENCE_MS = 90_000;

/** How to make the links slow; before the mesh exists, so that all of its life is slow. */
export interface VotersOptions {
  readonly count: 3 | 5;
  readonly env?: Readonly<Record<string, string>>;
  readonly relayed?: SlowLink;
  readonly netem?: SlowLink;
}

/** A mesh of voters that are workers as well. Dispose stops and removes all. */
export class VotersLan implements AsyncDisposable {
  readonly lan: TestLan;
  readonly mesh: TestMesh;
  readonly names: readonly string[];
  readonly #resources: AsyncDisposableStack;

  private constructor(lan: TestLan, mesh: TestMesh, names: readonly string[], resources: AsyncDisposableStack) {
    this.lan = lan;
    this.mesh = mesh;
    this.names = names;
    this.#resources = resources;
  }

  static async create({ count, env, relayed, netem }: VotersOptions): Promise<VotersLan> {
    await using resources = new AsyncDisposableStack();
    const lan = resources.use(await TestLan.create(count));
    for (const index of netem ? lan.hosts.keys() : []) if (netem) await lan.delay(index, netem);
    if (relayed) resources.use(await SlowLinks.create(lan, P2P_PORT, relayed));
    const names = NAMES.slice(0, count);
    const optionsOf = (index: number) => ({ netns: lan.host(index).netns, env: { ...ENV, ...env } });
    const mesh = resources.use(await TestMesh.create(NAMES[0], optionsOf(0)));
    for (const [index, name] of names.entries()) {
      if (index > 0) await mesh.add(name, { through: NAMES[0], ...optionsOf(index) });
    }
    const voters = new VotersLan(lan, mesh, names, resources.move());
    try {
      await voters.#makeVoters();
      return voters;
    } catch (error) {
      await voters[Symbol.asyncDispose]();
      throw error;
    }
  }

  indexOf(name: string): number {
    return this.names.indexOf(name);
  }

  others(...without: readonly string[]): string[] {
    return this.names.filter((name) => !without.includes(name));
  }

  node(name: string): RunningNode {
    return this.mesh.node(name);
  }

  api(name: string): Promise<ApiClient> {
    return this.lan.apiOf(this.indexOf(name), this.node(name));
  }

  /** The last words of every node, for a failure. */
  logs(): string {
    return this.names.map((name) => `--- ${name}\n${this.node(name).log.slice(-1500)}`).join("\n");
  }

  async wait<T>(what: string, condition: () => Promise<T | undefined | false>): Promise<T> {
    // `waitFor` gives back what is neither undefined nor false
    return await waitFor(condition, { timeoutMs: PATIENCE_MS, what, state: () => this.logs() }) as T;
  }

  /** Who leads, once all of `names` follow the same one of them. */
  async leaderAmong(names: readonly string[]): Promise<string> {
    const apis = await Promise.all(names.map((name) => this.api(name)));
    return await this.wait(`${names.join(", ")} to follow one of them`, async () => {
      const views = await Promise.all(apis.map((api) => api.election()));
      const [leader] = new Set(views.map((view) => view.leader?.agent_id));
      const isShared = views.every((view) => view.leader?.agent_id === leader);
      return isShared && leader !== undefined && names.includes(leader) && leader;
    });
  }

  /** Posts work of about `seconds` for whoever takes it. */
  async post(at: string, title: string, seconds: number): Promise<string> {
    const input = JSON.stringify({ steps: 4 * seconds, step_ms: 250, text: "a b c" });
    const { task_id } = await (await this.api(at)).postTask({ title, required_capabilities: ["dig"], input });
    return task_id;
  }

  /** A task that `holder` works on, as `at` sees it; others are given work as well until it has some. */
  async busy(holder: string, at: string, seconds: number): Promise<string> {
    const api = await this.api(at);
    // two slots an agent: with one task more than the others can take, one is the holder's
    for (let i = 0; i < 2 * (this.names.length - 1) + 1; i++) await this.post(at, `hole ${i}`, seconds);
    return await this.wait(`${holder} to work`, async () => {
      const working = await api.tasks({ state: "executing", limit: 1000 });
      return working.find((task) => task.holder?.agent_id === holder)?.task_id;
    });
  }

  /** Waits until that task is completed as `at` sees it. */
  async completed(taskId: string, at: string): Promise<void> {
    const api = await this.api(at);
    await this.wait(`task ${taskId} to be completed`, async () => (await api.task(taskId)).state === "completed");
  }

  /** Waits until a holder that is not `lost` has had the task, under a newer token. */
  async takenOver(taskId: string, lost: string, at: string): Promise<void> {
    const api = await this.api(at);
    await this.wait(`task ${taskId} of ${lost} to be taken over`, async () => {
      const task = await api.task(taskId);
      const [first, ...later] = decisionsOf(task).filter(({ holder }) => holder !== undefined);
      return first !== undefined && later.some(({ token, holder }) => token > first.token && holder !== first.holder);
    });
  }

  /** Waits until the node says that it cannot decide, and why. */
  async degraded(name: string): Promise<void> {
    const api = await this.api(name);
    const reason = await this.wait(`${name} to be degraded`, async () => {
      return (await api.status()).reasons.find((text) => text.includes("voters can be reached"));
    });
    assert.match(reason, /\d of \d voters can be reached, \d are needed/);
  }

  /** All nodes run, see a quorum and each other, follow one leader, and every task is over. */
  async calm(): Promise<void> {
    await this.leaderAmong(this.names);
    for (const name of this.names) {
      const api = await this.api(name);
      await this.wait(`${name} to have a quorum and no open task`, async () => {
        const { has_quorum } = await api.voters();
        const tasks = await api.tasks({ limit: 1000 });
        return has_quorum && tasks.every(({ state }) => state === "completed" || state === "failed");
      });
    }
  }

  /**
   * What every journal says: one holder a token, what counts was told by its holder, nothing that was acknowledged is gone, and
   * all say the same. Stops the nodes, and has each check the signatures of its own.
   */
  async audit(acknowledged: ReadonlySet<string>): Promise<TaskDetailView[]> {
    const apis = await Promise.all(this.names.map((name) => this.api(name)));
    const first = (await allTasks(apis[0] ?? assert.fail("there is no node"))).sort(byId);
    for (const task of first) {
      assertFenced(task);
      // three lost tries are the end by the rules; nothing else but a result is
      assert.ok(task.state === "completed" || task.spent >= 3, `${task.title} is ${task.state}`);
    }
    const finished = new Set(first.filter(({ state }) => state === "completed").map(({ task_id }) => task_id));
    for (const id of acknowledged) assert.ok(finished.has(id), `the result of ${id} is lost`);
    const ends = (tasks: readonly TaskDetailView[]) =>
      tasks.map(({ task_id, state, result, spent }) => [task_id, state, result?.output, spent]);
    for (const [index, api] of apis.entries()) {
      await this.wait(`${this.names[index]} to have the same history`, async () => {
        const tasks = (await allTasks(api)).sort(byId);
        return JSON.stringify(ends(tasks)) === JSON.stringify(ends(first));
      });
      for (const task of await allTasks(api)) assertFenced(task);
    }
    await Promise.all(this.names.map((name) => this.node(name).stop()));
    for (const name of this.names) await this.mesh.verify(name);
    return first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]();
  }

  async #makeVoters(): Promise<void> {
    const api = await this.api(this.names[0] ?? assert.fail("there is no node"));
    await this.wait("all to be connected", async () => (await api.status()).peers.connected === this.names.length - 1);
    for (const [index, name] of this.names.slice(1).entries()) {
      await api.addVoter(name);
      await this.wait(`${name} to vote`, async () => {
        const { voters, is_changing, has_quorum } = await api.voters();
        return voters.length === index + 2 && !is_changing && has_quorum;
      });
    }
    await this.leaderAmong(this.names);
  }
}

function byId(a: TaskDetailView, b: TaskDetailView): number {
  return a.task_id < b.task_id ? -1 : 1;
}

/**
 * What happens in the demo, act by act. Every line of the time line comes from what a program printed, what its API said, or
 * an entry of the journal; where something is not as it should be, the story fails.
 *
 * @module
 */
import type { EntryView, StatusView, TaskDetailView } from "@bzzz/api";
import { nameOf, shortTaskId } from "@bzzz/cli";
import { CLAIM_STEP_MS, rankCandidates } from "@bzzz/coordinator";
import type { Clock } from "@bzzz/base";
import { waitFor } from "@bzzz/base/testing";
import { CommandFailed, type DemoNode, type ProgramName, type Programs } from "./programs.ts";
import { alterJournal } from "./alter_journal.ts";
import type { Timeline } from "./timeline.ts";
import { Watcher } from "./watcher.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const FOUNDER = "atlas";
const AGENTS = [FOUNDER, "basil", "cedar"] as const;
const PERSON = "ana";
const LATE = "dune";
const TITLE = "Survey the source of this project";
const WAIT_MS = 30_000;

/** Tells the whole story. @throws CommandFailed, or what a wait that was too long says */
export async function tellStory(deps: { clock: Clock; programs: Programs; timeline: Timeline }): Promise<void> {
  const story = new Story(deps);
  await story.formMesh();
  await using watcher = new Watcher(
    await deps.programs.nodes.get(PERSON)?.api() ?? fail("nobody is here"),
    deps.timeline,
  );
  const taskId = await story.postTask(watcher);
  await story.answerQuestion(watcher, taskId);
  await story.showResult(watcher, taskId);
  await story.lateJoiner(taskId);
  await story.verify(taskId);
  await watcher[Symbol.asyncDispose]();
  await story.end();
}

class Story {
  readonly #clock: Clock;
  readonly #programs: Programs;
  readonly #timeline: Timeline;

  constructor(deps: { clock: Clock; programs: Programs; timeline: Timeline }) {
    this.#clock = deps.clock;
    this.#programs = deps.programs;
    this.#timeline = deps.timeline;
  }

  async formMesh(): Promise<void> {
    const { event } = this.#told();
    this.#timeline.heading("A mesh of three agents and a person");
    const [founded] = await this.#json<{ mesh_name: string; mesh_id: string; recovery_shares: string[] }>(
      FOUNDER,
      "bzzz-agent",
      ["init", "--mesh", "demo", "--agent-id", FOUNDER],
    );
    if (!founded) fail("init printed nothing");
    event(
      FOUNDER,
      `founded mesh ${founded.mesh_name} ${
        founded.mesh_id.slice(0, 8)
      }…, with ${founded.recovery_shares.length} recovery shares`,
    );
    await this.#start(FOUNDER, "bzzz-agent");
    await Promise.all([...AGENTS.filter((name) => name !== FOUNDER), PERSON].map((name) => this.#joinAndStart(name)));
    const nodes = [...AGENTS, PERSON];
    await Promise.all(nodes.map((name) => this.#until(name, (status) => status.peers.connected === nodes.length - 1)));
    await this.#untilPresent();
    event("mesh", `${nodes.length} nodes, each connected to the ${nodes.length - 1} others, without a server`);
  }

  /** Posts the task through the portal; its full id. */
  async postTask(watcher: Watcher): Promise<string> {
    this.#timeline.heading("A task, and who takes it");
    const agents = await (await this.#node(PERSON).api()).agents();
    await this.#type(PERSON, "bzzz-hap", ["task", "post", "--capability", "survey", TITLE]);
    const taskId = (await watcher.entry("task_posted")).task_id ?? fail("the posted task has no id");
    const ranked = rankCandidates(
      { taskId, requiredCapabilities: ["survey"] },
      agents.filter((agent) => agent.binary_type === "agent").map((agent) => ({
        name: agent.agent_id,
        peer: agent.peer_id as Parameters<typeof rankCandidates>[1][number]["peer"], // by the API's schema
        role: agent.role,
        capabilities: agent.capabilities,
        activeTasks: agent.active_tasks,
        maxTasks: agent.max_tasks,
        weight: agent.max_tasks,
      })),
    );
    const claim = await watcher.entry("task_claimed");
    const order = ranked.map(({ name }, rank) =>
      `${name} ${rank === 0 ? "at once" : `after ${rank * CLAIM_STEP_MS} ms`}`
    );
    this.#timeline.event("mesh", `who may claim it, by a ranking every node works out alone: ${order.join(", ")}`);
    await watcher.entry("task_progress");
    const claims = watcher.entries.filter(({ kind }) => kind === "task_claimed").length;
    const others = claims === 1 ? "nobody else tried" : `${claims - 1} other claims lost`;
    this.#timeline.event("mesh", `${nameOf(claim.author)} holds it, ${others}`);
    return taskId;
  }

  async answerQuestion(watcher: Watcher, taskId: string): Promise<void> {
    await watcher.entry("task_blocked", (entry) => entry.task_id === taskId);
    this.#timeline.heading("The agent asks, the person answers");
    const [ask] = await (await this.#node(PERSON).api()).requests({ state: "pending" });
    if (!ask) fail("nobody asks the person anything");
    await this.#type(PERSON, "bzzz-hap", ["inbox"]);
    await this.#type(PERSON, "bzzz-hap", ["show", ask.short_id]);
    await this.#type(PERSON, "bzzz-hap", ["answer", ask.short_id, "leave them out"]);
    await watcher.entry("task_completed", (entry) => entry.task_id === taskId);
  }

  async showResult(watcher: Watcher, taskId: string): Promise<void> {
    this.#timeline.heading("The result");
    const task = await (await this.#node(PERSON).api()).task(taskId);
    const result = task.result ?? fail(`the task is ${task.state} and has no result`);
    this.#timeline.event(nameOf(lastOf(watcher.entries, "task_completed").author), result.summary);
    this.#timeline.block(result.output);
  }

  async lateJoiner(taskId: string): Promise<void> {
    const { event } = this.#told();
    this.#timeline.heading("Someone comes late, and has the whole history");
    await this.#join(LATE, "bzzz-agent");
    const startedMs = this.#clock.monotonicMs();
    await this.#start(LATE, "bzzz-agent");
    const there = (await (await this.#node(FOUNDER).api()).status()).journal;
    const here = await this.#until(LATE, ({ journal }) => journal.entries >= there.entries);
    const tookMs = Math.round(this.#clock.monotonicMs() - startedMs);
    event(LATE, `has ${here.journal.entries} entries of ${here.journal.authors} authors, ${tookMs} ms after its start`);
    await this.#type(LATE, "bzzz-agent", ["task", "show", shortTaskId(taskId)]);
    const task = await (await this.#node(LATE).api()).task(taskId);
    this.#expectOneExecution(task);
  }

  /** Stops the late joiner, and has its journal verified from the disk alone: as it is, and with one digit altered. */
  async verify(taskId: string): Promise<void> {
    const { event } = this.#told();
    this.#timeline.heading("The proof, offline");
    const summary = (await (await this.#node(LATE).api()).task(taskId)).result?.summary ?? fail("there is no result");
    await this.#stop(LATE);
    await this.#seenAs(FOUNDER, LATE, "left");
    await this.#type(LATE, "bzzz-agent", ["audit", "verify"]);
    const copy = `${LATE}-altered`;
    await alterJournal({ from: this.#programs.home(LATE), to: this.#programs.home(copy), text: summary });
    event(LATE, "the same in a copy of this journal, after one digit of the result was altered on the disk:");
    const { code } = await this.#timeline.command(LATE, ["bzzz-agent", "audit", "verify", "--home", copy], async () => {
      const { code, stdout, stderr } = await this.#programs.run(copy, "bzzz-agent", ["audit", "verify"]);
      return { code, output: `${stdout}${stderr}exit status ${code}` };
    });
    if (code === 0) fail("an altered journal was called verified");
  }

  async end(): Promise<void> {
    this.#timeline.heading("The end");
    await Promise.all(
      [...this.#programs.nodes.values()].filter(({ status }) => !status).map(({ name }) => this.#stop(name)),
    );
  }

  async #joinAndStart(name: string): Promise<void> {
    const program = name === PERSON ? "bzzz-hap" : "bzzz-agent";
    await this.#join(name, program);
    await this.#start(name, program);
  }

  async #join(name: string, program: ProgramName): Promise<void> {
    const binary = program === "bzzz-hap" ? "hap" : "agent";
    const invite = ["invite", "--role", "developer", "--binary", binary, "--ttl", "10m"];
    const [invited] = await this.#json<{ token: string }>(FOUNDER, "bzzz-agent", invite);
    // the token goes through standard input: it is a secret
    const [joined] = await this.#json<{ role: string }>(
      name,
      program,
      ["join", "--agent-id", name, "-"],
      invited?.token,
    );
    this.#timeline.event(name, `joined with a one-time token of ${FOUNDER}, as ${joined?.role}`);
  }

  async #start(name: string, program: ProgramName): Promise<DemoNode> {
    const node = await this.#programs.start(name, program, program === "bzzz-agent" ? WORKER : {});
    const address = node.endpoints?.p2p_addresses[0] ?? "no address";
    this.#timeline.event(name, `runs ${program}, pid ${node.endpoints?.pid}, ${address.replace(/\/p2p\/.*$/, "")}`);
    return node;
  }

  async #stop(name: string): Promise<void> {
    const { code } = await this.#node(name).stop();
    if (code !== 0) fail(`${name} ended with status ${code}`);
    this.#timeline.event(name, `left in good order, exit status ${code}`);
  }

  /** Runs a command as a person types it, and shows it with what it prints. */
  async #type(name: string, program: ProgramName, args: readonly string[]): Promise<void> {
    await this.#timeline.command(name, [program, ...args], async () => ({
      output: await this.#programs.runOk(name, program, args),
    }));
  }

  async #seenAs(name: string, other: string, presence: string): Promise<void> {
    const client = await this.#node(name).api();
    const agent = await waitFor(
      async () => (await client.agents()).find((one) => one.agent_id === other && one.presence === presence),
      { timeoutMs: WAIT_MS, what: `${name} to see that ${other} is "${presence}"` },
    );
    this.#timeline.event(name, `sees ${agent.agent_id} as "${agent.presence}"`);
  }

  async #json<T>(
    name: string,
    program: ProgramName,
    args: readonly string[],
    input?: string,
  ): Promise<T[]> {
    const text = await this.#programs.runOk(name, program, [...args, "--json"], input);
    // the documented form of the command: one object a line
    return text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as T);
  }

  async #until(name: string, fits: (status: StatusView) => boolean): Promise<StatusView> {
    const client = await this.#node(name).api();
    let status = await client.status();
    await waitFor(async () => fits(status = await client.status()), {
      timeoutMs: WAIT_MS,
      what: `the state of ${name}`,
      state: () => status,
    });
    return status;
  }

  /** The person's node has heard every agent say that it is ready, so that the ranking below is the agents' own. */
  async #untilPresent(): Promise<void> {
    const client = await this.#node(PERSON).api();
    await waitFor(async () => {
      const ready = (await client.agents()).filter(({ presence }) => presence === "ready").map(({ agent_id }) =>
        agent_id
      );
      return AGENTS.every((name) => ready.includes(name));
    }, { timeoutMs: WAIT_MS, what: "every agent to be present" });
  }

  #expectOneExecution(task: TaskDetailView): void {
    const started = new Set(task.history.filter(isStart).map(({ author }) => author.peer_id)).size;
    const finished = task.history.filter(({ kind }) => kind === "task_completed").length;
    if (started !== 1 || finished !== 1) fail(`the task was started by ${started} and finished ${finished} times`);
    this.#timeline.event("mesh", `${task.history.length} signed entries: started by exactly ${started}, finished once`);
  }

  #node(name: string): DemoNode {
    return this.#programs.nodes.get(name) ?? fail(`${name} does not run`);
  }

  #told(): { event: Timeline["event"] } {
    return { event: (who, text) => this.#timeline.event(who, text) };
  }
}

/** What makes an agent fit for the task: the one program it may start, with the right to read this project and no more. */
const WORKER: Readonly<Record<string, string>> = {
  BZZZ_AGENT_CAPABILITIES: "survey",
  BZZZ_EXECUTOR_KIND: "process",
  BZZZ_EXECUTOR_PROCESS_COMMANDS: JSON.stringify([{
    name: "survey",
    argv: [
      Deno.execPath(),
      "run",
      "--quiet",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-prompt",
      `--allow-read=${ROOT}`,
      `${ROOT}test/demo/survey.ts`,
      ROOT,
    ],
  }]),
};

function isStart(entry: EntryView): boolean {
  return entry.kind === "task_progress" && entry.body?.["percent"] === 0;
}

function lastOf(entries: readonly EntryView[], kind: string): EntryView {
  return entries.findLast((entry) => entry.kind === kind) ?? fail(`there is no ${kind}`);
}

function fail(why: string): never {
  throw new CommandFailed(why);
}

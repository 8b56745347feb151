/**
 * What happens in the demo, act by act. Every line of the time line comes from what a program printed, what its API said, or
 * an entry of the journal; where something is not as it should be, the story fails.
 *
 * @module
 */
import type { EntryView, TaskDetailView } from "@bzzz/api";
import { nameOf, shortTaskId } from "@bzzz/cli";
import { CLAIM_STEP_MS, rankCandidates } from "@bzzz/coordinator";
import type { Clock } from "@bzzz/base";
import { alterJournal } from "./alter_journal.ts";
import { cutVotersOff, replaceLeader } from "./leadership.ts";
import type { Programs } from "./programs.ts";
import { AGENTS, fail, FOUNDER, LATE, LEASE_SECONDS, PERSON, Stage } from "./stage.ts";
import type { Timeline } from "./timeline.ts";
import { Watcher } from "./watcher.ts";

const TITLE = "Survey the source of this project";
const LOST_TITLE = "Survey it once more, slowly";
/** Each of some seven folders takes so long: the work is under way when its holder is killed. */
const PAUSE_MS = 500;

/** Tells the whole story. @throws CommandFailed, or what a wait that was too long says */
export async function tellStory(deps: { clock: Clock; programs: Programs; timeline: Timeline }): Promise<void> {
  const stage = new Stage(deps);
  const story = new Story(stage);
  await story.formMesh();
  await using watcher = new Watcher(await stage.node(PERSON).api(), deps.timeline);
  const taskId = await story.postTask(watcher);
  await story.answerQuestion(watcher, taskId);
  await story.showResult(watcher, taskId);
  await story.loseHolder(watcher);
  await replaceLeader(stage);
  await cutVotersOff(stage, watcher);
  await story.lateJoiner(taskId);
  await story.verify(taskId);
  await watcher[Symbol.asyncDispose]();
  await story.end();
}

class Story {
  readonly #stage: Stage;

  constructor(stage: Stage) {
    this.#stage = stage;
  }

  async formMesh(): Promise<void> {
    const { event } = this.#stage.told();
    this.#stage.timeline.heading("A mesh of three agents and a person");
    const [founded] = await this.#stage.json<{ mesh_name: string; mesh_id: string; recovery_shares: string[] }>(
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
    await this.#stage.start(FOUNDER, "bzzz-agent");
    await Promise.all(
      [...AGENTS.filter((name) => name !== FOUNDER), PERSON].map((name) => this.#stage.joinAndStart(name)),
    );
    const others = await this.#stage.untilConnected();
    await this.#stage.untilPresent();
    event("mesh", `${others + 1} nodes, each connected to the ${others} others, without a server`);
    await this.#addVoters();
  }

  /** A mesh is founded with one voter; with three, one may be gone. */
  async #addVoters(): Promise<void> {
    for (const [index, name] of AGENTS.filter((name) => name !== FOUNDER).entries()) {
      await this.#stage.type(FOUNDER, "bzzz-agent", ["operator", "voters", "add", name]);
      await this.#stage.untilStable(FOUNDER, index + 2);
    }
    await Promise.all(AGENTS.map((name) => this.#stage.untilStable(name, AGENTS.length)));
    this.#stage.timeline.event("mesh", `${AGENTS.length} nodes vote: any one of them may be gone`);
  }

  /** Posts the task through the portal; its full id. */
  async postTask(watcher: Watcher): Promise<string> {
    this.#stage.timeline.heading("A task, and who takes it");
    const agents = await (await this.#stage.node(PERSON).api()).agents();
    await this.#stage.type(PERSON, "bzzz-hap", ["task", "post", "--capability", "survey", TITLE]);
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
    const claim = await watcher.entry("task_decided", (entry) => stateOf(entry) === "executing");
    const order = ranked.map(({ name }, rank) =>
      `${name} ${rank === 0 ? "at once" : `after ${rank * CLAIM_STEP_MS} ms`}`
    );
    this.#stage.timeline.event(
      "mesh",
      `who may claim it, by a ranking every node works out alone: ${order.join(", ")}`,
    );
    await watcher.entry("task_progress");
    this.#stage.timeline.event(
      "mesh",
      `${nameOf(claim.author)} holds it: a majority of the voters signed its claim, token 1`,
    );
    return taskId;
  }

  async answerQuestion(watcher: Watcher, taskId: string): Promise<void> {
    await watcher.entry("task_decided", (entry) => entry.task_id === taskId && stateOf(entry) === "blocked");
    this.#stage.timeline.heading("The agent asks, the person answers");
    const [ask] = await (await this.#stage.node(PERSON).api()).requests({ state: "pending" });
    if (!ask) fail("nobody asks the person anything");
    await this.#stage.type(PERSON, "bzzz-hap", ["inbox"]);
    await this.#stage.type(PERSON, "bzzz-hap", ["show", ask.short_id]);
    await this.#stage.type(PERSON, "bzzz-hap", ["answer", ask.short_id, "leave them out"]);
    await watcher.entry("task_decided", (entry) => entry.task_id === taskId && stateOf(entry) === "completed");
  }

  async showResult(watcher: Watcher, taskId: string): Promise<void> {
    this.#stage.timeline.heading("The result");
    const task = await (await this.#stage.node(PERSON).api()).task(taskId);
    const result = task.result ?? fail(`the task is ${task.state} and has no result`);
    this.#stage.timeline.event(nameOf(lastOf(watcher.entries, "task_completed").author), result.summary);
    this.#stage.timeline.block(result.output);
  }

  /** A task whose holder is killed in the middle of its work, and what becomes of it. */
  async loseHolder(watcher: Watcher): Promise<void> {
    const { event } = this.#stage.told();
    this.#stage.timeline.heading("The holder is killed, and another finishes its work");
    // the founder is to lead a little longer: the others do the work that is going to be disturbed
    await this.#stage.type(PERSON, "bzzz-hap", [
      ...["task", "post", "--capability", "survey", "--role", "developer", "--input", `pause ${PAUSE_MS}`],
      LOST_TITLE,
    ]);
    const isIt = (entry: EntryView) => entry.body?.["title"] === LOST_TITLE;
    const taskId = (await watcher.entry("task_posted", isIt)).task_id ?? fail("the posted task has no id");
    const begun = await watcher.entry(
      "task_progress",
      (entry) => entry.task_id === taskId && Number(entry.body?.["percent"]) > 0,
    );
    const holder = nameOf(begun.author);
    await this.#stage.node(holder).kill();
    event(holder, "killed with SIGKILL in the middle of its work");
    const killedMs = this.#stage.clock.monotonicMs();
    await watcher.entry("task_decided", (entry) => entry.task_id === taskId && tokenOf(entry) === 2);
    const tookMs = Math.round(this.#stage.clock.monotonicMs() - killedMs);
    const done = await watcher.entry("task_completed", (entry) => entry.task_id === taskId);
    await watcher.entry("task_decided", (entry) => entry.task_id === taskId && stateOf(entry) === "completed");
    const heir = nameOf(done.author);
    event(
      "mesh",
      `${heir} got it ${tookMs} ms later, when the lease of ${holder} was over (${LEASE_SECONDS} s × 1.25)`,
    );
    const task = await (await this.#stage.node(PERSON).api()).task(taskId);
    const tries = task.attempts.map(({ holder, token, outcome }) => `token ${token} ${nameOf(holder)} ${outcome}`);
    if (tries.length !== 2 || task.state !== "completed") fail(`the task is ${task.state} after ${tries.join(", ")}`);
    event("mesh", `${tries.join(", ")}: what ${holder} might still say under token 1 is refused`);
    await this.#stage.start(holder, "bzzz-agent");
  }

  async lateJoiner(taskId: string): Promise<void> {
    const { event } = this.#stage.told();
    this.#stage.timeline.heading("Someone comes late, and has the whole history");
    await this.#stage.join(LATE, "bzzz-agent");
    const startedMs = this.#stage.clock.monotonicMs();
    await this.#stage.start(LATE, "bzzz-agent");
    const there = (await (await this.#stage.node(FOUNDER).api()).status()).journal;
    const here = await this.#stage.until(LATE, ({ journal }) => journal.entries >= there.entries);
    const tookMs = Math.round(this.#stage.clock.monotonicMs() - startedMs);
    event(LATE, `has ${here.journal.entries} entries of ${here.journal.authors} authors, ${tookMs} ms after its start`);
    await this.#stage.type(LATE, "bzzz-agent", ["task", "show", shortTaskId(taskId)]);
    const task = await (await this.#stage.node(LATE).api()).task(taskId);
    this.#expectOneExecution(task);
  }

  /** Stops the late joiner, and has its journal verified from the disk alone: as it is, and with one digit altered. */
  async verify(taskId: string): Promise<void> {
    const { event } = this.#stage.told();
    this.#stage.timeline.heading("The proof, offline");
    const summary = (await (await this.#stage.node(LATE).api()).task(taskId)).result?.summary ??
      fail("there is no result");
    await this.#stage.stop(LATE);
    await this.#stage.seenAs(FOUNDER, LATE, "left");
    await this.#stage.type(LATE, "bzzz-agent", ["audit", "verify"]);
    const copy = `${LATE}-altered`;
    await alterJournal({ from: this.#stage.programs.home(LATE), to: this.#stage.programs.home(copy), text: summary });
    event(LATE, "the same in a copy of this journal, after one digit of the result was altered on the disk:");
    const { code } = await this.#stage.timeline.command(
      LATE,
      ["bzzz-agent", "audit", "verify", "--home", copy],
      async () => {
        const { code, stdout, stderr } = await this.#stage.programs.run(copy, "bzzz-agent", ["audit", "verify"]);
        return { code, output: `${stdout}${stderr}exit status ${code}` };
      },
    );
    if (code === 0) fail("an altered journal was called verified");
  }

  async end(): Promise<void> {
    this.#stage.timeline.heading("The end");
    await Promise.all(
      [...this.#stage.programs.nodes.values()].filter(({ status }) => !status).map(({ name }) =>
        this.#stage.stop(name)
      ),
    );
  }

  #expectOneExecution(task: TaskDetailView): void {
    const started = new Set(task.history.filter(isStart).map(({ author }) => author.peer_id)).size;
    const finished = task.history.filter(({ kind }) => kind === "task_completed").length;
    if (started !== 1 || finished !== 1) fail(`the task was started by ${started} and finished ${finished} times`);
    this.#stage.timeline.event(
      "mesh",
      `${task.history.length} signed entries: started by exactly ${started}, finished once`,
    );
  }
}

/** The state that a decision certifies. */
function stateOf(entry: EntryView): unknown {
  return valueOf(entry)?.["state"];
}

function tokenOf(entry: EntryView): unknown {
  return valueOf(entry)?.["token"];
}

function valueOf(entry: EntryView): Readonly<Record<string, unknown>> | undefined {
  return entry.body?.["value"] as Record<string, unknown> | undefined; // the API's form of a decision
}

function isStart(entry: EntryView): boolean {
  return entry.kind === "task_progress" && entry.body?.["percent"] === 0;
}

function lastOf(entries: readonly EntryView[], kind: string): EntryView {
  return entries.findLast((entry) => entry.kind === kind) ?? fail(`there is no ${kind}`);
}

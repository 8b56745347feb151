import assert from "node:assert/strict";
import type { MeshId, TaskId } from "@bzzz/base";
import fc from "fast-check";
import { clientIdOf, taskIdOf } from "./issue_id.ts";
import { mapIssue } from "./map_issue.ts";
import { addTold, NOTHING_TOLD, type Told } from "./markers.ts";
import { type IssueStep, planIssue } from "./plan_issue.ts";
import { type GitHubOptions, isEnd, type Issue, type IssueTask, type IssueTaskState } from "./types.ts";

const OPTIONS: GitHubOptions = {
  apiUrl: "https://api.github.com",
  repositories: ["acme/shop"],
  label: "bzzz-task",
  inProgressLabel: "in-progress",
  doneLabel: "completed",
  mayWrite: true,
  tellsResults: false,
  closes: false,
  pollIntervalMs: 60_000,
};
const SOURCE = { mesh: "0123456789abcdef0123456789abcdef" as MeshId, apiUrl: OPTIONS.apiUrl };

/** An issue, its tasks and its comments, on which steps are carried out. */
class Model {
  issue: Issue = {
    repository: "acme/shop",
    number: 7,
    title: "Pay once",
    body: "",
    isOpen: true,
    labels: ["bzzz-task"],
    comments: 0,
  };
  tasks: IssueTask[] = [];
  told: Told = NOTHING_TOLD;
  comments: string[] = [];
  readonly options: GitHubOptions;

  constructor(options: Partial<GitHubOptions> = {}) {
    this.options = { ...OPTIONS, ...options };
  }

  plan(): readonly IssueStep[] {
    const round = this.tasks.length + 1;
    const next = { round, mapped: mapIssue(this.issue, { ...SOURCE, round }) };
    return planIssue({ issue: this.issue, task: this.tasks.at(-1), next, told: this.told }, this.options);
  }

  take(step: IssueStep): void {
    const { issue } = this;
    switch (step.type) {
      case "post":
        this.tasks.push({ taskId: step.draft.taskId, version: 0, state: "open" });
        return;
      case "cancel":
        return this.decide("cancelled");
      case "comment":
        this.comments.push(step.body);
        this.told = addTold(this.told, { id: this.comments.length, body: step.body });
        return;
      case "edit_comment":
        this.comments[step.commentId - 1] = step.body;
        this.told = addTold(this.told, { id: step.commentId, body: step.body });
        return;
      case "add_label":
        this.issue = { ...issue, labels: [...issue.labels, step.label] };
        return;
      case "remove_label":
        this.issue = { ...issue, labels: issue.labels.filter((label) => label !== step.label) };
        return;
      default:
        this.issue = { ...issue, isOpen: step.type === "reopen" };
    }
  }

  /** Until nothing is left to do; the steps that were taken, in words. */
  settle(): string[] {
    const taken: string[] = [];
    for (let plans = 0; plans < 5; plans++) {
      const steps = this.plan();
      if (steps.length === 0) return taken;
      for (const step of steps) {
        this.take(step);
        taken.push("label" in step ? `${step.type} ${step.label}` : step.type);
      }
    }
    throw new Error(`It does not end: ${taken.join(", ")}`);
  }

  decide(state: IssueTaskState): void {
    const task = this.tasks.pop();
    if (task) this.tasks.push({ ...task, state, version: task.version + 1 });
  }

  relabel(): void {
    this.issue = { ...this.issue, labels: [...this.issue.labels, "bzzz-task"] };
  }

  get labels(): readonly string[] {
    return this.issue.labels.toSorted();
  }
}

Deno.test("an issue is posted and told, shown in progress, and its end told with the labels changed", () => {
  const model = new Model();

  assert.deepEqual(model.settle(), ["post", "comment"]);
  assert.equal(model.tasks[0]?.taskId, taskIdOf(SOURCE, clientIdOf({ ...model.issue, round: 1 })));
  model.decide("held");
  assert.deepEqual(model.settle(), ["add_label in-progress"]);
  model.decide("open");
  assert.deepEqual(model.settle(), ["remove_label in-progress"]);
  model.decide("held");
  model.settle();
  model.decide("completed");
  assert.deepEqual(model.settle(), [
    "remove_label in-progress",
    "add_label completed",
    "remove_label bzzz-task",
    "comment",
  ]);
  assert.deepEqual([model.labels, model.comments.length, model.issue.isOpen], [["completed"], 2, true]);
});

Deno.test("with close a completed issue is closed, a failed one is not", () => {
  for (const [state, isOpen] of [["completed", false], ["failed", true]] as const) {
    const model = new Model({ closes: true });
    model.settle();
    model.decide(state);

    model.settle();

    assert.equal(model.issue.isOpen, isOpen, state);
    assert.deepEqual(model.labels, state === "completed" ? ["completed"] : [], state);
  }
});

Deno.test("closing the issue or taking its label away cancels its task, and that is told once", () => {
  for (const change of [{ isOpen: false }, { labels: ["bug"] }]) {
    const model = new Model();
    model.settle();
    model.issue = { ...model.issue, ...change };

    const taken = model.settle();

    assert.equal(model.tasks[0]?.state, "cancelled");
    assert.equal(taken[0], "cancel");
    assert.equal(taken.at(-1), "comment");
    assert.deepEqual([model.comments.length, model.settle()], [2, []]);
  }
});

Deno.test("set again, the label has the issue done once more, as it reads then", () => {
  const model = new Model();
  model.settle();
  model.decide("completed");
  model.settle();
  model.relabel();
  model.issue = { ...model.issue, labels: [...model.issue.labels, "priority-12"] };

  assert.deepEqual(model.settle(), ["comment"]);
  assert.match(model.comments.at(-1) ?? "", /found `"12"`.*\n[^]*<!-- bzzz:refused 2 -->$/);
  model.issue = { ...model.issue, labels: ["bzzz-task", "completed", "priority-2"] };
  assert.deepEqual(model.settle(), ["post", "remove_label completed", "comment"]);
  assert.equal(model.tasks[1]?.taskId, taskIdOf(SOURCE, "github:acme/shop#7.2"));
});

Deno.test("what is wrong is told once, and the comment edited when something else is", () => {
  const model = new Model();
  model.issue = { ...model.issue, labels: ["bzzz-task", "priority-12"] };

  assert.deepEqual(model.settle(), ["comment"]);
  assert.deepEqual(model.settle(), []);
  model.issue = { ...model.issue, labels: ["bzzz-task", "priority-13"] };
  assert.deepEqual(model.settle(), ["edit_comment"]);
  model.issue = { ...model.issue, labels: ["bzzz-task", "priority-3"] };
  assert.deepEqual(model.settle(), ["post", "comment"]);
});

Deno.test("tried again in the mesh, the issue is as it was when it was taken", () => {
  const model = new Model({ closes: true });
  model.settle();
  model.decide("failed");
  model.settle();
  model.issue = { ...model.issue, isOpen: false };
  model.decide("open");

  assert.deepEqual(model.settle(), ["reopen", "add_label bzzz-task", "comment"]);
  model.decide("completed");
  model.settle();
  assert.deepEqual([model.comments.length, model.labels, model.issue.isOpen], [4, ["completed"], false]);
});

Deno.test("a leader that knows less of the task than the one before does nothing", () => {
  const model = new Model();
  model.settle();
  model.decide("completed");
  model.settle();
  model.tasks = [{ ...model.tasks[0] as IssueTask, state: "held", version: 0 }];

  assert.deepEqual(model.plan(), []);
});

Deno.test("where nothing can be said, issues are posted and cancelled all the same, and nothing is done again", () => {
  const model = new Model({ mayWrite: false });
  const { issue, options } = model;
  const next = { round: 1, mapped: mapIssue(issue, { ...SOURCE, round: 1 }) };
  const facts = { issue, next, told: undefined };
  const task: IssueTask = { taskId: "00000000000123456789ABCDEF" as TaskId, version: 3, state: "held" };
  const types = (of: Partial<Parameters<typeof planIssue>[0]>) =>
    planIssue({ ...facts, task: undefined, ...of }, options).map(({ type }) => type);

  assert.deepEqual(types({}), ["post"]);
  assert.deepEqual(types({ issue: { ...issue, labels: [] } }), []);
  assert.deepEqual(types({ task }), []);
  assert.deepEqual(types({ task, issue: { ...issue, isOpen: false } }), ["cancel"]);
  assert.deepEqual(types({ task: { ...task, state: "completed" } }), []);
});

const EVENT = fc.constantFrom(
  "held",
  "open",
  "completed",
  "failed",
  "cancelled",
  "expired",
  "retry",
  "relabel",
  "unlabel",
  "close",
  "reopen",
);

Deno.test("A-17 A-20 A-21 whatever happens and wherever it is broken off, it ends, says everything once, and leaves the labels right", () => {
  fc.assert(fc.property(
    fc.array(fc.tuple(EVENT, fc.nat({ max: 6 })), { maxLength: 12 }),
    fc.boolean(),
    (events, closes) => {
      const model = new Model({ closes });
      for (const [event, stepsBeforeCrash] of events) {
        happen(model, event);
        // a leader is killed between two steps; the next one has only what GitHub and the mesh know
        for (const step of model.plan().slice(0, stepsBeforeCrash)) model.take(step);
        model.settle();

        assert.deepEqual(model.settle(), [], "there is nothing left to do");
        assert.equal(new Set(model.comments).size, model.comments.length, model.comments.join("\n---\n"));
        const state = model.tasks.at(-1)?.state;
        if (state === undefined) continue;
        assert.equal(model.labels.includes("in-progress"), state === "held");
        if (isEnd(state) && model.issue.isOpen) assert.equal(model.labels.includes("bzzz-task"), false);
      }
    },
  ));
});

function happen(model: Model, event: typeof EVENT extends fc.Arbitrary<infer E> ? E : never): void {
  const state = model.tasks.at(-1)?.state;
  switch (event) {
    case "retry":
      if (state && isEnd(state) && state !== "completed") model.decide("open");
      return;
    case "relabel":
      if (!model.labels.includes("bzzz-task")) model.relabel();
      return;
    case "unlabel":
      model.issue = { ...model.issue, labels: model.issue.labels.filter((label) => label !== "bzzz-task") };
      return;
    case "close":
    case "reopen":
      model.issue = { ...model.issue, isOpen: event === "reopen" };
      return;
    default:
      if (state && !isEnd(state)) model.decide(event);
  }
}

import type { TaskDetailView } from "@bzzz/api";
import { MAX_TEXT_CHARACTERS } from "@bzzz/wire";
import { type PageApp, refusalOf, typed, USED_FORM, type Visit } from "@bzzz/web";
import { sayAboutTask, threadOf } from "@bzzz/cli";
import { fullPage, justDone, momentOf, type PageParts, part, readForm, wantsPart } from "../page.tsx";
import { type Filled, lengthProblem, problemsOf, takeForm } from "../take_form.ts";
import { SAYABLE, SayForm, TASK_ACTS, type TaskAct, TaskActs, TaskList, TaskPage } from "../views/tasks.tsx";
import { Live } from "../views/words.tsx";

const MAX_TASKS = 500;
/** Of a task's thread; older ones are in `hmmm thread`. */
const MAX_MESSAGES = 200;

const SAID: Readonly<Record<string, string>> = {
  say: "Everybody was told.",
  accept: "Accepted.",
  reject: "Sent back: it is tried again, with your reason.",
  agree: "You agree; an objection of yours is taken back.",
  object: "You object: the task stops until you agree, or people decide.",
  advise: "You object, to be heard: the task goes on.",
  retry: "Announced again.",
  cancel: "Cancelled.",
};

/** Tasks, and what a person does with one. */
export function addTaskRoutes(app: PageApp, parts: PageParts): void {
  const { client } = parts;
  const load = (visit: Visit) => client.task(visit.req.param("task") ?? "", { signal: visit.req.raw.signal });

  app.get("/tasks", async (visit) => {
    const tasks = await client.tasks({ limit: MAX_TASKS }, { signal: visit.req.raw.signal });
    const list = <TaskList tasks={tasks} at={momentOf(parts)} />;
    if (wantsPart(visit)) return part(list);
    return await fullPage(
      visit,
      parts,
      { title: "Tasks", section: "Tasks" },
      <>
        {parts.isObserver ? "" : (
          <p>
            <a class="button" href="/help">Call agents for help…</a>
          </p>
        )}
        <Live name="tasks" href="/tasks?part=1">{list}</Live>
      </>,
    );
  });

  app.get("/tasks/:task", async (visit) => {
    const task = await load(visit);
    if (wantsPart(visit)) return part(await shownTask(visit, parts, task));
    const said = justDone(visit, SAID);
    return await taskPage(visit, parts, task, said === undefined ? {} : { said });
  });

  app.post("/tasks/:task", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const task = await load(visit);
    const reason = typed(form, "reason");
    const again = (problem: string, status: number) => taskPage(visit, parts, task, { problem, status, typed: reason });
    if (visit.var.session.forms.take(form.get("form") ?? "", actPurpose(task)) !== "fresh") {
      return await again(USED_FORM, 409);
    }
    const known = TASK_ACTS.find(({ act }) => act === form.get("act"));
    if (!known) return await again("Nothing was done: no button was pressed.", 422);
    if (reason === undefined && (known.act === "reject" || known.act === "object" || known.act === "advise")) {
      return await again("Nothing was sent: say why, so that it goes better the next time.", 422);
    }
    try {
      await carryOut(visit, parts, task, { act: known.act, reason: reason ?? "" });
    } catch (error) {
      const { message, status } = refusalOf(error);
      return await again(message, status);
    }
    return visit.redirect(`/tasks/${encodeURIComponent(task.task_id)}?done=${known.act}`, 303);
  });

  app.post("/tasks/:task/say", async (visit) => {
    const form = await readForm(visit.req.raw, parts);
    const task = await load(visit);
    return await takeForm(visit, form, {
      purpose: sayPurpose(task),
      again: (filled) => taskPage(visit, parts, task, { filled }),
      act: async (options) => {
        const text = typed(form, "words") ?? "";
        const type = SAYABLE.find((one) => one === form.get("type"));
        const problems = problemsOf({
          words: lengthProblem("Words", text, { min: 1, max: MAX_TEXT_CHARACTERS }),
          type: type === undefined ? `What it is: expected ${SAYABLE.join(", ")}` : undefined,
        });
        if (problems || type === undefined) return problems ?? {};
        await sayAboutTask(client, task, { type, text }, options);
        return `/tasks/${encodeURIComponent(task.task_id)}?done=say`;
      },
    });
  });
}

/** A judgement is of the claim whose result was shown, or of that plan, and not of what came in its place meanwhile. */
function actPurpose({ task_id: id, token, plan_entry: plan }: TaskDetailView): string {
  return `task ${id} ${token} ${plan ?? ""}`;
}

/** What may be said about a task whenever there is one. */
function sayPurpose({ task_id: id }: TaskDetailView): string {
  return `say ${id}`;
}

async function carryOut(
  visit: Visit,
  { client }: PageParts,
  task: TaskDetailView,
  { act, reason }: { readonly act: TaskAct; readonly reason: string },
): Promise<void> {
  const options = { signal: visit.req.raw.signal };
  const { task_id: id } = task;
  switch (act) {
    case "accept":
    case "reject":
      await client.reviewTask(
        id,
        { verdict: act, reason, ...(task.result ? { result: task.result.entry_id } : {}) },
        options,
      );
      return;
    case "retry":
      await client.retryTask(id, { reason }, options);
      return;
    case "cancel":
      await client.cancelTask(id, { reason }, options);
      return;
    case "agree":
      await sayAboutTask(client, task, { type: "agreement", text: reason === "" ? "agreed" : reason }, options);
      return;
    case "object":
    case "advise": {
      const severity = act === "object" ? "blocking" : "advisory";
      await sayAboutTask(client, task, { type: "objection", text: reason, severity }, options);
    }
  }
}

async function shownTask(visit: Visit, parts: PageParts, task: TaskDetailView): Promise<ReturnType<typeof TaskPage>> {
  const thread = await parts.client.messages({ thread: threadOf(task), limit: MAX_MESSAGES }, {
    signal: visit.req.raw.signal,
  });
  return <TaskPage task={task} thread={thread} at={momentOf(parts)} />;
}

async function taskPage(
  visit: Visit,
  parts: PageParts,
  task: TaskDetailView,
  options: {
    readonly problem?: string;
    readonly said?: string;
    readonly status?: number;
    readonly typed?: string | undefined;
    /** Of the form that says something about it. */
    readonly filled?: Filled;
  },
): Promise<Response> {
  const { problem, said } = options;
  const status = options.status ?? options.filled?.status ?? 200;
  const form = visit.var.session.forms.issue(actPurpose(task));
  return await fullPage(
    visit,
    parts,
    { title: "Task", section: "Tasks", status },
    <>
      {said === undefined ? "" : <p class="notice" role="status">{said}</p>}
      {problem === undefined ? "" : <p class="problem" role="alert">{problem}</p>}
      <Live name="tasks" href={`/tasks/${encodeURIComponent(task.task_id)}?part=1`}>
        {await shownTask(visit, parts, task)}
      </Live>
      {parts.isObserver ? "" : (
        <>
          <TaskActs task={task} form={form} typed={options.typed} />
          <SayForm task={task} form={visit.var.session.forms.issue(sayPurpose(task))} filled={options.filled ?? {}} />
        </>
      )}
    </>,
  );
}

import type { MessageView, TaskDetailView, TaskView } from "@bzzz/api";
import { describeTask, nameOf, relativeTime, shortTaskId } from "@bzzz/cli";
import { type Html, Said, SaidBlock } from "@bzzz/web";
import { EntryList } from "./mesh.tsx";
import type { Moment } from "./request.tsx";
import type { Filled } from "../take_form.ts";
import { Problems, SelectField, TextField } from "./field.tsx";
import { threadHref } from "./hrefs.ts";
import { MessageList } from "./threads.tsx";

/** What can be done with a task, with the words of its button and in which states it makes sense. */
export const TASK_ACTS = [
  { act: "accept", label: "Accept the result", isFor: ({ state }: TaskView): boolean => state === "review" },
  { act: "reject", label: "Send the result back", isFor: ({ state }: TaskView): boolean => state === "review" },
  { act: "agree", label: "Agree with the plan", isFor: isDiscussed },
  { act: "object", label: "Object to the plan", isFor: isDiscussed },
  { act: "advise", label: "Object, only to be heard", isFor: isDiscussed },
  { act: "retry", label: "Have it tried again", isFor: ({ state }: TaskView): boolean => isOver(state) },
  {
    act: "cancel",
    label: "Cancel it",
    isFor: ({ state }: TaskView): boolean => !isOver(state) && state !== "completed",
  },
] as const;
/** One of `TASK_ACTS`. */
export type TaskAct = (typeof TASK_ACTS)[number]["act"];

function isOver(state: TaskView["state"]): boolean {
  return state === "failed" || state === "cancelled" || state === "expired";
}

function isDiscussed({ state, plan_entry: plan }: TaskView): boolean {
  return plan !== undefined && (state === "planning" || state === "discussing");
}

/** Tasks, the last changed first. */
export function TaskList({ tasks, at }: { readonly tasks: readonly TaskView[]; readonly at: Moment }): Html {
  if (tasks.length === 0) return <p class="quiet">No tasks.</p>;
  return (
    <ul class="list">
      {tasks.toSorted((a, b) => b.updated_at_ms - a.updated_at_ms).map((task) => (
        <li>
          <a class="title" href={`/tasks/${encodeURIComponent(task.task_id)}`}>
            <Said text={task.title} />
          </a>
          {task.state}, task {shortTaskId(task.task_id)} of <Said text={nameOf(task.author)} />
          {task.holder
            ? (
              <>
                , with <Said text={nameOf(task.holder)} />
              </>
            )
            : ""}, {relativeTime(task.updated_at_ms, at.nowMs)}
        </li>
      ))}
    </ul>
  );
}

/** One task with what was said about it and its history. */
export function TaskPage({ task, thread, at }: {
  readonly task: TaskDetailView;
  readonly thread: readonly MessageView[];
  readonly at: Moment;
}): Html {
  return (
    <>
      <SaidBlock label="The task" text={describeTask(task, at.format, at.nowMs).join("\n")} />
      {task.blocked_on === undefined ? "" : (
        <p>
          <a href={`/asks/${encodeURIComponent(task.blocked_on)}`}>The ask it waits for</a>
        </p>
      )}
      {thread.length === 0 ? "" : (
        <>
          <h2>What was said about it</h2>
          <MessageList messages={thread} at={at} />
        </>
      )}
      {task.session === undefined ? "" : (
        <p>
          <a href={threadHref(task.session)}>What was said about all tasks that depend on each other</a>
        </p>
      )}
      <h2>History</h2>
      <EntryList entries={task.history} at={at} />
    </>
  );
}

/** What can be done with the task now; one form, since all of them take the same words. */
export function TaskActs({ task, form, typed }: {
  readonly task: TaskView;
  readonly form: string;
  readonly typed?: string | undefined;
}): Html | "" {
  const acts = TASK_ACTS.filter(({ isFor }) => isFor(task));
  if (acts.length === 0) return "";
  return (
    <form method="post" action={`/tasks/${encodeURIComponent(task.task_id)}`}>
      <input type="hidden" name="form" value={form} />
      <label for="reason">Why (everybody reads it)</label>
      <textarea id="reason" name="reason" rows={2}>{`\n${typed ?? ""}`}</textarea>
      {acts.map(({ act, label }) => <button type="submit" name="act" value={act}>{label}</button>)}
    </form>
  );
}

/** What can be said about a task at any time. */
export const SAYABLE = ["concern", "memo", "summary"] as const;

/** Says something about the task, in its thread. */
export function SayForm({ task, form, filled }: {
  readonly task: TaskView;
  readonly form: string;
  readonly filled: Filled;
}): Html {
  return (
    <section aria-labelledby="say-title">
      <h2 id="say-title">Say something about it</h2>
      <Problems filled={filled} />
      <form method="post" action={`/tasks/${encodeURIComponent(task.task_id)}/say`}>
        <input type="hidden" name="form" value={form} />
        <SelectField
          id="type"
          label="What it is"
          filled={filled}
          value="memo"
          options={[
            { value: "concern", label: "a concern" },
            { value: "memo", label: "a note" },
            { value: "summary", label: "a summary of what was said" },
          ]}
        />
        <TextField id="words" label="Words (everybody reads them)" filled={filled} rows={3} isNeeded />
        <button type="submit">Say it</button>
      </form>
    </section>
  );
}

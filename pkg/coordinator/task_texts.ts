import type { EntryId } from "@bzzz/base";
import type { BodyOf } from "@bzzz/wire";
import type { TaskView, ToldKind } from "./types.ts";

/** The texts of a task that may be long. They stay in the journal: a board holds thousands of tasks. */
export interface TaskTexts {
  readonly description: string;
  readonly input?: string;
  /** Of the result. */
  readonly output?: string;
}

/** A body without its long texts. */
export type ShortBody<K extends ToldKind> = K extends "task_posted" ? Omit<BodyOf<K>, "description" | "input">
  : K extends "task_completed" ? Omit<BodyOf<K>, "output">
  : BodyOf<K>;

/** The body of an entry of a task without its long texts. */
export function shortBodyOf(body: object): object {
  const { description: _description, input: _input, output: _output, ...short } = body as Partial<TaskTexts>;
  return short;
}

/** Reads the long texts of a task from the entries that its view names; undefined when its post is not kept any more. */
export function taskTextsOf(
  view: Pick<TaskView, "post" | "result">,
  entryAt: (id: EntryId) => { readonly kind: string; readonly body: unknown } | undefined,
): TaskTexts | undefined {
  const post = entryAt(view.post);
  if (post?.kind !== "task_posted") return undefined;
  const result = view.result && entryAt(view.result.entry);
  // the journal decodes by kind
  const { description, input } = post.body as BodyOf<"task_posted">;
  const { output } = (result?.kind === "task_completed" ? result.body : {}) as Partial<TaskTexts>;
  return { description, ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) };
}

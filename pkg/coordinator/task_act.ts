import type { EntryId } from "@bzzz/base";
import type { TaskCommand, TaskTerms, TaskValue } from "./task_value.ts";

/** What follows from the task as it stands, so that nobody says it by hand. */
type Following = "version" | "token" | "renewals" | "post" | "terms";

/** What a member wants of a task. With the value it knows this makes a `TaskCommand`. */
export type TaskAct = {
  [T in TaskCommand["type"]]: Omit<Extract<TaskCommand, { type: T }>, Following>;
}[TaskCommand["type"]];

/** The post that a task's first command names. */
export interface PostReference {
  readonly post: EntryId;
  readonly terms: TaskTerms;
}

/** The command for `act` on a register that has `value`: it fails when the register has changed meanwhile. */
export function commandFor(value: TaskValue | undefined, reference: PostReference, act: TaskAct): TaskCommand {
  const { version = 0, token = 0, renewals = 0 } = value ?? {};
  const { post, terms } = reference;
  switch (act.type) {
    case "claim":
      return { ...act, version, token, post, terms };
    case "cancel":
      return { ...act, version, post, terms };
    case "expire":
      return { ...act, version, post, terms };
    case "accept":
    case "reject":
    case "retry":
      return { ...act, version };
    case "renew":
      return { ...act, version, token, renewals };
    default:
      return { ...act, version, token };
  }
}

import type { TaskId } from "@bzzz/base";
import { nameOf, type Register, type RegisterKey, registerKey, type RegisterRules } from "@bzzz/register";
import { checkTask } from "./check_task.ts";
import { decideTask } from "./decide_task.ts";
import type { TaskFacts } from "./task_facts.ts";
import { TASK_COMMAND_CODEC, TASK_VALUE_CODEC, type TaskCommand, type TaskValue } from "./task_value.ts";

/** The prefix of the keys of tasks' registers: `task/<ULID>`. */
export const TASK_KEY_PREFIX = "task";

/** The registers of tasks, as agents and people use them. */
export type TaskRegister = Register<TaskValue, TaskCommand>;

/** The rules of tasks over one voter's facts. */
export function createTaskRules(facts: TaskFacts): RegisterRules<TaskValue, TaskCommand> {
  return {
    prefix: TASK_KEY_PREFIX,
    value: TASK_VALUE_CODEC,
    command: TASK_COMMAND_CODEC,
    decide: (_key, previous, command, actor, leaseId) => decideTask(previous, command, actor, leaseId),
    check: (key, previous, command, actor, { leaseAgeMs }) => {
      const taskId = nameOf(key) as TaskId; // keys are parsed; a name that is no task's has no post
      return checkTask(facts, { taskId, previous, command, actor, leaseAgeMs });
    },
    leaseId: taskLeaseId,
  };
}

/** What a lease is known by: it changes with every claim and renewal, and with nothing else. */
export function taskLeaseId({ holder, token, renewals, leaseId = "" }: TaskValue): string | undefined {
  return holder === undefined ? undefined : `${holder}/${token}/${renewals}/${leaseId}`;
}

/** The register's key of a task. */
export function taskKey(taskId: TaskId): RegisterKey {
  return registerKey(TASK_KEY_PREFIX, taskId);
}

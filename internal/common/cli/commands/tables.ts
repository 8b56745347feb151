/**
 * The tables that more than one verb shows. Their cells are sanitised.
 *
 * @module
 */
import type { AgentView, RequestView, TaskView } from "@bzzz/api";
import type { OutputTable } from "../output.ts";
import { nameOf, relativeTime, shortTaskId, titleOf } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";

const TITLE_CHARACTERS = 120;

/** Who can do what, and how busy they are. */
export const AGENTS: OutputTable<AgentView> = {
  heading: ["NAME", "PROGRAM", "ROLE", "PRESENCE", "TASKS", "LOAD", "CAPABILITIES"],
  row: (agent) => [
    sanitiseLine(agent.agent_id),
    agent.binary_type,
    sanitiseLine(agent.role),
    agent.person === undefined || agent.presence === "left" || agent.presence === "failed"
      ? agent.presence
      : agent.person,
    `${agent.active_tasks}/${agent.max_tasks}`,
    `${Math.round(agent.load * 100)} %`,
    sanitiseLine([...agent.capabilities, ...agent.models].join(", ")),
  ],
  empty: "Nobody is here yet.",
};

/** Tasks and who has them. `nowMs` is wall time. */
export function tasksTable(nowMs: number): OutputTable<TaskView> {
  return {
    heading: ["TASK", "STATE", "HOLDER", "CHANGED", "TITLE"],
    row: (task) => [
      shortTaskId(task.task_id),
      task.state,
      task.holder ? nameOf(task.holder) : "-",
      relativeTime(task.updated_at_ms, nowMs),
      sanitiseLine(task.title, TITLE_CHARACTERS),
    ],
    empty: "No tasks.",
  };
}

/** What is asked of people. `nowMs` is wall time. */
export function asksTable(nowMs: number, empty: string): OutputTable<RequestView> {
  return {
    heading: ["ASK", "STAKES", "KIND", "FROM", "DUE", "STATE", "TITLE"],
    row: (request) => [
      sanitiseLine(request.short_id),
      request.stakes === "high" ? "HIGH !" : request.stakes,
      request.kind,
      nameOf(request.from),
      request.deadline_ms === undefined ? "-" : relativeTime(request.deadline_ms, nowMs),
      request.state,
      sanitiseLine(titleOf(request), TITLE_CHARACTERS),
    ],
    empty,
  };
}

import type { EntryId, PeerId, RequestId, TaskId } from "@bzzz/base";
import type { TaskAct, TaskValue } from "@bzzz/coordinator";
import type { Board } from "./board.ts";
import type { Talk } from "./people.ts";

/** What a holder remembers of its way, beside the register's value. Gone with its process. */
export interface HoldSteps {
  plan?: EntryId;
  /** A request over an objection, and whether it was approved. */
  objection?: RequestId;
  isObjected?: boolean;
  approval?: RequestId;
  isDenied?: boolean;
  /** A request in the middle of the work. */
  question?: RequestId;
}

/** Where a holder asks what it needs to know. */
export interface HoldSurroundings {
  readonly node: number;
  readonly self: PeerId;
  readonly task: TaskId;
  readonly board: Board;
  readonly talk: Talk;
  /** Half of the work is done. */
  readonly isHalfDone: boolean;
}

/**
 * What a holder wants next of a task that is more than plain work; undefined while it only works or waits. Tells plans and opens
 * requests on its way, and remembers them in `steps`, since saying the same again must name the same entry.
 */
export function nextAct(value: TaskValue, steps: HoldSteps, around: HoldSurroundings): TaskAct | "give_up" | undefined {
  const { task, self, talk, board, isHalfDone } = around;
  switch (value.state) {
    case "claimed":
      return value.terms.planWindowMs === undefined ? { type: "begin" } : { type: "plan" };
    case "planning":
      steps.plan ??= talk.tellPlan(task, self);
      return { type: "propose", plan: steps.plan };
    case "discussing":
      if (steps.isDenied) return "give_up";
      if (steps.approval) return { type: "begin", approval: steps.approval };
      if (!steps.isObjected) return { type: "begin" };
      steps.objection ??= talk.ask(task, self);
      return { type: "block", request: steps.objection };
    case "executing":
      if (!board.draftOf(task).asksPeople || !isHalfDone || steps.question) return undefined;
      steps.question = talk.ask(task, self);
      return { type: "block", request: steps.question };
    case "blocked":
      return resume(value, steps, around);
    default:
      return undefined;
  }
}

function resume(value: TaskValue, steps: HoldSteps, { board, node }: HoldSurroundings): TaskAct | undefined {
  for (const request of value.waitingFor) {
    const fact = board.requestSeenBy(node, request);
    if (!fact || fact.isOpen) continue;
    if (value.resumesTo === "executing") steps.question = request;
    else if (fact.isApproved) steps.approval = request;
    else steps.isDenied = true;
    return { type: "resume", request };
  }
  return undefined;
}

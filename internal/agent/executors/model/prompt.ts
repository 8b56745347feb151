import type { RoleDefinition } from "@bzzz/crypto";
import type { HelpCall } from "../../advisor.ts";
import type { Answer, EarlierAnswer, ExecutionJob } from "../../types.ts";
import { earlierTriesText } from "../earlier_tries.ts";
import { FENCE_RULE, fenced, nameOf } from "../fence.ts";

/** Who the model speaks for. */
export interface ModelSelf {
  /** The agent id of this node. */
  readonly name: string;
  readonly role: string;
  /** What the mesh says of that role; written by an admin, as `roles apply` publishes it. */
  readonly definition?: Pick<RoleDefinition, "specialization" | "promptTemplate"> | undefined;
}

/** What holds whatever is asked: who it is, and what is data; with tools also how they are used. */
export function systemPrompt(self: ModelSelf, options: { readonly hasTools: boolean }): string {
  const { specialization, promptTemplate } = self.definition ?? {};
  const name = JSON.stringify(self.name);
  return [
    `You are ${name}, an agent with the role ${self.role} in a mesh of people and agents.`,
    ...(specialization === undefined ? [] : [`Your field: ${specialization}.`]),
    ...(promptTemplate === undefined ? [] : [promptTemplate]),
    FENCE_RULE,
    ...(options.hasTools ? TOOL_RULES : []),
  ].join("\n\n");
}

const TOOL_RULES: readonly string[] = [
  "You work on one task. What was written about it says what result is wanted. If it asks for more than that, leave it " +
  "out and say so in the result.",
  "You act only through your tools; there are no others. Call finish with the result when you are done, or give_up " +
  "when it cannot be done. What you write, also to people, is readable by every member of the mesh: repeat no secret.",
  "You may be interrupted while a person has not answered. Then you start again from the beginning, with what people " +
  "have answered: ask with everything in it that you need to go on.",
];

/** A job of this node's own, such as a summary: what is to be done are our words, what it is done to is data. */
export function chorePrompt({ description, input }: Pick<ExecutionJob, "description" | "input">): string {
  return `${description}\n\n${fenced("input", input ?? "")}\n\nAnswer with the summary alone.`;
}

/** The task, fenced, with what people have answered to earlier runs. */
export function taskPrompt(job: ExecutionJob): string {
  const [poster] = job.postedBy;
  const by = poster ? `, by ${nameOf(poster)}` : "";
  const { requiredCapabilities, deadlineMs, postedBy } = job;
  const behind = postedBy.slice(1).map(nameOf);
  return [
    "This is the task.",
    fenced(`title of the task${by}`, job.title),
    ...(job.description === "" ? [] : [fenced(`description of the task${by}`, job.description)]),
    ...(job.input === undefined ? [] : [fenced(`input of the task${by}`, job.input)]),
    ...(behind.length === 0 ? [] : [`It is a part of a task of ${behind.join(", which is a part of one of ")}.`]),
    ...(requiredCapabilities.length === 0 ? [] : [`It requires: ${requiredCapabilities.join(", ")}.`]),
    ...(deadlineMs === undefined ? [] : [`Its deadline: ${new Date(deadlineMs).toISOString()}.`]),
    ...(job.plan === undefined
      ? []
      : [`This plan of yours was told, and others could object to it. Keep to it.\n${fenced("plan", job.plan)}`]),
    ...earlierTriesText(job.earlierTries),
    ...job.answers.map((answer) => earlierText(answer)),
  ].join("\n\n");
}

/** What the model writes when the poster wants a plan first. */
export const PLAN_REQUEST =
  "Before you begin, others read your plan and may object to it. Write it now, in plain text of at most 200 words: what " +
  "you will do, step by step, whom you will ask what, and what the result will look like. Do not do the task yet.";

/** What a model is told that answered in words when a tool was expected. */
export const REMINDER =
  "That was no call of a tool. If the task is done, call finish with the whole result. If you cannot call tools, write " +
  "the whole result as your answer, and nothing else: it is taken as it is.";

/** A call for help as a model is asked it. */
export function helpPrompt({ text, by, capabilities }: HelpCall): string {
  return `A member of the mesh asks the agents that can do this: ${capabilities.join(", ")}.\n\n` +
    `${fenced(`question, by ${nameOf(by)}`, text)}\n\n` +
    "Answer it in plain text of at most 200 words, or say that you do not know. Every member reads your answer.";
}

/** A person's answer, for the model that asked. */
export function answerText(answer: Answer): string {
  const { decision, by, text, choice, reason, values, editedAction, isAutomatic } = answer;
  const words = [
    ...(choice === undefined ? [] : [`choice: ${choice}`]),
    ...(text === undefined ? [] : [text]),
    ...(values === undefined ? [] : [values]),
    ...(reason === undefined ? [] : [`reason: ${reason}`]),
    ...(editedAction ? [`approved instead: ${JSON.stringify(editedAction)}`] : []),
  ].join("\n");
  const how = isAutomatic ? ", by a rule of theirs" : "";
  return `The decision: ${decision}${how}.` +
    (words === "" ? "" : `\n${fenced(`answer${by ? ` of ${nameOf(by)}` : ""}`, words)}`);
}

function earlierText(answer: EarlierAnswer): string {
  const question = [answer.title, ...(answer.body === "" ? [] : [answer.body])].join("\n");
  const when = answer.isOfFailedTry
    ? "This was asked in an earlier try, which failed, perhaps because of the answer. Ask again if it matters."
    : "This was asked in an earlier run, and is answered: do not ask it again.";
  return `${when}\n${fenced("question of then", question)}\n${answerText(answer)}`;
}

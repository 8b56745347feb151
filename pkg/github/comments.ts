/**
 * What the source writes on issues. Unless told, no word of the mesh is among it but the state of a task and its id.
 *
 * @module
 */
import { assertNever } from "@bzzz/base";
import { MAX_RESULT_CHARACTERS } from "./constants.ts";
import { markLine, refusalLine } from "./markers.ts";
import type { FieldError, GitHubOptions, IssueTask } from "./types.ts";

/** That an issue is a task now. */
export function postedComment(task: IssueTask, { label }: Pick<GitHubOptions, "label">): string {
  const { taskId, version } = task;
  return [
    `This issue is task ${code(taskId)} of a BZZZ mesh.`,
    `Removing the label ${code(label)} or closing the issue cancels it. An edit of the issue does not change it.`,
    "",
    markLine({ kind: "posted", taskId, version }),
  ].join("\n");
}

/** How a task ended. */
export function endedComment(
  task: IssueTask,
  { label, tellsResults }: Pick<GitHubOptions, "label" | "tellsResults">,
): string {
  const { taskId, version, state } = task;
  const words = state === "completed" ? task.summary : task.reason;
  return [
    `Task ${code(taskId)} ${endOf(state)}.`,
    `Setting the label ${code(label)} again has it done once more, as the issue reads then.`,
    "",
    ...(tellsResults && words ? [...fenced(words), ""] : []),
    markLine({ kind: "ended", taskId, version }),
  ].join("\n");
}

/** Why an issue was not taken. */
export function refusedComment(errors: readonly FieldError[], round: number): string {
  return [
    "This issue was not taken as a task:",
    "",
    ...errors.map(({ field, found, expected }) => `- ${field}: found ${code(found)}, expected ${expected}`),
    "",
    "It is looked at again when that has changed.",
    "",
    refusalLine(round),
  ].join("\n");
}

function endOf(state: IssueTask["state"]): string {
  switch (state) {
    case "completed":
      return "is completed";
    case "failed":
      return "has failed";
    case "cancelled":
      return "was cancelled";
    case "expired":
      return "has expired: its deadline has passed";
    case "open":
    case "held":
      return "goes on";
    default:
      return assertNever(state);
  }
}

/** As code on one line, where nothing is a mention, a link or a mark. */
function code(text: string): string {
  return `\`${text.replaceAll(/[`\p{Cc}]/gu, " ").trim()}\``;
}

/** As a block of code: its fence is longer than any that the text has, so that the text cannot end it. */
function fenced(text: string): string[] {
  // no control characters but line ends and tabs, and none that turn the direction of the text
  const clean = text.slice(0, MAX_RESULT_CHARACTERS).toWellFormed()
    .replaceAll(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, "");
  const longest = Math.max(0, ...clean.matchAll(/`+/g).map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return [`${fence}text`, clean, fence];
}

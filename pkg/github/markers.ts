import { parseTaskId, type TaskId } from "@bzzz/base";
import type { IssueComment } from "./types.ts";

/** What the source has said of a task: that it is there, or that it has ended, at a version of its register. */
export interface Mark {
  readonly kind: "posted" | "ended";
  readonly taskId: TaskId;
  readonly version: number;
}

/** What the source has said on an issue, as its comments show it. */
export interface Told {
  /** The newest mark of each task. */
  readonly marks: ReadonlyMap<TaskId, Mark>;
  /** Refusals, by the round they are about. */
  readonly refusals: ReadonlyMap<number, { readonly commentId: number; readonly body: string }>;
}

/** An issue on which nothing was said. */
export const NOTHING_TOLD: Told = { marks: new Map(), refusals: new Map() };

const MARK = /^<!-- bzzz:task ([0-9A-Z]{26}) (posted|ended) (0|[1-9]\d{0,14}) -->$/;
const REFUSAL = /^<!-- bzzz:refused ([1-9]\d{0,2}) -->$/;

/** The last line of a comment that tells of a task; nobody sees it. */
export function markLine({ kind, taskId, version }: Mark): string {
  return `<!-- bzzz:task ${taskId} ${kind} ${version} -->`;
}

/** The last line of a comment that refuses an issue. */
export function refusalLine(round: number): string {
  return `<!-- bzzz:refused ${round} -->`;
}

/** Whether a comment can be one of the source's. */
export function isOwnWord(comment: IssueComment): boolean {
  return comment.isTrusted && /^<!-- bzzz:/.test(lastLine(comment.body));
}

/** What the comments of an issue say, in their order. Words of strangers count for nothing, whatever they end with. */
export function readTold(comments: readonly IssueComment[]): Told {
  return comments.filter((comment) => comment.isTrusted).toSorted((a, b) => a.id - b.id).reduce(addTold, NOTHING_TOLD);
}

/** `told` with one comment more. */
export function addTold(told: Told, comment: Pick<IssueComment, "id" | "body">): Told {
  const line = lastLine(comment.body);
  const [, id, kind, version] = MARK.exec(line) ?? [];
  const taskId = id === undefined ? undefined : parseTaskId(id);
  if (taskId && (kind === "posted" || kind === "ended")) {
    return { ...told, marks: new Map(told.marks).set(taskId, { kind, taskId, version: Number(version) }) };
  }
  const [, round] = REFUSAL.exec(line) ?? [];
  if (round === undefined) return told;
  const { id: commentId, body } = comment;
  return { ...told, refusals: new Map(told.refusals).set(Number(round), { commentId, body }) };
}

function lastLine(body: string): string {
  const text = body.trimEnd();
  return text.slice(text.lastIndexOf("\n") + 1);
}

/** Whether two comments say the same; GitHub may give line ends back as others. */
export function isSameComment(a: string, b: string): boolean {
  const normalise = (text: string) => text.replaceAll("\r\n", "\n").trim();
  return normalise(a) === normalise(b);
}

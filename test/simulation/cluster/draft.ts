import type { BodyOf } from "@bzzz/wire";
import type { Chance } from "../engine/chance.ts";

/**
 * What makes a task more than plain work: what its post asks for, and what those around it do. All of it belongs to the
 * post, so that a schedule that is shrunk keeps it or loses it as a whole.
 */
export interface TaskDraft {
  /** A plan first, and so long for objections. */
  readonly planWindowMs?: number;
  /** Somebody objects to each plan, so long after it was told, and may take that back. */
  readonly objection?: { readonly afterMs: number; readonly takenBackAfterMs?: number };
  /** The result is judged; so many are sent back. */
  readonly rejections?: number;
  /** From the post on, by the wall clock of whoever posts it, or has it tried again. */
  readonly deadlineMs?: number;
  /** So many tries fail by themselves. */
  readonly failures?: number;
  /** The holder asks people in the middle of its work. */
  readonly asksPeople?: boolean;
  /** What people answer to whatever they are asked, and when. */
  readonly answer: { readonly afterMs: number; readonly isApproved: boolean };
}

/** A task without anything of that. */
export const PLAIN: TaskDraft = { answer: { afterMs: 0, isApproved: true } };

/** What of a draft is in the post; `wallMs`: the poster's wall clock. */
export function postFields(draft: TaskDraft, wallMs: number): Partial<BodyOf<"task_posted">> {
  const { planWindowMs, rejections, deadlineMs } = draft;
  return {
    ...(planWindowMs === undefined ? {} : { plan: { windowMs: planWindowMs } }),
    ...(rejections === undefined ? {} : { review: {} }),
    ...(deadlineMs === undefined ? {} : { deadlineMs: wallMs + deadlineMs }),
  };
}

/** Draws what a task is like; undefined of a plain one. */
export function drawDraft(chance: Chance): TaskDraft | undefined {
  if (chance.happens(0.4)) return undefined;
  const ms = (low: number, high: number): number => Math.floor(chance.between(low, high));
  const isPlanned = chance.happens(0.5);
  return {
    ...(isPlanned ? { planWindowMs: ms(0, 3_000) } : {}),
    ...(isPlanned && chance.happens(0.6) ? { objection: drawObjection(chance) } : {}),
    ...(chance.happens(0.5) ? { rejections: chance.int(4) } : {}),
    ...(chance.happens(0.3) ? { deadlineMs: ms(2_000, 40_000) } : {}),
    ...(chance.happens(0.4) ? { failures: 1 + chance.int(3) } : {}),
    ...(chance.happens(0.3) ? { asksPeople: true } : {}),
    answer: { afterMs: ms(100, 8_000), isApproved: chance.happens(0.7) },
  };
}

function drawObjection(chance: Chance): NonNullable<TaskDraft["objection"]> {
  const afterMs = Math.floor(chance.between(0, 3_500));
  return chance.happens(0.5) ? { afterMs } : { afterMs, takenBackAfterMs: Math.floor(chance.between(100, 6_000)) };
}

/**
 * Bodies of the entries that tell of a task.
 *
 * @module
 */
import { once } from "@bzzz/base";
import { z } from "zod";
import {
  atMs,
  attempt,
  bytes,
  durationMs,
  entryId,
  MAX_LIST_ITEMS,
  name,
  names,
  requestId,
  taskId,
  text,
  title,
  token,
} from "./fields.ts";

/** A certificate of a register: a value of at most 64 KiB, and signatures. */
const MAX_CERTIFICATE_BYTES = 69_632;
const isShort = (value: Uint8Array): boolean => value.byteLength <= MAX_CERTIFICATE_BYTES;

/** What a holder has used under its token: tokens of a model, and money in millionths of the mesh's unit of account. */
const used = once(() =>
  z.object({
    tokens: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
    money: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
  }).optional()
);

/** The schemas of these bodies, each made when it is needed. */
export const TASK_BODIES = {
  task_posted: once(() =>
    z.object({
      taskId: taskId(),
      clientId: z.string().min(1).max(128).optional(),
      title: title(),
      description: text(),
      priority: z.int().min(0).max(9),
      requiredRole: name().optional(),
      requiredCapabilities: names(),
      deadlineMs: atMs().optional(),
      input: text().optional(),
      // tasks that must be completed first
      dependencies: z.array(taskId()).max(MAX_LIST_ITEMS).optional(),
      budgets: z.object({
        timeMs: durationMs().min(1).optional(),
        tokens: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
        // in millionths of the mesh's unit of account
        money: z.int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
        hops: z.int().min(0).max(16).optional(),
      }).optional(),
      // a plan first, and so long for objections
      plan: z.object({ windowMs: durationMs().max(86_400_000) }).optional(),
      // the result is judged, by this role if one is named
      review: z.object({ role: name().optional() }).optional(),
      // what the holder may use for it; a delegated task has at most its parent's
      rights: names().optional(),
      parent: taskId().optional(),
    })
  ),
  // a claim from before there were registers; read, never written
  task_claimed: once(() => z.object({ taskId: taskId(), attempt: attempt() })),
  // the certified value of the task's register, by whoever caused it or found it
  task_decided: once(() => z.object({ taskId: taskId(), certificate: bytes().refine(isShort) })),
  task_progress: once(() =>
    z.object({
      taskId: taskId(),
      attempt: attempt(),
      token: token(),
      percent: z.number().min(0).max(100).optional(),
      text: z.string().max(4096),
      used: used(),
    })
  ),
  task_blocked: once(() => z.object({ taskId: taskId(), attempt: attempt(), token: token(), requestId: requestId() })),
  // which answer the holder goes on with: of two that came at once everybody takes this one
  task_resumed: once(() =>
    z.object({
      taskId: taskId(),
      attempt: attempt(),
      token: token(),
      requestId: requestId(),
      answer: entryId().optional(),
    })
  ),
  task_completed: once(() =>
    z.object({
      taskId: taskId(),
      attempt: attempt(),
      token: token(),
      summary: z.string().max(4096),
      output: text(),
      durationMs: z.number().min(0),
      used: used(),
    })
  ),
  task_failed: once(() =>
    z.object({
      taskId: taskId(),
      attempt: attempt(),
      token: token(),
      reason: z.string().max(4096),
      retryable: z.boolean(),
      // in a word, where a program must know: "budget_exhausted"
      cause: z.string().min(1).max(64).optional(),
      used: used(),
    })
  ),
  task_released: once(() =>
    z.object({ taskId: taskId(), attempt: attempt(), token: token(), reason: z.string().max(1024), used: used() })
  ),
  task_cancelled: once(() => z.object({ taskId: taskId(), reason: z.string().max(1024) })),
  // why a result is accepted or sent back
  task_reviewed: once(() =>
    z.object({ taskId: taskId(), verdict: z.enum(["accept", "reject"]), reason: z.string().max(4096) })
  ),
  // why a task that ended is tried again
  task_retried: once(() => z.object({ taskId: taskId(), reason: z.string().max(1024) })),
} as const;

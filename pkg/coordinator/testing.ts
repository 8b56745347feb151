/**
 * Task entries without keys or journals, for tests of the pure parts.
 *
 * @module
 */
import { createUlid, type EntryId, hexEncode, type PeerId, type TaskId, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { peerIdFromPublicKey, sha256, signingKeyFromSeed } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import { termsOf } from "./check_task.ts";
import { commandFor, type TaskAct } from "./task_act.ts";
import { decideTask, type TaskDecision } from "./decide_task.ts";
import type { EntryOf } from "./task_record.ts";
import type { TaskCommand, TaskValue } from "./task_value.ts";
import type { Authority, DecidedEntry, TaskEntry, ToldKind } from "./types.ts";

export { type MemoryLine, MemoryTaskVoters, readMemoryDecision } from "./memory_voters.ts";

export const TEST_TASK = createUlid(1_000, createSeededRandom(1)) as TaskId; // a ULID by construction
export const POSTER: PeerId = peer(0);
export const PEERS: readonly PeerId[] = [1, 2, 3, 4, 5].map(peer);

function peer(seed: number): PeerId {
  return peerIdFromPublicKey(signingKeyFromSeed(createSeededRandom(seed).bytes(32)).publicKey);
}

/** A member's grant as the journal tells it. */
export function authority(fields: Partial<Authority> = {}): Authority {
  return { binaryType: "agent", role: "developer", level: "suggestion", ...fields };
}

/** An entry of `author` at `ms`; `seq` follows the time, so that logs are in order. */
export function entry<K extends ToldKind>(
  kind: K,
  author: PeerId,
  ms: number,
  body: Omit<BodyOf<K>, "taskId"> & { taskId?: TaskId },
  fields: { seq?: number; authority?: Authority } = {},
): EntryOf<K> {
  const seq = fields.seq ?? ms;
  const id = hexEncode(sha256(utf8Encode(`${kind}/${author}/${ms}/${seq}/${JSON.stringify(body)}`))) as EntryId;
  return {
    id,
    author,
    seq,
    hlc: { ms, counter: 0 },
    authority: fields.authority ?? authority(),
    kind,
    body: { taskId: TEST_TASK, ...body },
  } as unknown as EntryOf<K>; // a test's literal; the kinds correspond
}

/** The post every test starts from. */
export function posted(
  fields: Partial<BodyOf<"task_posted">> = {},
  ms = 1,
  author: PeerId = POSTER,
): EntryOf<"task_posted"> {
  return entry("task_posted", author, ms, {
    title: "Count the words",
    description: "",
    priority: 5,
    requiredCapabilities: [],
    ...fields,
  });
}

/** An act; what a test does not care for is left out. */
export type Act =
  | Exclude<TaskAct, { type: "claim" | "fail" }>
  | { readonly type: "claim"; readonly leaseMs?: number; readonly isBegun?: true }
  | { readonly type: "fail"; readonly told: EntryId; readonly isFinal?: boolean };

/** The command that `act` means when the register has `value`. */
export function commandOf(post: EntryOf<"task_posted">, value: TaskValue | undefined, act: Act): TaskCommand {
  const reference = { post: post.id, terms: termsOf(post.body) };
  if (act.type === "claim") return commandFor(value, reference, { leaseMs: 30_000, ...act });
  if (act.type === "fail") return commandFor(value, reference, { isFinal: false, ...act });
  return commandFor(value, reference, act);
}

/** The life of one task: commands are decided as voters decide them, and decisions become entries. */
export class TaskLife {
  readonly post: EntryOf<"task_posted">;
  readonly entries: TaskEntry[];
  value: TaskValue | undefined;

  constructor(post: EntryOf<"task_posted"> = posted()) {
    this.post = post;
    this.entries = [post];
  }

  /** What voters would say, with facts left out. */
  ask(actor: PeerId, act: Act): TaskDecision {
    return decideTask(this.value, commandOf(this.post, this.value, act), actor);
  }

  /** Has it decided. @throws Error when the rules refuse */
  act(actor: PeerId, ms: number, act: Act): this {
    const decision = this.ask(actor, act);
    if (!("next" in decision)) throw new Error(`${act.type}: ${JSON.stringify(decision)}`);
    this.value = decision.next;
    this.entries.push(decided(this.post.body.taskId, decision.next, actor, ms));
    return this;
  }

  /** Writes an entry. */
  tell<K extends ToldKind>(kind: K, author: PeerId, ms: number, body: Omit<BodyOf<K>, "taskId">): EntryOf<K> {
    const told = entry(kind, author, ms, { ...body, taskId: this.post.body.taskId } as Parameters<typeof entry<K>>[3]);
    this.entries.push(told as TaskEntry);
    return told;
  }

  /** Claims and begins. */
  start(actor: PeerId, ms: number): this {
    return this.act(actor, ms, { type: "claim" }).act(actor, ms, { type: "begin" });
  }

  /** Tells the result under the token of the task, and has it decided. */
  complete(actor: PeerId, ms: number): this {
    const { token, attempt } = this.#held();
    const body = { attempt, token, summary: "done", output: "42", durationMs: 5 };
    const { id } = this.tell("task_completed", actor, ms, body);
    return this.act(actor, ms + 1, { type: "complete", told: id });
  }

  fail(actor: PeerId, ms: number, isFinal = false): this {
    const { token, attempt } = this.#held();
    const body = { attempt, token, reason: "no luck", retryable: !isFinal };
    const { id } = this.tell("task_failed", actor, ms, body);
    return this.act(actor, ms + 1, { type: "fail", told: id, isFinal });
  }

  release(actor: PeerId, ms: number): this {
    const { id } = this.tell("task_released", actor, ms, { ...this.#held(), reason: "stopping" });
    return this.act(actor, ms + 1, { type: "release", told: id });
  }

  cancel(actor: PeerId, ms: number): this {
    const { id } = this.tell("task_cancelled", actor, ms, { reason: "changed plans" });
    return this.act(actor, ms + 1, { type: "cancel", told: id });
  }

  #held(): { token: number; attempt: number } {
    return { token: this.value?.token ?? 1, attempt: this.value?.attempt ?? 1 };
  }
}

/** The entry that tells of a decision. */
export function decided(taskId: TaskId, value: TaskValue, author: PeerId, ms: number): DecidedEntry {
  const id = hexEncode(sha256(utf8Encode(`${author}/${ms}/${JSON.stringify(value)}`))) as EntryId; // 64 digits
  const hlc = { ms, counter: value.version };
  return { id, author, seq: ms, hlc, kind: "task_decided", body: { taskId }, value };
}

import { type EntryId, hexEncode, type PeerId, type RequestId, type TaskId, utf8Encode } from "@bzzz/base";
import {
  type EntryFact,
  type PlanFact,
  type PostFact,
  type RequestFact,
  type TaskFacts,
  type TaskTerms,
  termsOf,
} from "@bzzz/coordinator";
import { sha256 } from "@bzzz/crypto";
import { hashText } from "../engine/chance.ts";
import { PLAIN, postFields, type TaskDraft } from "./draft.ts";

/** Journals differ by up to this: what one node has written, another may not have yet. */
export const SPREAD_MS = 1_500;

/** A member as everybody knows it from its grant and record. */
export interface MemberFacts {
  readonly mayHold: boolean;
  readonly mayLead: boolean;
  readonly maySteer: boolean;
}

interface Written {
  readonly atMs: number;
  readonly fact: EntryFact;
}

interface Post {
  readonly id: EntryId;
  readonly fact: PostFact;
  readonly draft: TaskDraft;
}

interface Request {
  readonly opened: EntryId;
  readonly fact: Omit<RequestFact, "isOpen" | "isApproved">;
  answer: { readonly entry: EntryId; readonly isApproved: boolean } | undefined;
}

interface Objection {
  readonly entry: EntryId;
  takenBack: EntryId | undefined;
}

/** What of a node its facts need. */
export interface NodeClocks {
  readonly wallMs: () => number;
  /** Milliseconds since its process heard of a plan. */
  readonly planAgeMs: (plan: EntryId) => number;
}

/**
 * What the journals of a run have, each a little later than the one before. The journal's own world shows that they agree in
 * the end; here it only matters that voters do not know the same things at the same time.
 */
export class Board {
  readonly #nowMs: () => number;
  readonly #members: ReadonlyMap<PeerId, MemberFacts>;
  readonly #posts = new Map<TaskId, Post>();
  readonly #entries = new Map<EntryId, Written>();
  readonly #requests = new Map<RequestId, Request>();
  readonly #objections = new Map<EntryId, Objection[]>();

  constructor(nowMs: () => number, members: ReadonlyMap<PeerId, MemberFacts>) {
    this.#nowMs = nowMs;
    this.#members = members;
  }

  /** `wallMs`: the poster's wall clock. */
  post(task: TaskId, author: PeerId, draft: TaskDraft = PLAIN, wallMs = 0): PostFact {
    const id = this.write({ kind: "task_posted", author, task });
    const work = { taskId: task, title: "work", description: "", priority: 5, requiredCapabilities: ["work"] };
    const fact = { body: { ...work, ...postFields(draft, wallMs) }, author };
    this.#posts.set(task, { id, fact, draft });
    return fact;
  }

  write(entry: Omit<EntryFact, "messageType">, messageType?: string): EntryId {
    const fact = { ...entry, messageType };
    const text = `${this.#entries.size} ${fact.kind} ${fact.author}`;
    const id = hexEncode(sha256(utf8Encode(text))) as EntryId; // 64 hexadecimal digits
    this.#entries.set(id, { atMs: this.#nowMs(), fact });
    return id;
  }

  tellPlan(task: TaskId, author: PeerId): EntryId {
    return this.write({ kind: "message_posted", author, task }, "plan");
  }

  object(task: TaskId, plan: EntryId, author: PeerId): void {
    const entry = this.write({ kind: "message_posted", author, task }, "objection");
    this.#objections.set(plan, [...this.#objections.get(plan) ?? [], { entry, takenBack: undefined }]);
  }

  takeBack(task: TaskId, plan: EntryId, author: PeerId): void {
    const takenBack = this.write({ kind: "message_posted", author, task }, "agreement");
    for (const objection of this.#objections.get(plan) ?? []) objection.takenBack ??= takenBack;
  }

  ask(task: TaskId, author: PeerId): RequestId {
    const id = `01SR${String(this.#requests.size).padStart(22, "0")}` as RequestId; // a ULID
    const opened = this.write({ kind: "request_opened", author, task });
    this.#requests.set(id, { opened, fact: { task, openedBy: author }, answer: undefined });
    return id;
  }

  answer(id: RequestId, isApproved: boolean, author: PeerId): void {
    const request = this.#requests.get(id);
    if (!request || request.answer) return;
    const entry = this.write({ kind: "request_answered", author, task: request.fact.task });
    request.answer = { entry, isApproved };
  }

  draftOf(task: TaskId): TaskDraft {
    return this.#posts.get(task)?.draft ?? PLAIN;
  }

  /** What of the post decides about the way of the task; of plain work while it is not posted. */
  termsOf(task: TaskId): TaskTerms {
    const post = this.#posts.get(task);
    return post ? termsOf(post.fact.body) : { isReviewed: false };
  }

  /** The id of a task's post, once node `node` has it. */
  postSeenBy(node: number, taskId: TaskId): EntryId | undefined {
    const post = this.#posts.get(taskId);
    return post && this.#isThere(node, post.id) ? post.id : undefined;
  }

  postOf(taskId: TaskId): PostFact | undefined {
    return this.#posts.get(taskId)?.fact;
  }

  requestSeenBy(node: number, id: RequestId): RequestFact | undefined {
    const request = this.#requests.get(id);
    if (!request || !this.#isThere(node, request.opened)) return undefined;
    const { answer } = request;
    const isAnswered = answer !== undefined && this.#isThere(node, answer.entry);
    return { ...request.fact, isOpen: !isAnswered, isApproved: isAnswered && answer.isApproved };
  }

  /** Milliseconds until `node` has an entry that was written just now. */
  delayMs(node: number, id: EntryId): number {
    const share = hashText(`${node} ${id}`) / 0x1_0000_0000;
    return share * share * SPREAD_MS;
  }

  /** The facts of one node. */
  factsOf(node: number, { wallMs, planAgeMs }: NodeClocks): TaskFacts {
    return {
      nowMs: wallMs,
      post: (task, id) => {
        const post = this.#posts.get(task);
        return post?.id === id && this.#isThere(node, id) ? post.fact : undefined;
      },
      authority: (peer) => {
        const member = this.#members.get(peer);
        return member && { binaryType: "agent", role: "developer", level: member.maySteer ? "master" : "suggestion" };
      },
      capabilities: (peer) => this.#members.get(peer)?.mayHold ? ["work"] : [],
      isCompleted: () => undefined,
      request: (id) => this.requestSeenBy(node, id),
      plan: (_task, plan): PlanFact | undefined =>
        this.#isThere(node, plan) ? { ageMs: planAgeMs(plan), isBlocked: this.#isBlocked(node, plan) } : undefined,
      parents: () => [],
      entry: (id) => this.#isThere(node, id) ? this.#entries.get(id)?.fact : undefined,
    };
  }

  #isBlocked(node: number, plan: EntryId): boolean {
    return (this.#objections.get(plan) ?? []).some(({ entry, takenBack }) =>
      this.#isThere(node, entry) && (takenBack === undefined || !this.#isThere(node, takenBack))
    );
  }

  #isThere(node: number, id: EntryId): boolean {
    const written = this.#entries.get(id);
    return written !== undefined && this.#nowMs() >= written.atMs + this.delayMs(node, id);
  }
}

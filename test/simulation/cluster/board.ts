import { type EntryId, hexEncode, type PeerId, type TaskId, utf8Encode } from "@bzzz/base";
import type { EntryFact, PostFact, TaskFacts, TaskTerms } from "@bzzz/coordinator";
import { sha256 } from "@bzzz/crypto";
import { hashText } from "../engine/chance.ts";

/** Journals differ by up to this: what one node has written, another may not have yet. */
const SPREAD_MS = 1_500;

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

/** No task of a run has terms of its own. */
export const PLAIN_TERMS: TaskTerms = { isReviewed: false };

/**
 * What the journals of a run have, each a little later than the one before. The journal's own world shows that they agree in
 * the end; here it only matters that voters do not know the same things at the same time.
 */
export class Board {
  readonly #nowMs: () => number;
  readonly #members: ReadonlyMap<PeerId, MemberFacts>;
  readonly #posts = new Map<TaskId, { readonly id: EntryId; readonly atMs: number; readonly fact: PostFact }>();
  readonly #entries = new Map<EntryId, Written>();

  constructor(nowMs: () => number, members: ReadonlyMap<PeerId, MemberFacts>) {
    this.#nowMs = nowMs;
    this.#members = members;
  }

  post(task: TaskId, author: PeerId): void {
    const id = this.write({ kind: "task_posted", author, task });
    const body = { taskId: task, title: "work", description: "", priority: 5, requiredCapabilities: ["work"] };
    this.#posts.set(task, { id, atMs: this.#nowMs(), fact: { body, author } });
  }

  write(entry: Omit<EntryFact, "messageType">): EntryId {
    const fact = { ...entry, messageType: undefined };
    const text = `${this.#entries.size} ${fact.kind} ${fact.author}`;
    const id = hexEncode(sha256(utf8Encode(text))) as EntryId; // 64 hexadecimal digits
    this.#entries.set(id, { atMs: this.#nowMs(), fact });
    return id;
  }

  /** The id of a task's post, once node `node` has it. */
  postSeenBy(node: number, taskId: TaskId): EntryId | undefined {
    const post = this.#posts.get(taskId);
    return post && this.#isThere(node, post.id, post.atMs) ? post.id : undefined;
  }

  /** The facts of one node. */
  factsOf(node: number, wallMs: () => number): TaskFacts {
    return {
      nowMs: wallMs,
      post: (task, id) => {
        const post = this.#posts.get(task);
        return post?.id === id && this.#isThere(node, id, post.atMs) ? post.fact : undefined;
      },
      authority: (peer) => {
        const member = this.#members.get(peer);
        return member && { binaryType: "agent", role: "developer", level: member.maySteer ? "master" : "suggestion" };
      },
      capabilities: (peer) => this.#members.get(peer)?.mayHold ? ["work"] : [],
      isCompleted: () => undefined,
      request: () => undefined,
      plan: () => undefined,
      parents: () => [],
      entry: (id) => {
        const written = this.#entries.get(id);
        return written && this.#isThere(node, id, written.atMs) ? written.fact : undefined;
      },
    };
  }

  #isThere(node: number, id: EntryId, atMs: number): boolean {
    const share = hashText(`${node} ${id}`) / 0x1_0000_0000;
    return this.#nowMs() >= atMs + share * share * SPREAD_MS;
  }
}

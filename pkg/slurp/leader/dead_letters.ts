import { hexEncode, once, utf8Decode, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import type { Store } from "@bzzz/store";
import { parseJson } from "@bzzz/ucxl";
import { z } from "zod";
import { type Subject, subjectKey } from "../context/levels.ts";
import type { Job } from "./job_queue.ts";

const PREFIX = "slurp/dead/";
const ID_CHARACTERS = 12;

const letterSchema = once(() =>
  z.object({
    id: z.string(),
    project: z.string(),
    task: z.string(),
    code: z.string(),
    message: z.string(),
    attempts: z.int(),
    failed_at_ms: z.number(),
    term: z.int(),
    events: z.array(z.object({
      idempotency_key: z.string(),
      type: z.string(),
      ucxl_agent: z.string(),
      ucxl_role: z.string(),
      ucxl_project: z.string(),
      ucxl_task: z.string(),
      ucxl_path: z.string(),
      ucxl_reference: z.string(),
      content_hash: z.string().optional(),
    })),
  })
);

/** A job that was given up, with why and what it was about. Holds addresses and codes, and no word of a content. */
export type DeadLetter = Readonly<z.output<ReturnType<typeof letterSchema>>>;

/** What dead letters are kept in. */
export interface DeadLetterDeps {
  readonly store: Pick<Store, "kv">;
  /** Called when one had to make room. */
  readonly onDropped: () => void;
}

/**
 * Jobs that this node gave up while it led, in its database: one a subject, at most `max`, beyond which the oldest goes. Nothing depends on
 * them: the next leader finds what is not derived by itself.
 */
export class DeadLetters {
  readonly #deps: DeadLetterDeps;
  readonly #max: number;

  constructor(deps: DeadLetterDeps, options: { readonly max: number }) {
    this.#deps = deps;
    this.#max = options.max;
  }

  get size(): number {
    return this.#deps.store.kv.keys(PREFIX).length;
  }

  /** Keeps a job that was given up. @throws StoreError */
  add(
    job: Job,
    why: { readonly code: string; readonly message: string; readonly term: number; readonly atMs: number },
  ): void {
    const id = idOf(job.subject);
    const letter: DeadLetter = {
      id,
      ...job.subject,
      code: why.code,
      message: why.message.slice(0, 500),
      attempts: job.attempts,
      failed_at_ms: why.atMs,
      term: why.term,
      events: [...job.events.values()].map((event) => ({
        idempotency_key: event.idempotencyKey,
        type: event.type,
        ucxl_agent: event.ucxlAgent,
        ucxl_role: event.ucxlRole,
        ucxl_project: event.ucxlProject,
        ucxl_task: event.ucxlTask,
        ucxl_path: event.ucxlPath,
        ucxl_reference: event.ucxlReference,
        ...(event.contentHash === undefined ? {} : { content_hash: event.contentHash }),
      })),
    };
    this.#deps.store.kv.set(PREFIX + id, utf8Encode(JSON.stringify(letter)));
    const surplus = this.list().slice(this.#max);
    for (const { id } of surplus) {
      this.#deps.store.kv.delete(PREFIX + id);
      this.#deps.onDropped();
    }
  }

  /** Newest first. */
  list(): readonly DeadLetter[] {
    return this.#deps.store.kv.keys(PREFIX).flatMap((key) => this.#read(key) ?? [])
      .sort((a, b) => b.failed_at_ms - a.failed_at_ms || (a.id < b.id ? -1 : 1));
  }

  get(id: string): DeadLetter | undefined {
    return this.#read(PREFIX + id);
  }

  /** Forgets the letter of a subject, if there is one: it was derived. @throws StoreError */
  settle(subject: Subject): void {
    this.#deps.store.kv.delete(PREFIX + idOf(subject));
  }

  #read(key: string): DeadLetter | undefined {
    const bytes = this.#deps.store.kv.get(key);
    if (!bytes) return undefined;
    const parsed = letterSchema().safeParse(parseJson(utf8Decode(bytes)));
    return parsed.success ? parsed.data : undefined;
  }
}

function idOf(subject: Subject): string {
  return hexEncode(sha256(utf8Encode(subjectKey(subject)))).slice(0, ID_CHARACTERS);
}

import { backoffMs, type Clock, type EntryId, type Random, type TaskId } from "@bzzz/base";
import { type TaskTexts, taskTextsOf, type TaskView } from "@bzzz/coordinator";
import { threadOfTask } from "@bzzz/hmmm";
import type { Logger } from "@bzzz/logging";
import { type Certificate, encodeCertificate } from "@bzzz/register";
import { type BodyOf, type EntryKind, TOPICS } from "@bzzz/wire";
import { APPEND_BACKOFF, APPEND_TRIES, REPLAY_PAGE } from "./constants.ts";
import type { HelpReply } from "./help_desk.ts";
import type { AgentEntry, AgentJournal } from "./types.ts";

/** What they are stored with. */
export interface OwnEntriesDeps {
  readonly clock: Pick<Clock, "sleep">;
  readonly random: Random;
  readonly logger: Pick<Logger, "warn">;
  readonly journal: AgentJournal;
  /** Aborts when nobody tries again any more. */
  readonly stopped: AbortSignal;
}

/** The journal as an agent writes and reads it again: what it tells of its work has a topic, a task and a thread. */
export class OwnEntries {
  readonly #deps: OwnEntriesDeps;

  constructor(deps: OwnEntriesDeps) {
    this.#deps = deps;
  }

  /** Stores an entry about a task, trying again for about half a minute. @throws what the journal throws last */
  async append<K extends EntryKind>(kind: K, body: BodyOf<K>, task: TaskId): Promise<EntryId> {
    const { journal, clock, random, logger, stopped } = this.#deps;
    const isTalk = kind === "request_opened" || kind === "message_posted";
    const topic = isTalk ? TOPICS.hmmm : TOPICS.coordination;
    const thread = kind === "message_posted" ? { thread: threadOfTask(task) } : {};
    for (let tries = 1;; tries++) {
      try {
        const { envelope } = await journal.append({ kind, topic, body, task, ...thread });
        return envelope.id;
      } catch (error) {
        const isMistake = error instanceof TypeError || error instanceof RangeError;
        if (isMistake || tries >= APPEND_TRIES || stopped.aborted) throw error;
        logger.warn("Cannot store an entry yet", { kind, task, tries }, error);
      }
      await clock.sleep(backoffMs(random, tries, APPEND_BACKOFF), { signal: stopped });
    }
  }

  /** Tells of a decision about a task. */
  async tell(taskId: TaskId, certificate: Certificate): Promise<void> {
    await this.append("task_decided", { taskId, certificate: encodeCertificate(certificate) }, taskId);
  }

  /** Answers a call for help: once, as its time is soon over. */
  async reply(draft: HelpReply): Promise<void> {
    await this.#deps.journal.append({ kind: "message_posted", topic: TOPICS.hmmm, ...draft });
  }

  /** What is long of a task; undefined when its post is not in the journal any more. */
  textsOf(view: TaskView): TaskTexts | undefined {
    return taskTextsOf(view, (id) => this.#deps.journal.get(id));
  }

  /** What a plan says; undefined when it is not here. */
  planText(id: EntryId): string | undefined {
    const entry = this.#deps.journal.get(id);
    return entry?.kind === "message_posted" ? (entry.body as BodyOf<"message_posted">).text : undefined; // of its kind
  }

  /** Gives all entries of those kinds that are here to `take`, page by page. */
  replay(kinds: readonly EntryKind[], take: (entry: AgentEntry) => void): void {
    const query = { limit: REPLAY_PAGE, kinds };
    let cursor = 0;
    for (let page = this.#deps.journal.entriesAfter(cursor, query); page.length > 0;) {
      for (const entry of page) {
        take(entry);
        cursor = Math.max(cursor, entry.cursor);
      }
      page = page.length < REPLAY_PAGE ? [] : this.#deps.journal.entriesAfter(cursor, query);
    }
  }
}

import { type Clock, hexEncode, type Random } from "@bzzz/base";
import { ApiError } from "@bzzz/http";
import type { MeshEvent } from "./facade.ts";
import type { JournalQuery, MessageQuery, PostMessageInput } from "./inputs.ts";
import type { AuthorView, EntryDetailView, EntryView, MessageView } from "./views.ts";

const TOPICS: Readonly<Record<string, string>> = {
  coordination: "bzzz/coordination/v1",
  hmmm: "hmmm/meta-discussion/v1",
  agents: "bzzz/agents/v1",
  context: "bzzz/context/v1",
};

function resolve(topic: string): string {
  const full = TOPICS[topic] ?? topic;
  if (!Object.values(TOPICS).includes(full)) {
    throw new ApiError("invalid_topic", `Cannot use the topic: "${topic}" is unknown`);
  }
  return full;
}

/** Who writes in a mesh in memory, and what time it is there. */
export interface FakeJournalDeps {
  readonly clock: Clock;
  readonly random: Random;
  /** Whose node it is. */
  readonly me: AuthorView;
  /** The other member. */
  readonly agent: AuthorView;
}

/** The journal of a mesh in memory: what is written is told to who watches. */
export class FakeJournal {
  readonly entries: EntryView[] = [];
  readonly #deps: FakeJournalDeps;
  readonly #watchers = new Set<(event: MeshEvent) => void>();

  constructor(deps: FakeJournalDeps) {
    this.#deps = deps;
  }

  /** Watchers that have not been removed. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Puts an entry into the journal as if `author` had written it. */
  append(
    kind: string,
    body: Record<string, unknown>,
    options: { author?: AuthorView; topic?: string; taskId?: string; thread?: string } = {},
  ): EntryView {
    const entry: EntryView = {
      cursor: this.entries.length + 1,
      id: hexEncode(this.#deps.random.bytes(32)),
      kind,
      topic: resolve(options.topic ?? "coordination"),
      author: options.author ?? this.#deps.agent,
      seq: this.entries.length + 1,
      hlc: { ms: this.#deps.clock.nowMs(), counter: 0 },
      body,
      ...(options.taskId === undefined ? {} : { task_id: options.taskId }),
      ...(options.thread === undefined ? {} : { thread: options.thread }),
    };
    this.entries.push(entry);
    this.emit({ type: "entry", entry });
    return entry;
  }

  emit(event: MeshEvent): void {
    for (const watcher of this.#watchers) watcher(event);
  }

  watch(listener: (event: MeshEvent) => void): () => void {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  }

  journal(query: JournalQuery): readonly EntryView[] {
    const topic = query.topic === undefined ? undefined : resolve(query.topic);
    return this.entries.filter((entry) =>
      entry.cursor > query.after && (!topic || entry.topic === topic) && (!query.kind || entry.kind === query.kind) &&
      (!query.task || entry.task_id === query.task)
    ).slice(0, query.limit);
  }

  latestCursor(): number {
    return this.entries.length;
  }

  entry(id: string): EntryDetailView | undefined {
    const entry = this.entries.find((candidate) => candidate.id === id);
    return entry && { ...entry, frame: "AAAA" };
  }

  messages(query: MessageQuery): readonly MessageView[] {
    const all = this.entries.filter((entry) =>
      entry.kind === "message_posted" && (query.thread === undefined || entry.thread === query.thread)
    ).map((entry) => this.#message(entry));
    return query.after === undefined
      ? all.slice(-query.limit)
      : all.filter((message) => message.cursor > (query.after ?? 0)).slice(0, query.limit);
  }

  postMessage(input: PostMessageInput): MessageView {
    const { type, text, to, refs, severity, thread, task_id: taskId, topic, capabilities, ttl_ms: ttlMs } = input;
    const body = {
      type,
      text,
      to,
      refs,
      ...(severity ? { severity } : {}),
      ...(capabilities ? { capabilities } : {}),
      ...(ttlMs === undefined ? {} : { ttl_ms: ttlMs }),
    };
    const place = { ...(thread === undefined ? {} : { thread }), ...(taskId === undefined ? {} : { taskId }) };
    return this.#message(this.append("message_posted", body, { author: this.#deps.me, topic, ...place }));
  }

  #message(entry: EntryView): MessageView {
    const body = entry.body as Pick<MessageView, "type" | "text" | "to" | "refs" | "severity">; // only `postMessage` writes this kind
    const { id, cursor, topic, author, thread, task_id: taskId } = entry;
    return {
      id,
      cursor,
      topic,
      author,
      ...body,
      ...(thread === undefined ? {} : { thread }),
      ...(taskId === undefined ? {} : { task_id: taskId }),
      at_ms: entry.hlc.ms,
    };
  }
}

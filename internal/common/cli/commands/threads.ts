import { type ApiClient, ApiError, type EntryView, type MessageView } from "@bzzz/api";
import { EXIT } from "../exit.ts";
import { CliError } from "../errors.ts";
import { describeEntry } from "../render_entry.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";
import { textOrInput } from "../values.ts";
import { threadOf } from "./hmmm_work.ts";

/** Messages of a thread that are shown, the newest. */
const MAX_MESSAGES = 500;
const TASK_THREAD = /^task\/([0-9A-HJKMNP-TV-Z]{26})$/;

/** A thread, and what was said in it: the message it began with in front. */
export interface FoundThread {
  readonly thread: string;
  readonly entries: readonly EntryView[];
}

/**
 * A thread by its own id, by a task, or by the id of the message that it began with: a thread without another name is called
 * `message/ID`. Undefined where nothing was said in it, and no task or message has that id.
 * @throws ApiError as the node refuses it
 */
export async function findThread(
  client: Pick<ApiClient, "messages" | "entry" | "task">,
  reference: string,
  options: { readonly signal: AbortSignal },
): Promise<FoundThread | undefined> {
  const read = async (thread: string): Promise<readonly EntryView[]> =>
    (await client.messages({ thread, limit: MAX_MESSAGES }, options)).map(entryOf);
  const id = /^(?:message\/)?([0-9a-f]{64})$/i.exec(reference)?.[1]?.toLowerCase();
  if (id !== undefined) {
    const root = await orUndefined(client.entry(id, options));
    const thread = root?.thread ?? `message/${id}`;
    const said = await read(thread);
    if (!root && said.length === 0) return undefined;
    return { thread, entries: root && !root.thread ? [root, ...said] : said };
  }
  const said = reference.length <= 128 ? await read(reference) : [];
  if (said.length > 0) return { thread: reference, entries: said };
  const task = /^(?:task\/)?([0-9A-Za-z]{4,26})$/.exec(reference)?.[1];
  const view = task === undefined ? undefined : await orUndefined(client.task(task, options));
  if (!view) return undefined;
  const thread = threadOf(view);
  return { thread, entries: await read(thread) };
}

/** Says something in a thread; of a task's it is about that task. @throws ApiError as the node refuses it */
export function sayInThread(
  client: Pick<ApiClient, "postMessage">,
  said: { readonly thread: string; readonly text: string; readonly topic?: string },
  options: { readonly signal: AbortSignal },
): Promise<MessageView> {
  const task = TASK_THREAD.exec(said.thread)?.[1];
  return client.postMessage({ ...said, ...(task === undefined ? {} : { task_id: task }) }, options);
}

/** What is missing where `findThread` found nothing. */
export function noThread(reference: string): string {
  return `Cannot open thread "${
    sanitiseLine(reference, 80)
  }": nothing was said in it, and no task or message has that id`;
}

const thread: Command = {
  name: "thread",
  group: "people",
  summary: "What was said in one thread; with words: say something in it",
  details: "A thread is named by its own id, by a task, or by the id of the message that it began with (tail --json).",
  args: [
    { name: "thread", summary: "Its id, or that of a task or a message", isRequired: true },
    { name: "text", summary: "An answer, or - for standard input", isRest: true },
  ],
  needs: "node",
  isInPortal: true,
  async run(context) {
    const { values, signal } = context;
    const client = await context.client();
    const reference = values.required("thread");
    const found = await findThread(client, reference, { signal });
    if (!found) throw new CliError("not_found", noThread(reference));
    const words = values.list("text").join(" ");
    if (words === "") {
      await context.out.list(found.entries, {
        heading: ["TIME", "WHAT"],
        row: (entry) => [context.format.time(entry.hlc.ms), describeEntry(entry)],
        empty: "Nothing was said.",
      });
      return EXIT.ok;
    }
    const text = await textOrInput([words], context.readInput);
    const topic = found.entries[0]?.topic;
    const message = await sayInThread(
      client,
      { thread: found.thread, text, ...(topic === undefined ? {} : { topic }) },
      { signal },
    );
    await context.out.item(message, () => `Sent to thread ${sanitiseLine(found.thread, 80)}.`);
    return EXIT.ok;
  },
};

/** Undefined where there is none. */
async function orUndefined<T>(looking: Promise<T>): Promise<T | undefined> {
  try {
    return await looking;
  } catch (error) {
    if (error instanceof ApiError && error.code === "not_found") return undefined;
    throw error;
  }
}

/** A message as the entry it is, so far as a line shows it. */
function entryOf(message: MessageView): EntryView {
  const { id, cursor, topic, author, thread, parent, task_id: taskId, at_ms: atMs, ...body } = message;
  return {
    id,
    cursor,
    kind: "message_posted",
    topic,
    author,
    seq: 0,
    hlc: { ms: atMs, counter: 0 },
    ...(thread === undefined ? {} : { thread }),
    ...(parent === undefined ? {} : { parent }),
    ...(taskId === undefined ? {} : { task_id: taskId }),
    body,
  };
}

/** Threads, one at a time. */
export const THREAD_COMMANDS: readonly Command[] = [thread];

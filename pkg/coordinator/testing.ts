/**
 * Task entries without keys or journals, for tests of the pure parts.
 *
 * @module
 */
import { createUlid, type EntryId, hexEncode, type PeerId, type TaskId, utf8Encode } from "@bzzz/base";
import { createSeededRandom } from "@bzzz/base/testing";
import { sha256 } from "@bzzz/crypto";
import type { BodyOf } from "@bzzz/wire";
import type { Authority, TaskEntry, TaskKind } from "./types.ts";

export const TEST_TASK = createUlid(1_000, createSeededRandom(1)) as TaskId; // a ULID by construction
export const POSTER = "poster" as PeerId;
export const PEERS = ["ada", "bob", "cyd", "dan", "eve"] as readonly string[] as readonly PeerId[];

/** A member's grant as the journal tells it. */
export function authority(fields: Partial<Authority> = {}): Authority {
  return { binaryType: "agent", role: "developer", level: "suggestion", ...fields };
}

/** An entry of `author` at `ms`; `seq` follows the time, so that logs are in order. */
export function entry<K extends TaskKind>(
  kind: K,
  author: PeerId,
  ms: number,
  body: Omit<BodyOf<K>, "taskId"> & { taskId?: TaskId },
  fields: { seq?: number; authority?: Authority } = {},
): Extract<TaskEntry, { kind: K }> {
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
  } as unknown as Extract<TaskEntry, { kind: K }>; // a test's literal; the kinds correspond
}

/** The post every test starts from. */
export function posted(
  fields: Partial<BodyOf<"task_posted">> = {},
  ms = 1,
  author: PeerId = POSTER,
): Extract<TaskEntry, { kind: "task_posted" }> {
  return entry("task_posted", author, ms, {
    title: "Count the words",
    description: "",
    priority: 5,
    requiredCapabilities: [],
    ...fields,
  });
}

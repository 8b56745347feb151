import { createUlid, type PeerId, type Random, type TaskId } from "@bzzz/base";
import { bindUlid, isUlidOf } from "@bzzz/crypto";

const DOMAIN = "bzzz/task-author/1";

/**
 * A new task id that carries its author. Stamps are their author's word, so another member could post under an id it has
 * seen and date it back; its post gives way to that of the peer whose id it is.
 */
export function createTaskId(nowMs: number, random: Random, author: PeerId): TaskId {
  return bindUlid(createUlid(nowMs, random), DOMAIN, author) as TaskId; // a ULID is what parseTaskId accepts
}

/** Whether `createTaskId` could have made `taskId` for `author`. */
export function carriesAuthor(taskId: TaskId, author: PeerId): boolean {
  return isUlidOf(taskId, DOMAIN, author);
}

import { createUlid, type PeerId, type Random, type TaskId, utf8Encode } from "@bzzz/base";
import { domainMessage, sha256 } from "@bzzz/crypto";

const DOMAIN = "bzzz/task-author/1";
/** Characters of an id that stand for its author, after the ten of the time: 40 bits. The other 40 are random. */
const TAG_CHARACTERS = 8;
const TIME_CHARACTERS = 10;

function tagOf(author: PeerId): Uint8Array {
  return sha256(domainMessage(DOMAIN, utf8Encode(author))).subarray(0, TAG_CHARACTERS);
}

/**
 * A new task id that carries its author. Stamps are their author's word, so another member could post under an id it has
 * seen and date it back; its post gives way to that of the peer whose id it is.
 */
export function createTaskId(nowMs: number, random: Random, author: PeerId): TaskId {
  const bytes = (length: number): Uint8Array<ArrayBuffer> => {
    const made = random.bytes(length);
    made.set(tagOf(author));
    return made;
  };
  return createUlid(nowMs, { float: random.float, bytes }) as TaskId; // createUlid makes exactly what parseTaskId accepts
}

/** Whether `createTaskId` could have made `taskId` for `author`. */
export function carriesAuthor(taskId: TaskId, author: PeerId): boolean {
  const bytes = (length: number): Uint8Array<ArrayBuffer> => {
    const padded = new Uint8Array(length);
    padded.set(tagOf(author));
    return padded;
  };
  const until = TIME_CHARACTERS + TAG_CHARACTERS;
  return createUlid(0, { float: () => 0, bytes }).slice(TIME_CHARACTERS, until) ===
    taskId.slice(TIME_CHARACTERS, until);
}

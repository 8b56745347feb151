/** A delivery record is of use while copies of its message still arrive; gossipsub's own constant is two minutes. */
const RECORD_TTL_MS = 15_000;
/** gossipsub 17.1.1: TimeCacheDuration in constants.ts, which `expire` of a queue entry was computed with. */
const LIBRARY_TTL_MS = 120_000;

/** The part of gossipsub's score book that grows with every message, whatever the options say. */
interface DeliveryBook {
  readonly score: {
    readonly deliveryRecords: {
      readonly records: Map<string, unknown>;
      readonly queue: { peekFront(): { msgId: string; expire: number } | undefined; shift(): unknown };
    };
  };
}

/**
 * Drops delivery records older than 15 s and returns how many. gossipsub keeps one for every message id of the last two
 * minutes, about 400 bytes each, with no option to shorten it: at 4,000 messages a second 190 MB, and the largest part
 * of what a flood leaves behind besides the stream queues. Does nothing on a gossipsub built otherwise.
 */
export function trimDeliveryRecords(gossip: object, nowMs: number): number {
  const book = gossip as Partial<DeliveryBook>; // shape checked below: these fields are not in the declared type
  const records = book.score?.deliveryRecords?.records;
  const queue = book.score?.deliveryRecords?.queue;
  if (!(records instanceof Map) || typeof queue?.peekFront !== "function") return 0;
  let trimmed = 0;
  const expireBeforeMs = nowMs + LIBRARY_TTL_MS - RECORD_TTL_MS;
  for (let head = queue.peekFront(); head && head.expire < expireBeforeMs; head = queue.peekFront()) {
    records.delete(head.msgId);
    queue.shift();
    trimmed++;
  }
  return trimmed;
}

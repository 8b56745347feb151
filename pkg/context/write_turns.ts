import { BzzzError, SerialQueue } from "@bzzz/base";

/** Writes that wait; one more is refused with "queue_full". */
const MAX_WAITING_WRITES = 64;

/**
 * Writes to one address go one after the other, as each is over the version before it. Those to different addresses do not
 * wait for each other, so that they share the fsyncs of the journal.
 */
export class WriteTurns {
  readonly #queues = new Map<string, SerialQueue>();
  #waiting = 0;

  /** @throws BzzzError "queue_full", and what `job` throws */
  async run<T>(address: string, job: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MAX_WAITING_WRITES) {
      throw new BzzzError("queue_full", `Cannot write: ${MAX_WAITING_WRITES} writes already wait`);
    }
    const queue = this.#queues.get(address) ?? new SerialQueue({ capacity: MAX_WAITING_WRITES });
    this.#queues.set(address, queue);
    this.#waiting++;
    try {
      return await queue.run(job);
    } finally {
      this.#waiting--;
      if (queue.size === 0) this.#queues.delete(address);
    }
  }
}

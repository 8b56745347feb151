import type { PeerStream } from "@bzzz/journal";
import type { Endpoint } from "./connections.ts";

/** Frames that the other side has not read yet; more wait, as with yamux's window. */
const WINDOW = 2;

/** Carries something from one end to the other: later, once, perhaps after what was sent later. */
export type Carry = (from: Endpoint, to: Endpoint, deliver: () => void) => void;

/** Both ends of one stream. */
export interface SimStream {
  readonly left: PeerStream;
  readonly right: PeerStream;
  /** The connection under it is gone: both sides fail. */
  break(error: Error): void;
  /** Called once when the stream is over, with the error if there was one. */
  onEnd(listener: (error?: Error) => void): void;
}

type PipeEnd = "closed" | Error;

/** One direction: a window at the sender, order and a queue at the receiver. */
class SimPipe {
  readonly #carry: (deliver: () => void) => void;
  readonly #carryBack: (deliver: () => void) => void;
  readonly #arrived = new Map<number, Uint8Array | PipeEnd>();
  readonly #queue: Uint8Array[] = [];
  #sent = 0;
  #taken = 0;
  #credit = WINDOW;
  #writeEnd: PipeEnd | undefined;
  #readEnd: PipeEnd | undefined;
  #writers = new Set<() => void>();
  #readers = new Set<() => void>();

  constructor(carry: (deliver: () => void) => void, carryBack: (deliver: () => void) => void) {
    this.#carry = carry;
    this.#carryBack = carryBack;
  }

  async push(frame: Uint8Array): Promise<void> {
    while (this.#writeEnd === undefined && this.#credit === 0) await changed(this.#writers);
    if (this.#writeEnd !== undefined) throw this.#writeEnd === "closed" ? new Error("closed") : this.#writeEnd;
    this.#credit--;
    this.#transmit(frame.slice());
  }

  async pull(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    while (true) {
      signal?.throwIfAborted();
      if (this.#readEnd instanceof Error) throw this.#readEnd;
      const frame = this.#queue.shift();
      if (frame) {
        this.#carryBack(() => {
          this.#credit++;
          wake(this.#writers);
        });
        return frame;
      }
      if (this.#readEnd === "closed") return undefined;
      await changed(this.#readers, signal);
    }
  }

  /** The writer's wish: everything before it still arrives. */
  end(how: PipeEnd): void {
    if (this.#writeEnd !== undefined) return;
    this.failWriter(how);
    this.#transmit(how);
  }

  failWriter(how: PipeEnd): void {
    this.#writeEnd ??= how;
    wake(this.#writers);
  }

  failReader(how: PipeEnd): void {
    this.#readEnd ??= how;
    wake(this.#readers);
  }

  #transmit(item: Uint8Array | PipeEnd): void {
    const number = this.#sent++;
    this.#carry(() => {
      this.#arrived.set(number, item);
      for (let next = this.#arrived.get(this.#taken); next !== undefined; next = this.#arrived.get(this.#taken)) {
        this.#arrived.delete(this.#taken++);
        if (next instanceof Uint8Array) this.#queue.push(next);
        else this.failReader(next);
      }
      wake(this.#readers);
    });
  }
}

/** A stream between two endpoints over `carry`. */
export function createSimStream(
  deps: { readonly left: Endpoint; readonly right: Endpoint; readonly carry: Carry },
): SimStream {
  const { left, right, carry } = deps;
  const forth = (deliver: () => void): void => carry(left, right, deliver);
  const back = (deliver: () => void): void => carry(right, left, deliver);
  const there = new SimPipe(forth, back);
  const here = new SimPipe(back, forth);
  const listeners: ((error?: Error) => void)[] = [];
  let isOver = false;
  const over = (error?: Error): void => {
    if (isOver) return;
    isOver = true;
    for (const listener of listeners) listener(error);
  };
  const end = (remote: Endpoint, out: SimPipe, into: SimPipe): PeerStream => ({
    remote: remote.peer,
    send: (frame) => out.push(frame),
    receive: (options) => into.pull(options?.signal),
    closeWrite: () => Promise.resolve(out.end("closed")),
    close: () => {
      out.end("closed");
      into.failReader("closed");
      over();
      return Promise.resolve();
    },
    abort: (error) => {
      out.end(error);
      into.failReader(error);
      over(error);
    },
  });
  return {
    left: end(right, there, here),
    right: end(left, here, there),
    break: (error) => {
      // Each side notices in its own process.
      for (const [endpoint, out, into] of [[left, there, here], [right, here, there]] as const) {
        endpoint.host.later(0, () => {
          out.failWriter(error);
          into.failReader(error);
        });
      }
      over(error);
    },
    onEnd: (listener) => void listeners.push(listener),
  };
}

function wake(waiters: Set<() => void>): void {
  for (const waiter of [...waiters]) waiter();
}

async function changed(waiters: Set<() => void>, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  waiters.add(resolve);
  signal?.addEventListener("abort", () => resolve(), { once: true });
  await promise;
  waiters.delete(resolve);
}

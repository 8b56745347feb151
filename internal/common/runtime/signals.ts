import { BoundedQueue } from "@bzzz/base";

/** The signals that ask a program to end, on this system. Hang-up is one: a portal whose terminal is gone has no user. */
export function terminationSignals(): readonly Deno.Signal[] {
  return Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
}

/**
 * The signals without hang-ups, of each of which `onHangUp` is told instead: for a node that no terminal started, so that
 * none can be gone. Ends with `signals`.
 */
export async function* takeHangUps(signals: AsyncIterable<string>, onHangUp: () => void): AsyncGenerator<string> {
  for await (const signal of signals) {
    if (signal === "SIGHUP") onHangUp();
    else yield signal;
  }
}

/**
 * For whom Ctrl-C is, while another program has this terminal: the kernel sends it to everybody in front of it, and whoever waits for
 * that program leaves it alone, as shells do.
 */
export class InterruptGate {
  #holders = 0;

  /** Whether interrupts are for somebody else. */
  get isHeld(): boolean {
    return this.#holders > 0;
  }

  /** From now on they are, until what is returned is disposed. */
  hold(): Disposable {
    this.#holders++;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#holders--;
        isHeld = false;
      },
    };
  }
}

/** What the keyboard sends. */
const OF_THE_KEYBOARD: readonly Deno.Signal[] = ["SIGINT", "SIGQUIT"];

/**
 * The signals of this process as they come, those of the keyboard only while `gate` is not held, until disposed, which also ends the iteration. At most 8 wait; more are dropped,
 * for two suffice to end at once. Listening does not keep the process alive.
 */
export function listenToSignals(
  names: readonly Deno.Signal[] = terminationSignals(),
  gate: InterruptGate = new InterruptGate(),
): AsyncIterable<string> & Disposable {
  const queue = new BoundedQueue<string>({ capacity: 8, overflow: "drop_newest" });
  const listeners = names.map((name) => {
    const listener = () => {
      if (!gate.isHeld || !OF_THE_KEYBOARD.includes(name)) queue.push(name);
    };
    Deno.addSignalListener(name, listener);
    return () => Deno.removeSignalListener(name, listener);
  });
  return {
    [Symbol.asyncIterator]: () => queue[Symbol.asyncIterator](),
    [Symbol.dispose]: () => {
      for (const remove of listeners.splice(0)) remove();
      queue.close();
    },
  };
}

import { BzzzError, CounterMap, errorMessage, watchUncaught } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";

/** Who is told of errors that nobody caught. */
export interface UncaughtHandler {
  readonly logger?: Logger;
  /** A mistake of this program's own: what it believes may be wrong now, so it has to end. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * The one guard of a process against errors that nobody caught, in callbacks of libraries, in listeners of events, in
 * promises left alone. Three kinds:
 *
 * - `library`: of libp2p, about a connection or stream that is gone (`tolerate`). Noted; whoever can reset a connection must
 *   not be able to stop a node.
 * - `failure`: a `BzzzError`, which says that the world was not as hoped (a full disk, a peer that left) and that a
 *   listener did not expect it. While a node runs, an error for the operator; a restart would not mend it. A command has
 *   nothing to go on with, so there it is a defect.
 * - `defect`: anything else. The handler ends the process in order and with a status that says so.
 */
export class UncaughtGuard implements Disposable {
  readonly #counters = new CounterMap();
  readonly #handlers: UncaughtHandler[];
  readonly #watch: Disposable;
  #isLibraryFault: (error: unknown) => boolean = () => false;

  constructor(handler: UncaughtHandler) {
    this.#handlers = [handler];
    this.#watch = watchUncaught((error) => {
      this.#see(error);
      return "handled";
    });
  }

  /** How many of each kind there were. */
  counts(): ReadonlyMap<string, number> {
    return this.#counters.entries();
  }

  /** Which errors are faults of a library: none, until one that leaves errors behind is loaded. */
  tolerate(isLibraryFault: (error: unknown) => boolean): void {
    this.#isLibraryFault = isLibraryFault;
  }

  /** Until disposed, `handler` is told instead of the one before. */
  use(handler: UncaughtHandler): Disposable {
    this.#handlers.push(handler);
    return {
      [Symbol.dispose]: () => {
        const at = this.#handlers.lastIndexOf(handler);
        if (at > 0) this.#handlers.splice(at, 1);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #see(error: unknown): void {
    const handler = this.#handlers.at(-1);
    if (this.#isLibraryFault(error)) {
      this.#counters.add("library");
      handler?.logger?.debug("A library failed in a callback of its own", { reason: errorMessage(error) });
    } else if (error instanceof BzzzError && handler?.logger) {
      this.#counters.add("failure");
      handler.logger.error("A failure was not expected where it happened; the node goes on", {}, error);
    } else {
      this.#counters.add("defect");
      handler?.logger?.error("A defect of the program ends it: please report this", {}, error);
      handler?.onDefect(error);
    }
  }
}

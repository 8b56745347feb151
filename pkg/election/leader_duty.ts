import { backoffMs, type Clock, type Random } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";

/** A term that this node leads. */
export interface Leadership {
  readonly term: number;
  /** Aborts when the node leads no more. What only a leader may do ends with it. */
  readonly signal: AbortSignal;
  /**
   * Whether the lease still runs at this very moment. Ask before an effect that cannot be taken back: after a pause of the
   * process it is false before the signal has aborted.
   */
  isHeld(): boolean;
}

/** Work for a leader. It ends soon after the signal aborts; ending before is right when there is nothing more to do. */
export type LeaderWork = (leadership: Leadership) => Promise<void>;

const RETRY = { baseMs: 1_000, maxMs: 30_000 } as const;

/**
 * One piece of work that runs while this node leads: it starts with a won term, and is told to stop with the loss. The run
 * of a later term waits until that of the earlier one has ended, so that there are never two in a process. A run that
 * fails is logged and begun again, with a growing delay, as long as the term is held.
 */
export class LeaderDuty {
  readonly name: string;
  readonly #deps: { readonly clock: Clock; readonly random: Random; readonly logger: Logger };
  readonly #work: LeaderWork;
  #tail: Promise<void> = Promise.resolve();
  #runs = 0;

  constructor(
    deps: { readonly clock: Clock; readonly random: Random; readonly logger: Logger },
    name: string,
    work: LeaderWork,
  ) {
    this.#deps = deps;
    this.name = name;
    this.#work = work;
  }

  /** Whether a run has not ended yet. */
  get isRunning(): boolean {
    return this.#runs > 0;
  }

  /** Begins the run of a term once earlier ones have ended. */
  begin(leadership: Leadership): void {
    this.#runs++;
    this.#tail = this.#tail.then(() => this.#run(leadership)).finally(() => this.#runs--);
  }

  /** Resolves when every run that was begun has ended. */
  async ended(): Promise<void> {
    while (this.#runs > 0) await this.#tail;
  }

  async #run(leadership: Leadership): Promise<void> {
    const { clock, random, logger } = this.#deps;
    const { signal, term } = leadership;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        return await this.#work(leadership);
      } catch (error) {
        if (signal.aborted) return;
        logger.error("Work of the leader failed; it is begun again", { duty: this.name, term }, error);
      }
      // aborted: the loop ends
      await clock.sleep(backoffMs(random, attempt, RETRY), { signal }).catch(() => {});
    }
  }
}

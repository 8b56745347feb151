import { type Clock, errorMessage, type Timer } from "@bzzz/base";
import type { HealthCheck } from "@bzzz/health";
import type { Logger } from "@bzzz/logging";
import { isSameModel, missingModels, type ModelClient } from "@bzzz/model";
import type { ConfiguredModel } from "./choice.ts";

/** What a watch looks at, and whom it tells. */
export interface ModelWatchDeps {
  readonly clock: Pick<Clock, "setTimer">;
  readonly logger: Logger;
  readonly client: Pick<ModelClient, "list" | "url">;
  /** Other models are there than before. */
  readonly onChanged: () => void;
}

/** Settings of it. */
export interface ModelWatchOptions {
  readonly models: readonly ConfiguredModel[];
  /** Milliseconds between two looks. */
  readonly periodMs: number;
}

/** While no model is there it is looked for more often: somebody is about to start the server. */
const MISSING_PERIOD_MS = 5_000;
const HURRY_MS = 100;
/** A server that answers a look with an error may be busy with work of ours; only the second in a row counts. */
const MAX_FAILURES = 2;

/** Which of the configured models their server has. Looks from `start` on; dispose it with the agent. */
export class ModelWatch implements AsyncDisposable {
  readonly #deps: ModelWatchDeps;
  readonly #options: ModelWatchOptions;
  readonly #stopped = new AbortController();
  #available: readonly ConfiguredModel[] = [];
  #problem = "it was not looked for them yet";
  #failures = 0;
  #timer: Timer | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(deps: ModelWatchDeps, options: ModelWatchOptions) {
    this.#deps = deps;
    this.#options = options;
  }

  /** The models that are there, in the order of the configuration. */
  get available(): readonly ConfiguredModel[] {
    return this.#available;
  }

  /** Why none is there; undefined when one is. */
  get problem(): string | undefined {
    return this.#available.length > 0 ? undefined : this.#problem;
  }

  /** The first look begins at once. */
  start(): void {
    this.#looking = this.#look();
  }

  /** Looks soon; for who was told by the server itself that a model is gone. */
  hurry(): void {
    if (this.#stopped.signal.aborted) return;
    this.#timer?.cancel();
    this.#timer = this.#deps.clock.setTimer(HURRY_MS, () => this.start(), { unref: true });
  }

  /** Without a model nothing is claimed, and the node says so. */
  healthCheck(): HealthCheck {
    return {
      name: "model",
      critical: false,
      failureThreshold: 1,
      intervalMs: MISSING_PERIOD_MS,
      run: () => {
        const { problem, available } = this;
        if (problem === undefined) return { ok: true, detail: available.map(({ name }) => name).join(", ") };
        return { ok: false, code: "no_model", message: `No tasks are taken: ${problem}` };
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { client, clock, logger } = this.#deps;
    const { signal } = this.#stopped;
    try {
      const offered = await client.list({ signal });
      this.#failures = 0;
      this.#take(this.#options.models.filter(({ name }) => offered.some((other) => isSameModel(name, other))));
      this.#problem = missingModels(client.url, this.#options.models, offered);
    } catch (error) {
      if (signal.aborted) return;
      this.#problem = errorMessage(error);
      if (++this.#failures >= MAX_FAILURES || this.#available.length === 0) this.#take([]);
      else logger.debug("The server of the models did not list them", {}, error);
    }
    if (signal.aborted) return;
    const periodMs = this.#available.length > 0 && this.#failures === 0
      ? this.#options.periodMs
      : Math.min(MISSING_PERIOD_MS, this.#options.periodMs);
    this.#timer?.cancel();
    this.#timer = clock.setTimer(periodMs, () => this.start(), { unref: true });
  }

  #take(available: readonly ConfiguredModel[]): void {
    const before = this.#available.map(({ name }) => name).join("\n");
    if (available.map(({ name }) => name).join("\n") === before) return;
    this.#available = available;
    this.#deps.logger.info("The models of this agent have changed", {
      models: available.map(({ name }) => name).join(),
    });
    this.#deps.onChanged();
  }
}

import { type Clock, errorMessage, type Timer, TypedEventTarget } from "@bzzz/base";
import type { HealthCheck } from "@bzzz/health";
import type { Logger } from "@bzzz/logging";
import {
  assessMemory,
  DEFAULT_MEMORY_THRESHOLDS,
  INITIAL_MEMORY_STATE,
  type MemoryLevel,
  type MemorySample,
  memoryShare,
  type MemoryState,
  type MemoryThresholds,
} from "./memory.ts";

const MIB = 1024 * 1024;
const SAMPLE_MS = 5_000;

/** What one change of level says. */
export interface MemoryReport {
  readonly level: MemoryLevel;
  readonly sample: MemorySample;
  readonly limitBytes: number;
  /** Of the limit, 0–1 and beyond. */
  readonly share: number;
}

/** Changes of level, after the fact. Who can do with less listens: smaller caches, no new tasks, no new streams. */
export interface MemoryEvents {
  "memory:high": MemoryReport;
  "memory:critical": MemoryReport;
  "memory:recovered": MemoryReport;
}

/**
 * Watches what the process uses against the limit it is laid out for, and tells when it gets close, so that the node sheds
 * load instead of being killed. It frees nothing itself and never ends the program. Start it once; `stop()`, or `using`.
 */
export class ResourceOptimizer implements Disposable {
  readonly events = new TypedEventTarget<MemoryEvents>();
  readonly #clock: Pick<Clock, "setPeriodic">;
  readonly #logger: Logger;
  readonly #readMemory: () => MemorySample;
  readonly #limitBytes: number;
  readonly #thresholds: MemoryThresholds;
  readonly #sampleMs: number;
  #state: MemoryState = INITIAL_MEMORY_STATE;
  #timer: Timer | undefined;

  /** `sampleMs` between samples, 5,000 unless told. @throws RangeError for a limit that is not above 0 */
  constructor(
    deps: {
      readonly clock: Pick<Clock, "setPeriodic">;
      readonly logger: Logger;
      readonly readMemory: () => MemorySample;
    },
    options: {
      readonly memoryLimitMb: number;
      readonly sampleMs?: number;
      readonly thresholds?: MemoryThresholds;
    },
  ) {
    if (!(options.memoryLimitMb > 0)) {
      throw new RangeError(`Cannot watch the memory: the limit is ${options.memoryLimitMb} MiB`);
    }
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#readMemory = deps.readMemory;
    this.#limitBytes = options.memoryLimitMb * MIB;
    this.#thresholds = options.thresholds ?? DEFAULT_MEMORY_THRESHOLDS;
    this.#sampleMs = options.sampleMs ?? SAMPLE_MS;
  }

  get level(): MemoryLevel {
    return this.#state.level;
  }

  /** Idempotent. */
  start(): void {
    this.#timer ??= this.#clock.setPeriodic(this.#sampleMs, () => this.#sample(), { unref: true });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.stop();
  }

  /** Now, without changing anything. */
  report(): MemoryReport {
    const sample = this.#readMemory();
    const share = memoryShare(sample, this.#limitBytes);
    return { level: this.#state.level, sample, limitBytes: this.#limitBytes, share };
  }

  /** "memory": not critical to readiness, for a node that is full of work still serves. */
  healthCheck(): HealthCheck {
    return {
      name: "memory",
      critical: false,
      intervalMs: this.#sampleMs,
      failureThreshold: 1,
      run: () => {
        const { level, share } = this.report();
        const used = `${Math.round(share * 100)} % of ${Math.round(this.#limitBytes / MIB)} MiB in use`;
        return level === "normal" ? { ok: true, detail: used } : { ok: false, code: `memory_${level}`, message: used };
      },
    };
  }

  #sample(): void {
    try {
      const before = this.#state.level;
      const report = this.report();
      this.#state = assessMemory(this.#state, report.share, this.#thresholds);
      if (this.#state.level !== before) this.#tell({ ...report, level: this.#state.level });
    } catch (error) {
      // Watching is a service to the rest: it must not break what it watches.
      this.#logger.debug("The memory could not be sampled", { reason: errorMessage(error) });
    }
  }

  #tell(report: MemoryReport): void {
    const fields = {
      level: report.level,
      rssMb: Math.round(report.sample.rssBytes / MIB),
      heapMb: Math.round(report.sample.heapUsedBytes / MIB),
      limitMb: Math.round(this.#limitBytes / MIB),
    };
    if (report.level === "normal") this.#logger.info("Memory is back within its limits", fields);
    else this.#logger.warn("Memory comes close to its limit", fields);
    this.events.emit(report.level === "normal" ? "memory:recovered" : `memory:${report.level}`, report);
  }
}

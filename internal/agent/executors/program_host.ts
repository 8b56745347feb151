import { errorMessage } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import { ExecutorError } from "../errors.ts";
import { findMemoryProbe, type MemoryProbe } from "./group_memory.ts";
import { ProcessGroup } from "./process_group.ts";

const DEFAULT_PATH = "/usr/local/bin:/usr/bin:/bin";

/** A program of the configuration, ready to be started. */
export interface ProgramStart {
  /** How messages name it: `command "dig"`. */
  readonly what: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  /** All that it gets; PATH has a default. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts programs for an executor, and knows how their memory is measured here. */
export class ProgramHost {
  readonly #logger: Logger;
  #probe: Promise<MemoryProbe | undefined> | undefined;

  constructor(deps: { readonly logger: Logger }) {
    this.#logger = deps.logger;
  }

  /** @throws ExecutorError "start_failed" */
  start({ what, argv, cwd, env }: ProgramStart): ProcessGroup {
    try {
      return new ProcessGroup({ logger: this.#logger }, { argv, cwd, env: { PATH: DEFAULT_PATH, ...env } });
    } catch (cause) {
      throw new ExecutorError("start_failed", `Cannot start the ${what}: ${errorMessage(cause)}`, {
        isRetryable: true,
        cause,
      });
    }
  }

  /** Undefined where memory cannot be measured, which is logged once. */
  async memoryProbe(): Promise<MemoryProbe | undefined> {
    this.#probe ??= findMemoryProbe().then((probe) => {
      if (!probe) this.#logger.warn("Memory of programs cannot be measured here; that limit is not enforced");
      return probe;
    });
    return await this.#probe;
  }
}

/** The variables of an allow-list that are set in `source`. */
export function selectEnvironment(
  names: readonly string[],
  source: Readonly<Record<string, string>>,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of names) {
    const value = source[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

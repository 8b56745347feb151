import { citationOf, ContextError, type ContextStore, type Version, type VersionIndex } from "@bzzz/context";
import { type Address, ANY, formatAddress, LATEST } from "@bzzz/ucxl";
import { GLOBAL_NAME } from "../context/levels.ts";
import { SlurpError } from "../errors.ts";
import { type Goal, GOALS_PATH, parseGoals } from "./goals.ts";

/** Files of goals that are looked at in one project. */
const MAX_FILES = 100;

/** What a finder stands on. */
export interface GoalFinderDeps {
  readonly index: Pick<VersionIndex, "list" | "resolve">;
  readonly context: Pick<ContextStore, "open">;
}

/** Finds the goals of a project, as far as this node may read them. */
export class GoalFinder {
  readonly #deps: GoalFinderDeps;
  readonly #named: Address | undefined;

  /** `named`: the address of the goals; without it they are looked for at `.ucxl/goals.yaml`. */
  constructor(deps: GoalFinderDeps, options: { readonly named: Address | undefined }) {
    this.#deps = deps;
    this.#named = options.named;
  }

  /**
   * The goals of a project: those named in the configuration, else the newest file of the project, else of the mesh.
   * @throws SlurpError "not_found"; GoalsError; ContextError when the named file cannot be read
   */
  async find(
    project: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<{ readonly goals: readonly Goal[]; readonly source: string }> {
    if (this.#named) return await this.#read(this.#deps.index.resolve(this.#named), options);
    for (const name of new Set([project, GLOBAL_NAME])) {
      const pattern = { agent: ANY, role: ANY, project: name, task: ANY, temporal: LATEST, path: GOALS_PATH };
      const { items } = this.#deps.index.list(pattern, {
        limit: MAX_FILES,
        accepts: ({ content }) => content !== undefined,
      });
      for (const version of items.toSorted((a, b) => b.writtenAt.ms - a.writtenAt.ms)) {
        try {
          return await this.#read(version, options);
        } catch (error) {
          options.signal?.throwIfAborted();
          if (!(error instanceof ContextError)) throw error; // meant for others, or out of reach: perhaps an older one
        }
      }
    }
    throw new SlurpError(
      "not_found",
      `Cannot compare with goals: this node reads none of project "${project}"; write them to ${GOALS_PATH} in one of its tasks`,
      { details: { project, path: GOALS_PATH } },
    );
  }

  async #read(version: Version, options: { readonly signal?: AbortSignal }) {
    const { bytes } = await this.#deps.context.open(version, options);
    const text = new TextDecoder().decode(bytes);
    return { goals: parseGoals(text, formatAddress(version.address)), source: citationOf(version) };
  }
}

import { type Clock, TaskGroup, type Timer } from "@bzzz/base";
import { formatIssues } from "@bzzz/config";
import type { Logger } from "@bzzz/logging";
import type { Library, YamlLibrary } from "../forms/library.ts";
import { type NamedWording, type Worded, wordRequest } from "./word_request.ts";
import type { Wording } from "./wording.ts";

/** How often the folder is looked at. */
export const WORDING_LOOK_MS = 2_000;

/** What the desk is made of. */
export interface WordingDeskDeps {
  readonly clock: Pick<Clock, "setPeriodic">;
  readonly logger: Logger;
  readonly library: YamlLibrary<Wording>;
  /** In which texts are read, the first that there is. */
  readonly languages: readonly string[];
}

/** Words requests by the library of this node's person. It follows the folder, and decides nothing. Stop it with the node. */
export class WordingDesk {
  readonly #deps: WordingDeskDeps;
  readonly #work: TaskGroup;
  #library: Library<Wording> = { entries: new Map(), broken: new Map(), notes: [] };
  /** What was told of files that cannot be used. */
  #told = "";
  #timer: Timer | undefined;
  #isLooking = false;

  constructor(deps: WordingDeskDeps) {
    this.#deps = deps;
    this.#work = new TaskGroup((error, what) =>
      deps.logger.warn("A part of the prompt library failed", { what }, error)
    );
  }

  /** Reads the folder, then follows it. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = this.#deps.clock.setPeriodic(WORDING_LOOK_MS, () => {
      if (!this.#isLooking) this.#work.run("read the prompt library", () => this.#look());
    });
  }

  /** Resolves when it has stopped looking. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#work.settled();
  }

  /** How the library puts a request that names a wording. */
  word(request: NamedWording): Worded {
    const { id } = request.wording;
    const listed = this.#library.entries.get(id);
    if (listed) return wordRequest(listed.value, request, this.#deps.languages);
    return {
      unlisted_because: this.#library.broken.has(id)
        ? "its file in the library has a mistake; prompts lint says which"
        : "the library has none of this id",
    };
  }

  /** The least stakes that the wording of a request asks for; undefined: nothing. */
  stakesOf(request: NamedWording): Wording["stakes"] {
    const listed = this.#library.entries.get(request.wording.id);
    return listed && this.word(request).listed ? listed.value.stakes : undefined;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      this.#library = await this.#deps.library.read();
    } finally {
      this.#isLooking = false;
    }
    const problems = formatIssues([...this.#library.broken.values()].flat());
    if (problems !== this.#told && problems !== "") {
      this.#deps.logger.warn("A part of the prompt library cannot be used", { problems });
    }
    this.#told = problems;
  }
}

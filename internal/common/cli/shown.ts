import { LruMap } from "@bzzz/base";

/** Things of which is remembered what was shown; of one that was shown longer ago it is shown again. */
const MAX_THINGS = 1_000;

/**
 * Which version of a thing a person was shown last, so that their word is about that one. A portal has one for as long as it
 * is open; a command of a shell has its own, which is empty.
 */
export class ShownVersions {
  readonly #versions = new LruMap<string, string>(MAX_THINGS);

  /** `thing` names its kind, too: "task 01ARZ…". */
  note(thing: string, version: string): void {
    this.#versions.set(thing, version);
  }

  of(thing: string): string | undefined {
    return this.#versions.get(thing);
  }
}

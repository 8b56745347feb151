import type { ConfigIssue } from "@bzzz/config";
import { fileIssue, MAX_FILES, readYamlFolder } from "./yaml_folder.ts";

/** Where a thing of the library comes from. */
export interface Listed<T> {
  readonly value: T;
  /** The file, or "built in". */
  readonly origin: string;
}

/** What there is now. */
export interface Library<T> {
  readonly entries: ReadonlyMap<string, Listed<T>>;
  /** By id, what is wrong with the file of that name: it hides a built-in thing of that id. */
  readonly broken: ReadonlyMap<string, readonly ConfigIssue[]>;
  /** What is worth telling about the folder itself. */
  readonly notes: readonly string[];
}

/** Reads one file. */
export type Parse<T> = (text: string, file: string) =>
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly ConfigIssue[] };

/**
 * Things that a person keeps as YAML files in a folder, one each, named like its id; and those that come with the program behind them. Each
 * `read` looks at the folder anew, so a change counts at once. A view that may no longer look there keeps what it saw.
 */
export class YamlLibrary<T extends { readonly id: string }> {
  readonly folder: string;
  readonly #parse: Parse<T>;
  readonly #builtinTexts: Readonly<Record<string, string>>;
  #builtin: ReadonlyMap<string, Listed<T>> | undefined;
  #last: Library<T> | undefined;

  constructor(folder: string, deps: { readonly parse: Parse<T>; readonly builtin?: Readonly<Record<string, string>> }) {
    this.folder = folder;
    this.#parse = deps.parse;
    this.#builtinTexts = deps.builtin ?? {};
  }

  /** Everything there is. Never rejects. */
  async read(): Promise<Library<T>> {
    const content = await readYamlFolder(this.folder);
    if (content.state === "closed" && this.#last) return this.#last;
    const entries = new Map(this.#builtin ??= this.#parseBuiltin());
    const broken = new Map<string, readonly ConfigIssue[]>();
    const notes: string[] = [];
    const seen = new Set<string>();
    if (content.state === "missing") notes.push(`There is no folder "${this.folder}" yet: yours go there.`);
    else if (content.state === "closed") notes.push(`This program may not read "${this.folder}".`);
    else if (content.state === "failed") notes.push(`Cannot read "${this.folder}": ${content.problem}`);
    else {
      if (content.more > 0) notes.push(`${content.more} files of "${this.folder}" are left out: ${MAX_FILES} at most.`);
      for (const file of content.files) {
        const parsed = "problem" in file
          ? { ok: false as const, issues: [fileIssue(file.file, file.problem, "a readable text file")] }
          : seen.has(file.id)
          ? { ok: false as const, issues: [fileIssue(file.file, "a second file of this id", "one: .yaml or .yml")] }
          : this.#parseNamed(file.text, file.file, file.id);
        seen.add(file.id);
        if (parsed.ok) entries.set(file.id, { value: parsed.value, origin: file.file });
        else {
          entries.delete(file.id);
          broken.set(file.id, parsed.issues);
        }
      }
    }
    this.#last = { entries: new Map([...entries].sort(([a], [b]) => a < b ? -1 : 1)), broken, notes };
    return this.#last;
  }

  /** Not before something is looked for: a start of the portal has no time for it. */
  #parseBuiltin(): ReadonlyMap<string, Listed<T>> {
    return new Map(
      Object.entries(this.#builtinTexts).map(([id, text]) => {
        const parsed = this.#parse(text, id);
        if (!parsed.ok) throw new TypeError(`Unreachable: what comes with the program is valid, but "${id}" is not`);
        return [id, { value: parsed.value, origin: "built in" }];
      }),
    );
  }

  #parseNamed(text: string, file: string, id: string): ReturnType<Parse<T>> {
    const parsed = this.#parse(text, file);
    if (!parsed.ok || parsed.value.id === id) return parsed;
    return {
      ok: false,
      issues: [fileIssue(file, `the id "${parsed.value.id}"`, `the id "${id}", as its file is named`)],
    };
  }
}

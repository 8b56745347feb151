import { CliError, sanitiseLine, usageError } from "@bzzz/cli";
import { type ConfigIssue, formatIssues } from "@bzzz/config";
import type { Listed, Parse, YamlLibrary } from "./library.ts";
import { fileIssue, readOne } from "./yaml_folder.ts";

/** What a look at a folder or a file found. */
export interface Linted {
  readonly where: string;
  /** Of what is valid and the person's own. */
  readonly ids: readonly string[];
  readonly issues: readonly ConfigIssue[];
}

/** Looks at one file, or at the folder of the library. @throws CliError "usage" when the folder cannot be looked at */
export async function lintLibrary<T extends { readonly id: string }>(
  library: YamlLibrary<T>,
  file: string | undefined,
  parse: Parse<T>,
): Promise<Linted> {
  if (file !== undefined) {
    const read = await readOne(file);
    if ("problem" in read) {
      return { where: file, ids: [], issues: [fileIssue(file, read.problem, "a readable text file")] };
    }
    const parsed = parse(read.text, file);
    return { where: file, ids: parsed.ok ? [parsed.value.id] : [], issues: parsed.ok ? [] : parsed.issues };
  }
  const { entries, broken, notes } = await library.read();
  const [note] = notes;
  if (note !== undefined) throw usageError(`Cannot look at the library: ${note}`);
  const own = [...entries.values()].filter(({ origin }) => origin !== "built in").map(({ value }) => value.id);
  return { where: library.folder, ids: own, issues: [...broken.values()].flat() };
}

/** One thing of the library. @throws CliError "not_found", or "validation_failed" with every mistake of its file */
export async function findListed<T extends { readonly id: string }>(
  library: YamlLibrary<T>,
  { what, id }: { readonly what: string; readonly id: string },
): Promise<Listed<T>> {
  const { entries, broken } = await library.read();
  const found = entries.get(id);
  if (found) return found;
  const issues = broken.get(id);
  if (issues) throw new CliError("validation_failed", `Cannot use ${what} "${id}":\n${formatIssues(issues)}`);
  const known = [...entries.keys()].join(", ") || "none";
  throw new CliError(
    "not_found",
    `Cannot use ${what} "${sanitiseLine(id, 64)}": there is no such ${what}; there are ${known}`,
  );
}

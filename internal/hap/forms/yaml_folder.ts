import { errorMessage } from "@bzzz/base";
import type { ConfigIssue } from "@bzzz/config";
import { isAbsolute, join } from "node:path";

/** Files of one folder that are read; more are a mistake that is told. */
export const MAX_FILES = 256;
/** One file; a larger one is a mistake that is told. */
export const MAX_FILE_BYTES = 64 * 1024;

/** One file of the folder: its text, or why it has none. */
export type FolderFile =
  & { readonly id: string; readonly file: string }
  & ({ readonly text: string } | { readonly problem: string });

/** What lies in a folder. */
export type FolderContent =
  /** Sorted by name. `more` counts files that were left out. */
  | { readonly state: "read"; readonly files: readonly FolderFile[]; readonly more: number }
  | { readonly state: "missing" }
  /** The program may not look there any more: a view gives up what it does not need. */
  | { readonly state: "closed" }
  | { readonly state: "failed"; readonly problem: string };

/** Where a folder of the configuration is. */
export function folderOf(path: string, home: string): string {
  return isAbsolute(path) ? path : join(home, path);
}

/** The YAML files of a folder, each whole. Never rejects. */
export async function readYamlFolder(folder: string): Promise<FolderContent> {
  const names: string[] = [];
  let more = 0;
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (entry.isDirectory || !/\.ya?ml$/.test(entry.name)) continue;
      if (names.length < MAX_FILES) names.push(entry.name);
      else more++;
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return { state: "missing" };
    return error instanceof Deno.errors.NotCapable
      ? { state: "closed" }
      : { state: "failed", problem: errorMessage(error) };
  }
  const files = names.sort().map(async (name): Promise<FolderFile> => {
    const file = join(folder, name);
    return { id: name.replace(/\.ya?ml$/, ""), file, ...await readOne(file) };
  });
  return { state: "read", files: await Promise.all(files), more };
}

/** A file's text, or why it has none. Never rejects. */
export async function readOne(file: string): Promise<{ readonly text: string } | { readonly problem: string }> {
  try {
    const { isFile, size } = await Deno.stat(file);
    if (!isFile) return { problem: "it is no file" };
    if (size > MAX_FILE_BYTES) return { problem: `${size} bytes, more than ${MAX_FILE_BYTES}` };
    return { text: await Deno.readTextFile(file) };
  } catch (error) {
    const isClosed = error instanceof Deno.errors.NotCapable; // a built program reads its own folders alone
    return { problem: isClosed ? "the program may not read there" : errorMessage(error) };
  }
}

/** A mistake that is the whole file's. */
export function fileIssue(file: string, got: string, expected: string): ConfigIssue {
  return { source: "file", file, line: undefined, column: undefined, keyPath: "", got, expected };
}

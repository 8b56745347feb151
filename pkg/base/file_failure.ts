import { errorMessage } from "./errors.ts";

/** The names that systems give what people can mend, in words that do not need a manual. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "this user may not",
  EPERM: "this user may not",
  ENOSPC: "the disk is full",
  EDQUOT: "the quota of this user is used up",
  EROFS: "the disk is read-only",
  ENOTDIR: "something in its path is no folder",
  EEXIST: "something else is in its place",
  EISDIR: "it is a folder",
  ELOOP: "its links lead in a circle",
  ENAMETOOLONG: "its name is too long",
};

/**
 * Why a file could not be read or written, for a message that begins with what was tried and with its path, which the
 * system's own text often lacks. What is not known here keeps the system's words.
 */
export function fileFailure(error: unknown): string {
  // Deno's text advises flags that the built programs do not have.
  if (error instanceof Deno.errors.NotCapable) {
    return "it is, or a link leads, outside of what this program may touch: its data directory and its configuration";
  }
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return WORDS[code] ?? errorMessage(error);
}

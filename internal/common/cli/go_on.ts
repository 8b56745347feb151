import type { CommandContext } from "./types.ts";

/** A word of a command line as a shell reads it: quoted where that changes it. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/**
 * A command line for a person to go on with, for the same data directory and configuration: without them, what was just made
 * elsewhere than in the default place would not be found.
 */
export function goOnWith({ program, globals }: Pick<CommandContext, "program" | "globals">, words: string): string {
  const { home, config } = globals;
  return [
    program.name,
    words,
    ...(home === undefined ? [] : ["--home", shellWord(home)]),
    ...(config === undefined ? [] : ["--config", shellWord(config)]),
  ].join(" ");
}

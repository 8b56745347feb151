import { type Command, findCommand, usageError } from "@bzzz/cli";

interface Word {
  readonly text: string;
  /** Where it begins in the line. */
  readonly at: number;
}

/**
 * The arguments of a line typed at the prompt. A leading "/" is allowed. Words are split at spaces, and `"two words"` is one; but where
 * a command takes the rest of the line (answer, send, deny, task post), that rest is taken as it stands: nobody has to quote a sentence.
 * Flags therefore stand before it.
 *
 * @throws CliError "usage" for a quotation that is not ended
 */
export function splitLine(line: string, commands: readonly Command[]): string[] {
  const words = wordsOf(line.replace(/^\s*\/(?=\w)/, (lead) => " ".repeat(lead.length)));
  const [first, second] = words;
  if (!first) return [];
  const two = second && findCommand(commands, `${first.text} ${second.text}`);
  const command = two ?? findCommand(commands, first.text);
  const argv = words.map((word) => word.text);
  const restAt = command?.args?.findIndex((arg) => arg.isRest) ?? -1;
  if (!command || restAt < 0) return argv;
  let positionals = 0;
  for (let i = two ? 2 : 1; i < words.length; i++) {
    const word = words[i];
    if (!word) break;
    const flag = flagOf(command, word.text);
    if (flag) {
      if (flag.takesValue) i++;
      continue;
    }
    if (positionals++ < restAt) continue;
    return [...argv.slice(0, i), "--", line.slice(word.at).trim()];
  }
  return argv;
}

function flagOf(command: Command, word: string): { readonly takesValue: boolean } | undefined {
  if (!word.startsWith("--")) return undefined;
  const [name, value] = word.slice(2).split("=", 2);
  if (name === "json" || name === "help") return { takesValue: false };
  const flag = command.flags?.find((candidate) => candidate.name === name);
  return flag && { takesValue: flag.type !== "boolean" && value === undefined };
}

function wordsOf(line: string): Word[] {
  const words: Word[] = [];
  const pattern = /\s*(?:"([^"]*)"(?=\s|$)|(\S+))/gy;
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    const [whole, quoted, plain] = match;
    if (plain?.startsWith('"') && !plain.slice(1).includes('"') && words.length > 0 && isFlag(words.at(-1))) {
      throw usageError('Cannot read the line: a quotation that begins with " is not ended');
    }
    words.push({ text: quoted ?? plain ?? "", at: match.index + whole.length - (whole.trimStart().length) });
  }
  return words;
}

function isFlag(word: Word | undefined): boolean {
  return word !== undefined && word.text.startsWith("--") && !word.text.includes("=");
}

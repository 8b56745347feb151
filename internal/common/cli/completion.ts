import { GLOBAL_FLAGS } from "./parse.ts";
import type { Command, ProgramSpec } from "./types.ts";

/** Shells that `completion` writes for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;
/** One of `SHELLS`. */
export type Shell = (typeof SHELLS)[number];

/** A script that completes verbs, flags and fixed values, made from the command table. */
export function renderCompletion(program: ProgramSpec, shell: Shell): string {
  switch (shell) {
    case "bash":
      return bash(program);
    case "zsh":
      return zsh(program);
    case "fish":
      return fish(program);
  }
}

interface Words {
  /** What was typed so far: "" or "task". */
  readonly path: string;
  readonly words: readonly { readonly word: string; readonly summary: string }[];
  /** A command line of the program that prints more words, one a line. */
  readonly valuesFrom?: string | undefined;
}

/** What may follow a flag. */
interface FlagWords {
  readonly path: string;
  readonly flag: string;
  readonly words: readonly string[];
  readonly valuesFrom: string | undefined;
}

function flagTable(program: ProgramSpec): FlagWords[] {
  return program.commands.flatMap(({ name, aliases = [], flags = [] }) =>
    [name, ...aliases].flatMap((path) =>
      flags.filter(({ choices, valuesFrom }) => choices ?? valuesFrom).map(({ name: flag, choices, valuesFrom }) => ({
        path,
        flag,
        words: choices ?? [],
        valuesFrom,
      }))
    )
  );
}

/** Flags with a value that is typed, or names a file: "task post --title". */
function typedFlags(
  program: ProgramSpec,
): { readonly path: string; readonly flag: string; readonly isFile: boolean }[] {
  return program.commands.flatMap(({ name, aliases = [], flags = [] }) =>
    [name, ...aliases].flatMap((path) =>
      flags.filter(({ type, choices, valuesFrom }) => type !== "boolean" && !choices && valuesFrom === undefined)
        .map(({ name: flag, value }) => ({ path, flag, isFile: isFile(value) }))
    )
  );
}

function isFile(value: string | undefined): boolean {
  return value === "FILE" || value === "DIR";
}

/** Flags that stand anywhere and take the word behind them. */
const GLOBAL_VALUES = GLOBAL_FLAGS.filter(({ type }) => type !== "boolean");

/** What may follow each beginning: verbs, second words, then flags and choices. */
function wordTable(program: ProgramSpec): Words[] {
  const names = program.commands.flatMap((command) =>
    [command.name, ...(command.aliases ?? [])].map((name) => ({ name, command }))
  );
  const verbs = new Map<string, string>();
  const seconds = new Map<string, { word: string; summary: string }[]>();
  const table = new Map<string, { word: string; summary: string }[]>();
  const sources = new Map<string, string | undefined>();
  for (const { name, command } of names) {
    const [first = "", second] = name.split(" ");
    if (second === undefined) verbs.set(first, command.summary);
    else {
      if (!verbs.has(first)) verbs.set(first, `${first} …`);
      seconds.set(first, [...(seconds.get(first) ?? []), { word: second, summary: command.summary }]);
    }
    table.set(name, wordsOf(command));
    sources.set(name, command.args?.find(({ valuesFrom }) => valuesFrom !== undefined)?.valuesFrom);
  }
  for (const [first, words] of seconds) table.set(first, [...words, ...(table.get(first) ?? [])]);
  const top = [...verbs].map(([word, summary]) => ({ word, summary }));
  return [
    { path: "", words: top },
    ...[...table].map(([path, words]) => ({ path, words, valuesFrom: sources.get(path) })),
  ];
}

function wordsOf(command: Command): { word: string; summary: string }[] {
  const choices = (command.args ?? []).flatMap((arg) =>
    (arg.choices ?? []).map((word) => ({ word, summary: arg.summary }))
  );
  const flags = [...(command.flags ?? []), ...GLOBAL_FLAGS];
  return [...choices, ...flags.map((flag) => ({ word: `--${flag.name}`, summary: flag.summary }))];
}

function identifier(program: ProgramSpec): string {
  return `_${program.name.replaceAll("-", "_")}`;
}

/** In single quotes for any of the shells. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function bash(program: ProgramSpec): string {
  const name = identifier(program);
  const ask = (line: string | undefined) => `"$("\${COMP_WORDS[0]}" ${line} 2>/dev/null)"`;
  const cases = wordTable(program).map(({ path, words, valuesFrom }) =>
    `    ${quote(path)}) words=${quote(words.map(({ word }) => word).join(" "))}${
      valuesFrom === undefined ? "" : `; [[ $current == -* ]] || words+=" "${ask(valuesFrom)}`
    } ;;`
  );
  const values = flagTable(program).map(({ path, flag, words, valuesFrom }) =>
    `    ${quote(`${path} --${flag}`)}) words=${valuesFrom === undefined ? quote(words.join(" ")) : ask(valuesFrom)} ;;`
  );
  const typed = typedFlags(program).map(({ path, flag }) => quote(`${path} --${flag}`));
  const skipped = GLOBAL_VALUES.map(({ name: flag }) => `--${flag}`).join("|");
  const globals = GLOBAL_VALUES.map(({ name: flag, choices = [] }) =>
    `    *${quote(` --${flag}`)}) words=${quote(choices.join(" "))} ;;`
  );
  return [
    `# bash completion of ${program.name}; load with: source <(${program.name} completion bash)`,
    `${name}() {`,
    "  local current=${COMP_WORDS[COMP_CWORD]} path='' words='' word i",
    "  for ((i = 1; i < COMP_CWORD; i++)); do",
    "    word=${COMP_WORDS[i]}",
    `    case $word in ${skipped}) ((i++)); continue ;; esac`,
    "    [[ $word == -* ]] && continue",
    '    case "${path:+$path }$word" in',
    `      ${
      wordTable(program).filter(({ path }) => path !== "").map(({ path }) => quote(path)).join("|")
    }) path="\${path:+$path }$word" ;;`,
    "      *) break ;;",
    "    esac",
    "  done",
    '  case "$path ${COMP_WORDS[COMP_CWORD-1]}" in',
    ...values,
    ...(typed.length === 0 ? [] : [`    ${typed.join("|")}) words='' ;;`]), // the shell's own files then
    ...globals,
    "  *)",
    "  case $path in",
    ...cases,
    "  esac ;;",
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    "}",
    `complete -o default -F ${name} ${program.name}`,
  ].join("\n");
}

function zsh(program: ProgramSpec): string {
  const name = identifier(program);
  const describe = (word: string, summary: string) =>
    quote(`${word.replaceAll(":", "\\:")}:${summary.replaceAll(":", " ")}`);
  const ask = (line: string | undefined) => `\${(f)"$("\${words[1]}" ${line} 2>/dev/null)"}`;
  const cases = wordTable(program).map(({ path, words, valuesFrom }) =>
    `    ${quote(path)}) list=(${words.map(({ word, summary }) => describe(word, summary)).join(" ")}${
      valuesFrom === undefined ? "" : ` ${ask(valuesFrom)}`
    }) ;;`
  );
  const values = flagTable(program).map(({ path, flag, words, valuesFrom }) =>
    `    ${quote(`${path} --${flag}`)}) list=(${
      valuesFrom === undefined ? words.map(quote).join(" ") : ask(valuesFrom)
    }) ;;`
  );
  const typed = typedFlags(program).map(({ path, flag }) => quote(`${path} --${flag}`));
  const skipped = GLOBAL_VALUES.map(({ name: flag }) => `--${flag}`).join("|");
  const globals = GLOBAL_VALUES.map(({ name: flag, choices }) =>
    `    *${quote(` --${flag}`)}) ${choices ? `list=(${choices.map(quote).join(" ")})` : "_files; return"} ;;`
  );
  return [
    `#compdef ${program.name}`,
    `${name}() {`,
    "  local verb='' word skip=''", // not "path": that is PATH there
    "  local -a list",
    "  for word in ${words[2,CURRENT-1]}; do",
    "    if [[ -n $skip ]]; then skip=''; continue; fi",
    `    case $word in ${skipped}) skip=1; continue ;; esac`,
    "    [[ $word == -* ]] && continue",
    '    case "${verb:+$verb }$word" in',
    `      ${
      wordTable(program).filter(({ path }) => path !== "").map(({ path }) => quote(path)).join("|")
    }) verb="\${verb:+$verb }$word" ;;`,
    "      *) break ;;",
    "    esac",
    "  done",
    '  case "$verb ${words[CURRENT-1]}" in',
    ...values,
    ...(typed.length === 0 ? [] : [`    ${typed.join("|")}) _files; return ;;`]),
    ...globals,
    "  *)",
    "  case $verb in",
    ...cases,
    "  esac ;;",
    "  esac",
    `  _describe ${quote(program.name)} list`,
    "}",
    // as a file of fpath it is the function itself, at every Tab; sourced, it only says what there is
    `if [[ \${funcstack[1]} == _${program.name} ]]; then ${name} "$@"; else compdef ${name} ${program.name}; fi`,
  ].join("\n");
}

function fish(program: ProgramSpec): string {
  const name = identifier(program);
  const at = (path: string) => `-n ${quote(`${name}_at ${path === "" ? "''" : `"${path}"`}`.replaceAll("'", '"'))}`;
  const ask = (line: string) => quote(`(${program.name} ${line} 2>/dev/null)`);
  const values = [
    ...wordTable(program).flatMap(({ path, valuesFrom }) =>
      valuesFrom === undefined ? [] : [`complete -c ${program.name} ${at(path)} -a ${ask(valuesFrom)}`]
    ),
    ...flagTable(program).map(({ path, flag, words, valuesFrom }) =>
      `complete -c ${program.name} ${at(path)} -l ${flag} -x -a ${
        valuesFrom === undefined ? quote(words.join(" ")) : ask(valuesFrom)
      }`
    ),
    ...typedFlags(program).map(({ path, flag, isFile: files }) =>
      `complete -c ${program.name} ${at(path)} -l ${flag} ${files ? "-r -F" : "-x"}`
    ),
    ...GLOBAL_VALUES.map(({ name: flag, choices, value }) =>
      `complete -c ${program.name} -l ${flag} ${
        choices ? `-x -a ${quote(choices.join(" "))}` : isFile(value) ? "-r -F" : "-x"
      }`
    ),
  ];
  const lines = wordTable(program).flatMap(({ path, words }) =>
    words.map(({ word, summary }) => {
      const condition = at(path);
      const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-a ${quote(word)}`;
      return `complete -c ${program.name} ${condition} ${what} -d ${quote(summary)}`;
    })
  );
  return [
    `# fish completion of ${program.name}; load with: ${program.name} completion fish | source`,
    `function ${name}_at`,
    "  set -l words",
    "  set -l skip no",
    "  for word in (commandline -opc)[2..-1]",
    "    if test $skip = yes",
    "      set skip no",
    `    else if contains -- "$word" ${GLOBAL_VALUES.map(({ name: flag }) => `--${flag}`).join(" ")}`,
    "      set skip yes",
    "    else if not string match -q -- '-*' $word",
    "      set -a words $word",
    "    end",
    "  end",
    "  set -l path (string join ' ' $words)",
    '  test "$path" = "$argv[1]"; and return 0',
    // Behind the verb come arguments; its flags go on being offered.
    '  test -n "$argv[1]"; and string match -q -- "$argv[1] *" "$path"',
    "end",
    `complete -c ${program.name} -f`,
    ...lines,
    ...values,
  ].join("\n");
}

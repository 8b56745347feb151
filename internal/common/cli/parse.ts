import { parseArgs } from "node:util";
import { usageError } from "./errors.ts";
import { nearest } from "./suggest.ts";
import type { Command, FlagSpec, GlobalFlags, ProgramSpec } from "./types.ts";
import { FlagValues } from "./values.ts";

const LOG_LEVELS = ["error", "warn", "info", "debug", "trace"];

/** Flags that every verb takes. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { name: "home", type: "string", value: "DIR", summary: "Data directory" },
  { name: "config", type: "string", value: "FILE", summary: "Configuration file" },
  { name: "dev", type: "boolean", summary: "Throw-away mesh on this machine; insecure" },
  { name: "json", type: "boolean", summary: "One JSON object a line; --json=a,b keeps only these keys" },
  { name: "log-level", type: "string", value: "LEVEL", choices: LOG_LEVELS, summary: "How much the log says" },
  { name: "set", type: "list", value: "KEY=VALUE", summary: "Set a configuration key; may be repeated" },
  {
    name: "passphrase-file",
    type: "string",
    value: "FILE",
    summary: 'First line is the passphrase of the keys; "-" is standard input',
  },
  { name: "help", short: "h", type: "boolean", summary: "Show help" },
  { name: "version", short: "V", type: "boolean", summary: "Show the version" },
];

/** What a command line asks for. */
export type Invocation =
  | { readonly type: "run"; readonly command: Command; readonly values: FlagValues; readonly globals: GlobalFlags }
  | { readonly type: "help"; readonly command: Command | undefined; readonly globals: GlobalFlags }
  | { readonly type: "version"; readonly globals: GlobalFlags }
  | { readonly type: "nothing"; readonly globals: GlobalFlags };

/**
 * Reads a command line. The verb may stand anywhere before its own flags; `--` ends the flags.
 * @throws CliError "usage" with the nearest known name
 */
export function parseCommandLine(
  program: Pick<ProgramSpec, "commands" | "defaultCommand">,
  argv: readonly string[],
): Invocation {
  const { args, jsonFields } = takeJsonFields(argv);
  const verb = findVerb(program, args);
  const rest = args.filter((_, i) => !verb.indexes.includes(i));
  const specs = [...(verb.command?.flags ?? []), ...GLOBAL_FLAGS];
  const { flags, positionals } = readFlags(specs, rest);
  // a command whose own flag is called "set" fills something else in with it
  const hasOwnSet = verb.command?.flags?.some((flag) => flag.name === "set") ?? false;
  const globals = toGlobals(flags, jsonFields, hasOwnSet);
  if (flags.get("help") === true) return { type: "help", command: verb.isDefault ? undefined : verb.command, globals };
  if (flags.get("version") === true) return { type: "version", globals };
  if (!verb.command) return { type: "nothing", globals };
  const values = new FlagValues(new Map([...flags, ...readArgs(verb.command, positionals)]));
  return { type: "run", command: verb.command, values, globals };
}

/** `--json=a,b` becomes `--json`: the parser below knows flags with a value and flags without, not both. */
function takeJsonFields(argv: readonly string[]): { args: string[]; jsonFields: readonly string[] | undefined } {
  let jsonFields: readonly string[] | undefined;
  const end = argv.indexOf("--");
  const args = argv.map((arg, i) => {
    if (!arg.startsWith("--json=") || (end >= 0 && i > end)) return arg;
    jsonFields = arg.slice("--json=".length).split(",").filter((field) => field !== "");
    return "--json";
  });
  return { args, jsonFields };
}

interface Verb {
  readonly command: Command | undefined;
  /** Places in the arguments that name it. */
  readonly indexes: readonly number[];
  readonly isDefault: boolean;
}

function findVerb(program: Pick<ProgramSpec, "commands" | "defaultCommand">, args: readonly string[]): Verb {
  const words = tokensOf(GLOBAL_FLAGS, args).filter((token) => token.kind === "positional");
  const [first, second] = words;
  if (!first) {
    return { command: findCommand(program.commands, program.defaultCommand ?? ""), indexes: [], isDefault: true };
  }
  const two = second && findCommand(program.commands, `${first.value} ${second.value}`);
  if (two) return { command: two, indexes: [first.index, second.index], isDefault: false };
  const one = findCommand(program.commands, first.value);
  if (one) return { command: one, indexes: [first.index], isDefault: false };
  const names = program.commands.flatMap((command) => [command.name, ...(command.aliases ?? [])]);
  const below = names.filter((name) => name.startsWith(`${first.value} `));
  if (below.length > 0) {
    const found = second ? `"${first.value} ${second.value}" is unknown` : `"${first.value}" alone does nothing`;
    throw usageError(`Cannot run that: ${found}; it takes ${below.map((name) => name.split(" ")[1]).join(", ")}`);
  }
  const wanted = second ? `${first.value} ${second.value}` : first.value;
  const guess = nearest(wanted, names) ??
    nearest(first.value, [...names, ...names.map((name) => name.split(" ")[0] ?? "")]);
  throw usageError(`Cannot run "${first.value}": there is no such command${guess ? `; did you mean "${guess}"?` : ""}`);
}

/** The command that a command line names, whatever else is wrong with it. */
export function namedCommand(
  program: Pick<ProgramSpec, "commands" | "defaultCommand">,
  argv: readonly string[],
): Command | undefined {
  try {
    const { command, isDefault } = findVerb(program, takeJsonFields(argv).args);
    return isDefault ? undefined : command;
  } catch {
    return undefined; // it names none, or tells so with a usage error that is told already
  }
}

/** The command of that name or alias. */
export function findCommand(commands: readonly Command[], name: string): Command | undefined {
  return commands.find((command) => command.name === name || command.aliases?.includes(name));
}

function tokensOf(specs: readonly FlagSpec[], args: readonly string[]) {
  const options = Object.fromEntries(specs.map((spec) => [spec.name, {
    type: spec.type === "boolean" ? "boolean" as const : "string" as const,
    multiple: true,
    ...(spec.short === undefined ? {} : { short: spec.short }),
  }]));
  return parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true }).tokens;
}

function readFlags(
  specs: readonly FlagSpec[],
  args: readonly string[],
): { flags: Map<string, string | boolean | readonly string[]>; positionals: string[] } {
  const flags = new Map<string, string | boolean | readonly string[]>();
  const positionals: string[] = [];
  for (const token of tokensOf(specs, args)) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const spec = specs.find((candidate) => candidate.name === token.name);
    if (!spec) {
      const guess = nearest(token.name, specs.map((candidate) => candidate.name));
      throw usageError(
        `Cannot use "${token.rawName}": there is no such flag${guess ? `; did you mean "--${guess}"?` : ""}`,
      );
    }
    if (spec.type === "boolean") {
      if (token.value !== undefined) {
        throw usageError(`Cannot use "--${spec.name}=${token.value}": the flag takes no value`);
      }
      flags.set(spec.name, true);
      continue;
    }
    if (token.value === undefined) {
      throw usageError(`Cannot use "--${spec.name}": ${spec.value ?? "a value"} is missing`);
    }
    checkChoice(`--${spec.name}`, token.value, spec.choices);
    if (spec.type !== "list") flags.set(spec.name, token.value);
    else flags.set(spec.name, [...(flags.get(spec.name) as readonly string[] | undefined ?? []), token.value]); // lists only
  }
  return { flags, positionals };
}

function readArgs(command: Command, positionals: readonly string[]): Map<string, string | readonly string[]> {
  const values = new Map<string, string | readonly string[]>();
  const specs = command.args ?? [];
  specs.forEach((spec, i) => {
    const word = positionals[i];
    if (word === undefined) {
      if (spec.isRequired) throw usageError(`Cannot run "${command.name}": ${spec.name} is missing (${spec.summary})`);
      return;
    }
    checkChoice(spec.name, word, spec.choices);
    values.set(spec.name, spec.isRest ? positionals.slice(i) : word);
  });
  const takes = specs.at(-1)?.isRest ? Infinity : specs.length;
  if (positionals.length > takes) {
    throw usageError(
      `Cannot use "${positionals[takes]}": "${command.name}" takes ${
        takes === 0 ? "no arguments" : `at most ${takes}`
      }`,
    );
  }
  return values;
}

function checkChoice(what: string, value: string, choices: readonly string[] | undefined): void {
  if (!choices || choices.includes(value)) return;
  const guess = nearest(value, choices);
  throw usageError(
    `Cannot use ${what} "${value}": it is one of ${choices.join(", ")}${guess ? `; did you mean "${guess}"?` : ""}`,
  );
}

function toGlobals(
  flags: ReadonlyMap<string, string | boolean | readonly string[]>,
  jsonFields: readonly string[] | undefined,
  hasOwnSet: boolean,
): GlobalFlags {
  const text = (name: string) => {
    const value = flags.get(name);
    return typeof value === "string" ? value : undefined;
  };
  const settings = hasOwnSet ? undefined : flags.get("set");
  return {
    home: text("home"),
    config: text("config"),
    isDev: flags.get("dev") === true,
    isJson: flags.get("json") === true,
    jsonFields,
    logLevel: text("log-level"),
    passphraseFile: text("passphrase-file"),
    settings: (Array.isArray(settings) ? settings : []).map((setting: string) => {
      const equals = setting.indexOf("=");
      if (equals < 1) throw usageError(`Cannot use --set "${setting}": KEY=VALUE is expected`);
      return [setting.slice(0, equals), setting.slice(equals + 1)] as const;
    }),
  };
}

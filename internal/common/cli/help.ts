import { EXIT, EXIT_STATUSES } from "./exit.ts";
import { GLOBAL_FLAGS } from "./parse.ts";
import type { ArgSpec, Command, CommandGroup, FlagSpec, ProgramSpec } from "./types.ts";
import { alignRows } from "./width.ts";

const GROUPS: Readonly<Record<CommandGroup, string>> = {
  begin: "Begin",
  run: "Run",
  mesh: "Mesh",
  work: "Tasks",
  people: "People",
  context: "Context",
  history: "History",
  program: "Program",
};

/** The statuses of commands in one sentence. */
export const STATUSES = EXIT_STATUSES.filter(({ status }) => status < 10 || status === EXIT.interrupted)
  .map(({ status, name }) => `${status} ${name.replaceAll("_", " ")}`).join(", ") +
  "; from 10 on: why a node did not run";

/** The overview of a program. */
export function renderOverview(program: ProgramSpec): string {
  const groups = Map.groupBy(program.commands, (command) => command.group);
  const width = Math.max(...program.commands.map((command) => synopsis(command).length));
  const sections = Object.entries(GROUPS).flatMap(([group, title]) => {
    const commands = groups.get(group as CommandGroup) ?? []; // GROUPS has exactly these keys
    if (commands.length === 0) return [];
    return ["", title, ...commands.map((command) => `  ${synopsis(command).padEnd(width)}  ${command.summary}`)];
  });
  const start = program.defaultCommand === undefined ? [] : ["", `Without a command: ${program.defaultCommand}.`];
  return [
    `${program.name} ${program.version}: ${program.summary}`,
    "",
    `Usage: ${program.name} <command> [arguments] [flags]`,
    ...start,
    ...sections,
    "",
    "Flags of every command",
    ...flagRows(GLOBAL_FLAGS),
    "",
    `Exit statuses: ${STATUSES}.`,
    `More about one: ${program.name} help <command>`,
  ].join("\n");
}

/** The verbs alone, for the portal's prompt. */
export function renderVerbs(program: Pick<ProgramSpec, "commands">): string {
  const rows = program.commands.map((command) => [`  ${synopsis(command)}`, command.summary]);
  return [...alignRows(rows), "", "Flags stand before the words. More about one: help <command>"].join("\n");
}

/** The help of one command. */
export function renderCommandHelp(program: Pick<ProgramSpec, "name">, command: Command): string {
  const args = command.args ?? [];
  const flags = command.flags ?? [];
  return [
    `${program.name} ${command.name}: ${command.summary}`,
    "",
    `Usage: ${program.name} ${synopsis(command)}${flags.length > 0 ? " [flags]" : ""}`,
    ...(command.details ? ["", command.details] : []),
    ...(args.length > 0 ? ["", "Arguments", ...alignRows(args.map((arg) => [`  ${argName(arg)}`, argText(arg)]))] : []),
    ...(flags.length > 0 ? ["", "Flags", ...flagRows(flags)] : []),
    ...(command.aliases ? ["", `Also called: ${command.aliases.join(", ")}`] : []),
    "",
    needsText(command),
  ].join("\n");
}

/** "task post <title>" */
export function synopsis(command: Command): string {
  return [command.name, ...(command.args ?? []).map((arg) => arg.isRequired ? argName(arg) : `[${argName(arg)}]`)].join(
    " ",
  );
}

function argName(arg: ArgSpec): string {
  return `<${arg.name}>${arg.isRest ? "…" : ""}`;
}

function argText(arg: ArgSpec): string {
  return arg.choices ? `${arg.summary}: ${arg.choices.join(", ")}` : arg.summary;
}

/** One row a flag, aligned. */
export function flagRows(flags: readonly FlagSpec[]): string[] {
  return alignRows(flags.map((flag) => [`  ${flagName(flag)}`, flagText(flag)]));
}

/** "--level LEVEL, -l" */
export function flagName(flag: FlagSpec): string {
  const value = flag.type === "boolean" ? "" : ` ${flag.value ?? "VALUE"}`;
  return `--${flag.name}${value}${flag.short ? `, -${flag.short}` : ""}`;
}

/** What a flag is for, and its only values. */
export function flagText(flag: FlagSpec): string {
  return flag.choices ? `${flag.summary}: ${flag.choices.join(", ")}` : flag.summary;
}

function needsText(command: Command): string {
  switch (command.needs) {
    case "node":
      return "Needs a running node.";
    case "data_dir":
      return "Works on the data directory.";
    default:
      return "Needs nothing.";
  }
}

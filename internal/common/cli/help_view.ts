import { EXIT_STATUSES } from "./exit.ts";
import { GLOBAL_FLAGS } from "./parse.ts";
import type { ArgSpec, Command, FlagSpec, ProgramSpec } from "./types.ts";

/** The help and the manual of a program as data: every command, the flags of all, the exit statuses. */
export function programView(program: ProgramSpec): object {
  const { name, version, summary, defaultCommand, commands } = program;
  return {
    name,
    version,
    summary,
    ...(defaultCommand === undefined ? {} : { default_command: defaultCommand }),
    commands: commands.map(commandView),
    flags: GLOBAL_FLAGS.map(flagView),
    exit_statuses: EXIT_STATUSES,
  };
}

/** The help of one command as data. */
export function commandView(
  { name, aliases = [], group, summary, details, args = [], flags = [], needs }: Command,
): object {
  return {
    name,
    aliases,
    group,
    summary,
    ...(details === undefined ? {} : { details }),
    args: args.map(argView),
    flags: flags.map(flagView),
    needs,
  };
}

function argView({ name, summary, isRequired = false, isRest = false, choices }: ArgSpec): object {
  return { name, summary, is_required: isRequired, is_rest: isRest, ...(choices ? { choices } : {}) };
}

function flagView({ name, short, type, value, summary, choices }: FlagSpec): object {
  return {
    name,
    ...(short === undefined ? {} : { short }),
    type,
    ...(value === undefined ? {} : { value }),
    summary,
    ...(choices ? { choices } : {}),
  };
}

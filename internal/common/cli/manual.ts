import { EXIT_STATUSES } from "./exit.ts";
import { flagName, flagRows, flagText, STATUSES, synopsis } from "./help.ts";
import { GLOBAL_FLAGS } from "./parse.ts";
import type { FlagSpec, ProgramSpec } from "./types.ts";

const OUTPUT = [
  'Data goes to standard output, talk to standard error. With --json every line of output is one object with "v":1.',
  "Text of other members is shown with a mark for whatever could act on a terminal; JSON holds it unchanged, escaped.",
];

/** A manual page as plain text, from the same table. */
export function renderManual(program: ProgramSpec): string {
  const indent = (text: string) => text.split("\n").map((line) => line === "" ? "" : `    ${line}`).join("\n");
  const commands = program.commands.flatMap((command) => [
    `  ${synopsis(command)}`,
    indent(`${command.summary}.${command.details ? `\n${command.details}` : ""}`),
    ...(command.flags?.length ? [indent(flagRows(command.flags).join("\n"))] : []),
    "",
  ]);
  return [
    "NAME",
    `  ${program.name} - ${program.summary}`,
    "",
    "SYNOPSIS",
    `  ${program.name} <command> [arguments] [flags]`,
    "",
    "COMMANDS",
    ...commands,
    "FLAGS OF EVERY COMMAND",
    ...flagRows(GLOBAL_FLAGS),
    "",
    "OUTPUT",
    ...OUTPUT.map((line) => `  ${line}`),
    "",
    "EXIT STATUS",
    `  ${STATUSES}.`,
  ].join("\n");
}

/** The same as the source of a page for `man`, in the macros of man(7). */
export function renderManPage(program: ProgramSpec): string {
  const { name, version, summary } = program;
  return [
    `.TH ${name.toUpperCase().replaceAll("-", "\\-")} 1 "" "${escaped(name)} ${version}"`,
    ".SH NAME",
    `${escaped(name)} \\- ${escaped(summary)}`,
    ".SH SYNOPSIS",
    `.B ${escaped(name)}`,
    "<command> [arguments] [flags]",
    ".SH COMMANDS",
    ...program.commands.flatMap((command) => [
      ".TP",
      `.B ${escaped(synopsis(command))}`,
      ...lines(`${command.summary}.`),
      ...(command.details ? [".IP", ...lines(command.details)] : []),
      ...flagParagraphs(command.flags ?? []),
    ]),
    ".SH FLAGS OF EVERY COMMAND",
    ...GLOBAL_FLAGS.flatMap((flag) => [".TP", `.B ${escaped(flagName(flag))}`, ...lines(flagText(flag))]),
    ".SH OUTPUT",
    ...OUTPUT.flatMap(lines),
    ".SH EXIT STATUS",
    ...EXIT_STATUSES.flatMap(({ status, name, meaning }) => [
      ".TP",
      `.B ${status}`,
      ...lines(`${name.replaceAll("_", " ")}: ${meaning}.`),
    ]),
  ].join("\n");
}

function flagParagraphs(flags: readonly FlagSpec[]): string[] {
  if (flags.length === 0) return [];
  const paragraphs = flags.flatMap((flag) => [".TP", `.B ${escaped(flagName(flag))}`, ...lines(flagText(flag))]);
  return [".RS", ...paragraphs, ".RE"];
}

/** Text lines of roff: a line that begins with a dot or an apostrophe would be taken for a macro. */
function lines(text: string): string[] {
  return text.split("\n").map((line) => line.trim() === "" ? ".IP" : escaped(line.trim()));
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\e").replaceAll("-", "\\-").replace(/^([.'])/, "\\&$1");
}

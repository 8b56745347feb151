/**
 * The command line of both programs: one table of verbs from which parsing, help, completion and the manual come, `--json`
 * everywhere, documented statuses, and the sanitiser through which every peer's text reaches a terminal.
 *
 * ```ts
 * const status = await runCommandLine({ name: "bzzz-agent", binaryType: "agent", version, summary, commands: COMMANDS }, Deno.args, {
 *   ...createShell({ clock, signal, env: Deno.env.toObject() }),
 *   connect: connectByHooks({ hooks, fetch, clock, random, program }),
 *   hooks,
 * });
 * ```
 *
 * @module
 */
export { renderCompletion, SHELLS } from "./completion.ts";
export type { Shell } from "./completion.ts";
export { CliError, usageError } from "./errors.ts";
export { EXIT, EXIT_STATUSES, exitMeaning, exitStatus, exitStatusOf } from "./exit.ts";
export type { ExitName, ExitStatus } from "./exit.ts";
export { renderCommandHelp, renderManual, renderOverview } from "./help.ts";
export type {
  AuditJournal,
  AuditReport,
  CheckResult,
  ConfigIssue,
  ConfigSetting,
  HealthResult,
  InitOptions,
  InitResult,
  InviteOptions,
  JoinOptions,
  JoinResult,
  NodeEndpoint,
  ProgramHooks,
  RunOptions,
} from "./hooks.ts";
export { createStreamSink, Output, OutputClosedError } from "./output.ts";
export type { TextSink } from "./output.ts";
export { findCommand, GLOBAL_FLAGS, parseCommandLine } from "./parse.ts";
export type { Invocation } from "./parse.ts";
export { connectByHooks, runCommandLine } from "./program.ts";
export type { CommandEnvironment } from "./program.ts";
export { createTimeFormat, describeAsk, describeEntry, nameOf, shortTaskId } from "./render.ts";
export { ESCAPE_MARK, HIDDEN_MARK, isHarmless, sanitiseLine, sanitiseText, toSafeJson } from "./sanitise.ts";
export type { ClampOptions } from "./sanitise.ts";
export { createShell } from "./shell.ts";
export { COMMANDS } from "./table.ts";
export type {
  ArgSpec,
  AskOptions,
  Command,
  CommandContext,
  CommandGroup,
  CommandNeeds,
  FlagSpec,
  FlagType,
  GlobalFlags,
  ProgramSpec,
  Surface,
  TimeFormat,
} from "./types.ts";
export { FlagValues, formatDuration, parseDuration } from "./values.ts";
export { alignRows, displayWidth, padColumns } from "./width.ts";

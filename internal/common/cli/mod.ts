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
export { fillForm, FORM_FLAGS, isFilledIn } from "./commands/ask_form.ts";
export { allowedBy, holdsFor, standingApprovals } from "./commands/grants.ts";
export { callForHelp, sayAboutTask, threadOf } from "./commands/hmmm_work.ts";
export { findThread, noThread, sayInThread } from "./commands/threads.ts";
export type { FoundThread } from "./commands/threads.ts";
export type { CallForHelp, TaskWord } from "./commands/hmmm_work.ts";
export { parseAddressee } from "./commands/one_request.ts";
export { renderCompletion, SHELLS } from "./completion.ts";
export type { Shell } from "./completion.ts";
export { decisionState, describeDecision, voteMark, votesOf } from "./commands/decide_render.ts";
export { describeIdentity, describeKey, keyTimeLeft } from "./render_key.ts";
export { mediaTypeOf } from "./commands/ucxl_arguments.ts";
export { describeDeadLetter, describeSlurpAlignment, describeSlurpStatus } from "./commands/slurp_render.ts";
export { describeDiff } from "./commands/ucxl_render.ts";
export { CliError, usageError } from "./errors.ts";
export { EXIT, EXIT_STATUSES, exitMeaning, exitStatus, exitStatusOf } from "./exit.ts";
export type { ExitName, ExitStatus } from "./exit.ts";
export { goOnWith, shellWord } from "./go_on.ts";
export { renderCommandHelp, renderOverview } from "./help.ts";
export { renderManPage, renderManual } from "./manual.ts";
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
  KeysChanged,
  KeysView,
  NewPerson,
  NodeEndpoint,
  OpenPersonKey,
  PersonSheet,
  RecoverResult,
  RestoreView,
  RoleFileEntry,
  RunOptions,
  SavedView,
  SetupPageResult,
  SnapshotView,
  TypedPassphrases,
} from "./hook_types.ts";
export type { ProgramHooks, SetupHooks, SnapshotHooks } from "./hooks.ts";
export type { PatchView } from "./commands/patch_reading.ts";
export { describePatch } from "./commands/patch_render.ts";
export {
  decisionOn,
  EVERY_PATCH,
  listPatches,
  MAX_PATCH_TITLE,
  offerPatch,
  patchAt,
  patchDifference,
  submitPatch,
} from "./commands/patch_work.ts";
export type { OfferedPatch, PatchDeps, PatchOffer } from "./commands/patch_work.ts";
export { withPassphrase } from "./commands/passphrase.ts";
export { createStreamSink, Output, OutputClosedError } from "./output.ts";
export type { TextSink } from "./output.ts";
export { findCommand, GLOBAL_FLAGS, parseCommandLine } from "./parse.ts";
export type { Invocation } from "./parse.ts";
export { connectByHooks, runCommandLine } from "./program.ts";
export type { CommandEnvironment } from "./program.ts";
export {
  createTimeFormat,
  describeAsk,
  describeElection,
  describeStatus,
  describeTask,
  nameOf,
  relativeTime,
  shortTaskId,
  titleOf,
} from "./render.ts";
export { describeEntry } from "./render_entry.ts";
export { describeField, describeRequest, formFields } from "./render_request.ts";
export { ESCAPE_MARK, HIDDEN_MARK, isHarmless, sanitiseLine, sanitiseText, toSafeJson } from "./sanitise.ts";
export type { ClampOptions } from "./sanitise.ts";
export { parseAnswers } from "./setup/answers.ts";
export type { SetupAnswers, SetupKey } from "./setup/answers.ts";
export { copyProblem } from "./setup/check_sheet.ts";
export { enterMesh } from "./setup/carry_out.ts";
export type { SetupOutcome } from "./setup/carry_out.ts";
export { actionsOf, describeChange, isRestoring, portsOf, portsProblem, settingsOf } from "./setup/plan.ts";
export { lineOf, nextQuestion, questionsFor, readAnswer } from "./setup/questions.ts";
export type { Question, Reading, SetupFacts } from "./setup/questions.ts";
export { ShownVersions } from "./shown.ts";
export { createShell, type Shell as ProcessShell } from "./shell.ts";
export { nearest } from "./suggest.ts";
export { COMMANDS, withCommands } from "./table.ts";
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
export { alignRows, displayWidth, isSimple, padColumns } from "./width.ts";

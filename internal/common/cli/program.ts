import { ApiClient, ApiError, type ApiFetch } from "@bzzz/api";
import { BzzzError, type Clock, errorMessage, type Random } from "@bzzz/base";
import { CliError, usageError } from "./errors.ts";
import { EXIT, type ExitStatus, exitStatusOf } from "./exit.ts";
import { renderCommandHelp, renderOverview } from "./help.ts";
import { commandView, programView } from "./help_view.ts";
import type { ProgramHooks } from "./hooks.ts";
import { Output, OutputClosedError, type TextSink } from "./output.ts";
import { type Invocation, namedCommand, parseCommandLine } from "./parse.ts";
import { sanitiseText, toSafeJson } from "./sanitise.ts";
import { ShownVersions } from "./shown.ts";
import type { Command, CommandContext, GlobalFlags, ProgramSpec, Surface, TimeFormat } from "./types.ts";

/** What a command line runs in; the shell and the portal's prompt each make one. */
export interface CommandEnvironment {
  readonly surface: Surface;
  readonly out: TextSink;
  readonly err: TextSink;
  readonly clock: Clock;
  readonly format: TimeFormat;
  /** Aborts on an interrupt: the command ends with 130. */
  readonly signal: AbortSignal;
  readonly connect: (globals: GlobalFlags) => Promise<ApiClient>;
  readonly hooks?: ProgramHooks;
  /** Where command lines follow each other: what was shown in one counts in the next. */
  readonly shown?: ShownVersions;
  readonly ask?: NonNullable<CommandContext["ask"]>;
  readonly readInput?: () => Promise<string>;
  readonly readBytes?: (maxBytes: number) => Promise<Uint8Array>;
}

/**
 * Runs one command line and returns its status; never rejects. Failures are told on `err`, with `--json` as
 * `{"v":1,"error":{code,message,…}}`. A closed stdout is a success: the reader had enough.
 */
export async function runCommandLine(
  program: ProgramSpec,
  argv: readonly string[],
  environment: CommandEnvironment,
): Promise<ExitStatus> {
  let isJson = argv.some((arg) => /^--json(=|$)/.test(arg));
  try {
    const invocation = parseCommandLine(program, argv);
    isJson = invocation.globals.isJson;
    return await runInvocation(program, invocation, environment);
  } catch (error) {
    if (error instanceof OutputClosedError) return EXIT.ok;
    if (environment.signal.aborted && error === environment.signal.reason) return EXIT.interrupted;
    await tell(program, argv, error, isJson, environment).catch(() => {}); // stderr is gone too: the status has to do
    return exitStatusOf(error);
  }
}

async function runInvocation(
  program: ProgramSpec,
  invocation: Invocation,
  environment: CommandEnvironment,
): Promise<ExitStatus> {
  const { globals } = invocation;
  const out = new Output(environment.out, { isJson: globals.isJson, fields: globals.jsonFields });
  switch (invocation.type) {
    case "help":
      await help(program, invocation.command, out);
      return EXIT.ok;
    case "version":
      await out.item({ name: program.name, version: program.version }, () => `${program.name} ${program.version}`);
      return EXIT.ok;
    case "nothing":
      if (globals.isJson) throw usageError('Cannot run that: it names no command; "help" has them');
      await environment.err.write(`${renderOverview(program)}\n`);
      return EXIT.usage;
    case "run": {
      environment.signal.throwIfAborted();
      const { command, values } = invocation;
      let client: Promise<ApiClient> | undefined;
      return await command.run({
        program,
        command,
        values,
        globals,
        out,
        note: async (text) => {
          if (!globals.isJson) await environment.err.write(`${sanitiseText(text)}\n`);
        },
        clock: environment.clock,
        signal: environment.signal,
        surface: environment.surface,
        format: environment.format,
        shown: environment.shown ?? new ShownVersions(),
        ...(environment.ask ? { ask: environment.ask } : {}),
        ...(environment.readBytes ? { readBytes: environment.readBytes } : {}),
        ...(environment.readInput ? { readInput: environment.readInput } : {}),
        client: () => client ??= environment.connect(globals),
        hooks: () => {
          if (environment.hooks) return environment.hooks;
          throw new CliError("not_available_here", `Cannot run "${command.name}" here: run it in a shell`);
        },
      });
    }
  }
}

async function help(program: ProgramSpec, command: Command | undefined, out: Output): Promise<void> {
  if (out.isJson) return await out.json(command ? commandView(command) : programView(program));
  await out.raw(command ? renderCommandHelp(program, command) : renderOverview(program));
}

async function tell(
  program: ProgramSpec,
  argv: readonly string[],
  error: unknown,
  isJson: boolean,
  environment: CommandEnvironment,
): Promise<void> {
  const code = error instanceof BzzzError ? error.code : "failure";
  const message = errorMessage(error);
  const data = error instanceof ApiError ? error.data : error instanceof BzzzError ? error.details : {};
  if (isJson) return await environment.err.write(`${toSafeJson({ v: 1, error: { code, message, details: data } })}\n`);
  const prefix = environment.surface === "shell" ? `${program.name}: ` : "";
  const issues = Array.isArray(data["issues"]) ? data["issues"] : [];
  const lines = issues.length < 2 ? [] : issues.map((issue) => `  ${issue?.path || issue?.where}: ${issue?.message}`);
  const command = namedCommand(program, argv);
  const help = command ? `${command.name} --help` : "help";
  const hint = code === "usage" && environment.surface === "shell" ? [`Try: ${program.name} ${help}`] : [];
  await environment.err.write(`${sanitiseText([prefix + message, ...lines, ...hint].join("\n"))}\n`);
}

/**
 * Makes `CommandEnvironment.connect` for a shell: asks the hooks where the node is.
 * The returned function rejects with CliError "node_unreachable" when no node runs.
 */
export function connectByHooks(
  deps: {
    hooks: ProgramHooks;
    fetch: ApiFetch;
    /** How requests go through a UNIX socket; without it they go to the port. */
    fetchOver?: (socketPath: string) => ApiFetch;
    clock: Clock;
    random: Random;
    program: Pick<ProgramSpec, "name">;
  },
): (globals: GlobalFlags) => Promise<ApiClient> {
  return async (globals) => {
    const endpoint = await deps.hooks.findNode(globals);
    if (!endpoint) {
      throw new CliError(
        "node_unreachable",
        `Cannot reach a node: none runs on this data directory; start it with "${deps.program.name} run", or name another with --home`,
      );
    }
    const { clock, random, fetchOver } = deps;
    const { socketPath, token } = endpoint;
    if (socketPath === undefined || !fetchOver) return new ApiClient(deps, endpoint);
    return new ApiClient({ clock, random, fetch: fetchOver(socketPath) }, { baseUrl: "http://localhost", token });
  };
}

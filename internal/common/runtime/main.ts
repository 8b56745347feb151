/**
 * The command line of a program, up to the node: what a view and a verb of a running node need, and nothing that they do not. What stands
 * on the network and the database is in `mod.ts`, and is loaded once a node is to run in this process.
 *
 * @module
 */
import {
  type Command,
  connectByHooks,
  createShell,
  EXIT,
  type ExitStatus,
  exitStatus,
  runCommandLine,
  withCommands,
} from "@bzzz/cli";
import { createSystemClock, createSystemRandom, errorMessage } from "@bzzz/base";
import { StandardHooks } from "./hooks.ts";
import { readEnvironment } from "./process_environment.ts";
import type { BinaryProfile } from "./profiles.ts";
import type { ExecutionFactory } from "./run_node.ts";
import { openSocketFetch } from "./local_socket.ts";
import { InterruptGate, listenToSignals } from "./signals.ts";
import { UncaughtGuard } from "./uncaught.ts";
import { VERSION } from "./version.ts";

export { keepPageLink } from "./keep_link.ts";
export { AGENT_PROFILE, HAP_PROFILE } from "./profiles.ts";
export { readEnvironment } from "./process_environment.ts";

/** In what one program differs from the other. */
export interface ProgramDefinition {
  readonly profile: BinaryProfile;
  /** What the program does on top of a node; loaded where one runs in this process. */
  readonly loadExecution: () => Promise<ExecutionFactory>;
  /** One line for the overview. */
  readonly summary: string;
  /** Verbs of its own, beside those both programs have. */
  readonly commands?: readonly Command[];
  /** What runs when no verb is given. */
  readonly defaultCommand?: string;
}

/**
 * The main of both programs: one command line, one exit. The process ends here on purpose, because libp2p keeps the event
 * loop alive after its node has stopped.
 */
export async function runMain(definition: ProgramDefinition): Promise<never> {
  Deno.exit(await runProgram(definition));
}

async function runProgram(definition: ProgramDefinition): Promise<ExitStatus> {
  const { profile } = definition;
  const clock = createSystemClock();
  const random = createSystemRandom();
  const env = readEnvironment();
  const interrupt = new AbortController();
  let isNodeRunning = false;
  const interrupts = new InterruptGate();
  using signals = listenToSignals(["SIGINT", "SIGTERM"], interrupts);
  const watching = (async () => {
    for await (const _signal of signals) {
      if (isNodeRunning) continue; // the node has its own listener and goes in good order
      if (interrupt.signal.aborted) Deno.exit(EXIT.interrupted);
      interrupt.abort(new DOMException("The command was interrupted", "AbortError"));
    }
  })();
  using uncaught = new UncaughtGuard({ onDefect: (error) => endByDefect(profile.program, error) });
  const shell = createShell({ clock, signal: interrupt.signal, env });
  const program = {
    name: profile.program as "bzzz-agent" | "bzzz-hap", // the registry of profiles has these two
    binaryType: profile.binaryType,
    version: VERSION,
    summary: definition.summary,
    commands: withCommands(definition.commands ?? []),
    ...(definition.defaultCommand ? { defaultCommand: definition.defaultCommand } : {}),
  };
  const hooks = new StandardHooks({
    profile,
    clock,
    random,
    env,
    version: VERSION,
    loadExecution: definition.loadExecution,
    stdinIsTerminal: Deno.stdin.isTerminal(),
    stdoutIsTerminal: Deno.stdout.isTerminal(),
    stderrIsTerminal: Deno.stderr.isTerminal(),
    fetch: (request) => fetch(request),
    forceExit: (status) => Deno.exit(status),
    uncaught,
    interrupts,
    ...(shell.askSecret ? { askSecret: shell.askSecret } : {}),
    readLine: shell.readLine,
    readInput: shell.readInput,
    tell: (text) => shell.err.write(`${text}\n`),
    onNodeRunning: () => {
      isNodeRunning = true;
    },
  });
  const connect = connectByHooks({
    hooks,
    fetch: (request) => fetch(request),
    fetchOver: (path) => openSocketFetch(path).fetch, // for the life of the process
    clock,
    random,
    program,
  });
  const status = await runCommandLine(program, Deno.args, { ...shell, connect, hooks });
  signals[Symbol.dispose]();
  await watching;
  return status;
}

/** A command has nothing to take down. What it says has the stack: whoever reports it needs it. */
function endByDefect(program: string, error: unknown): never {
  const stack = error instanceof Error ? error.stack : undefined;
  const text = `${program}: Cannot go on: ${errorMessage(error)}; this is a defect of the program, please report it\n`;
  Deno.stderr.writeSync(new TextEncoder().encode(stack ? `${text}${stack}\n` : text));
  return Deno.exit(exitStatus("defect"));
}

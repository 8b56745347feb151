import { type Clock, parseAgentId, type Random } from "@bzzz/base";
import { type ExitStatus, exitStatus, type GlobalFlags, type RunOptions, type SetupPageResult } from "@bzzz/cli";
import type { KeyDesk } from "./key_desk.ts";
import { needsSetup } from "./needs_setup.ts";
import { devFolder, takesTerminal } from "./process_environment.ts";
import type { BinaryProfile } from "./profiles.ts";
import type { ExecutionFactory, RunNodeOptions } from "./run_node.ts";
import { listenToSignals } from "./signals.ts";
import type { Workplace } from "./workplace.ts";

/** What a node that runs in this process is given. */
export interface RunHereDeps
  extends
    Pick<RunNodeOptions, "env" | "version" | "interrupts" | "forceExit" | "uncaught" | "stderrIsTerminal" | "tell"> {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyDesk;
  readonly place: Workplace;
  readonly loadExecution: () => Promise<ExecutionFactory>;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  /** Sets the node up where it is to be; missing where nobody can be asked. */
  readonly setUp?: (options: RunOptions) => Promise<SetupPageResult>;
  /** Told when the node has taken over the process' signals. */
  readonly onNodeRunning: () => void;
}

/** Runs a node in this process until it is stopped, with the setup before it that it needs. */
export async function runHere(deps: RunHereDeps, options: RunOptions): Promise<ExitStatus> {
  const { profile, env, clock, random, place } = deps;
  const { globals } = options;
  const typed = await setUpFirst(deps, options);
  // Before anything is waited for: from here on no signal falls between the command's listener and the node's.
  using signals = listenToSignals(undefined, deps.interrupts);
  const [parts, createExecution] = await Promise.all([place.loadNodeParts(), deps.loadExecution()]);
  const dev = globals.isDev
    ? await parts.prepareDevNode(place.setupDeps(globals), {
      folder: devFolder(env),
      home: globals.home,
      agentId: settingOf(globals, "agent.id") ?? env["BZZZ_AGENT_ID"],
    })
    : undefined;
  const home = dev?.home ?? place.homeOf(globals);
  // most nodes read one, and what is rehearsed is what will be quick
  if (dev && options.isRehearsal) await parts.ensureConfig({ profile }, home);
  const loaded = await place.load(globals, home, {
    ...dev?.flags,
    ...(options.interfaceMode === undefined ? {} : { "interface.mode": options.interfaceMode }),
  });
  const { config } = loaded;
  const passphrase = typed ?? await deps.keys.passphrase(globals, home, config);
  deps.onNodeRunning();
  if (options.signal.aborted) return exitStatus("ok"); // stopped before it had begun
  return await parts.runNode({ profile, clock, random, createExecution }, {
    loaded,
    home,
    env,
    isDev: globals.isDev,
    isRehearsal: options.isRehearsal ?? false,
    ...(passphrase === undefined ? {} : { passphrase }),
    ownsTerminal: takesTerminal(profile, config, deps),
    stderrIsTerminal: deps.stderrIsTerminal,
    hasTerminal: deps.stdinIsTerminal || deps.stdoutIsTerminal || deps.stderrIsTerminal,
    version: deps.version,
    signals,
    interrupts: deps.interrupts,
    forceExit: deps.forceExit,
    ...(deps.uncaught ? { uncaught: deps.uncaught } : {}),
    tell: deps.tell,
    ...(dev
      ? {
        onLocked: () => dev.release(),
        onStarted: ({ node, logger }, { signal }) =>
          parts.discoverDevNodes({ clock, logger, node }, { folder: devFolder(env), home, signal }),
      }
      : {}),
  });
}

/** Where a person is at the terminal, a node that needs a setup gets one first; the passphrase that was typed in it. */
async function setUpFirst(
  { setUp, place }: Pick<RunHereDeps, "setUp" | "place">,
  options: RunOptions,
): Promise<string | undefined> {
  const { globals } = options;
  if (globals.isDev || !setUp || !await needsSetup(place.homeOf(globals))) return undefined;
  return (await setUp(options)).passphrase;
}

function settingOf(globals: GlobalFlags, key: string): string | undefined {
  const value = globals.settings.findLast(([name]) => name === key)?.[1];
  return value === undefined ? undefined : parseAgentId(value) ?? value;
}

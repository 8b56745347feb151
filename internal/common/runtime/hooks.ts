import { type PersonFiles, personWords } from "@bzzz/agentid";
import type {
  AuditJournal,
  CheckResult,
  ConfigIssue,
  ConfigSetting,
  GlobalFlags,
  HealthResult,
  InitOptions,
  InitResult,
  InviteOptions,
  JoinOptions,
  JoinResult,
  KeysChanged,
  KeysView,
  NodeEndpoint,
  OpenPersonKey,
  ProgramHooks,
  RecoverResult,
  RoleFileEntry,
  RunOptions,
  SetupPageResult,
} from "@bzzz/cli";
import { type Clock, parseAgentId, type Random } from "@bzzz/base";
import { type LoadedConfig, renderExampleConfig } from "@bzzz/config";
import { createNullLogger, createStandardLogger, type LogLevel } from "@bzzz/logging";
import { loadProgramConfig } from "./config.ts";
import { createRuntimeError } from "./errors.ts";
import { type ExitStatus, exitStatus } from "@bzzz/cli";
import { homePaths, readEndpoints, readTextIfThere } from "./home.ts";
import { defaultAgentId, requireAgentId } from "./agent_name.ts";
import { KeyDesk } from "./key_desk.ts";
import { collectShares } from "./recovery_shares.ts";
import { dataDirectory, devFolder, takesTerminal } from "./process_environment.ts";
import { exportPerson, wordsOfShares } from "./people/person_sheet.ts";
import type { BinaryProfile } from "./profiles.ts";
import type { ExecutionFactory } from "./run_node.ts";
import type { SetupDeps } from "./setup.ts";
import { SetupDesk } from "./setup_desk.ts";
import { SnapshotDesk } from "./snapshot/desk.ts";
import { needsSetup } from "./needs_setup.ts";
import { serveSetupPage } from "./setup_page.ts";
import { type InterruptGate, listenToSignals } from "./signals.ts";
import { checkForRunningInstance } from "./collision.ts";
import type { UncaughtGuard } from "./uncaught.ts";
import { askForHealth } from "./ask_for_health.ts";
import { ConfigDesk } from "./config_desk.ts";
import { PersonDesk } from "./people/person_desk.ts";

/** What the hooks of a program stand on. */
export interface HooksDeps {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  /** Asked for when a node is about to run in this process. */
  readonly loadExecution: () => Promise<ExecutionFactory>;
  readonly stdinIsTerminal: boolean;
  readonly stdoutIsTerminal: boolean;
  readonly stderrIsTerminal: boolean;
  readonly fetch: (request: Request) => Promise<Response>;
  readonly forceExit: (status: ExitStatus) => void;
  /** Of the process, for the node that `run` starts. */
  readonly uncaught?: UncaughtGuard;
  /** Of the process. */
  readonly interrupts: InterruptGate;
  /** Asks the person without showing what is typed; missing where nobody can be asked. */
  readonly askSecret?: (question: string) => Promise<string | undefined>;
  /** The first line of standard input. */
  readonly readLine: () => Promise<string | undefined>;
  /** All of standard input. */
  readonly readInput: () => Promise<string>;
  /** A line on stderr for the person. */
  readonly tell: (text: string) => Promise<void>;
  /** Told when the node has taken over the process' signals. */
  readonly onNodeRunning: () => void;
}

/** What commands need of this program beyond a running node's API. */
export class StandardHooks implements ProgramHooks {
  readonly #deps: HooksDeps;
  readonly #keys: KeyDesk;
  readonly #configs: ConfigDesk;
  readonly #persons: PersonDesk;
  readonly setup: SetupDesk;
  readonly snapshots: SnapshotDesk;

  constructor(deps: HooksDeps) {
    this.#deps = deps;
    this.setup = new SetupDesk({ ...deps, homeOf: (globals) => this.#plainHome(globals) });
    this.snapshots = new SnapshotDesk({
      ...deps,
      homeOf: (globals) => this.#plainHome(globals),
      loggerOf: (globals) => this.#logger(globals),
    });
    this.#keys = new KeyDesk({
      ...deps,
      load: async (globals, home) => (await this.#load(globals, home)).config,
    });
    this.#configs = new ConfigDesk({
      profile: deps.profile,
      homeOf: (globals) => this.#plainHome(globals),
      load: (globals, home) => this.#load(globals, home),
    });
    this.#persons = new PersonDesk({
      ...deps,
      keys: this.#keys,
      homeOf: (globals) => this.#plainHome(globals),
      assertStopped: (home, what) => this.#assertStopped(home, what),
    });
  }

  async findNode(globals: GlobalFlags): Promise<NodeEndpoint | undefined> {
    const home = await this.#home(globals);
    const endpoints = home === undefined ? undefined : await readEndpoints(home);
    if (home === undefined || !endpoints || !(await checkForRunningInstance(home)).isRunning) return undefined;
    const token = (await readTextIfThere(homePaths(home).writeToken))?.trim();
    if (!token) return undefined;
    const { api_url: baseUrl, socket_path: socketPath } = endpoints;
    return { baseUrl, token, ...(socketPath === undefined ? {} : { socketPath }) };
  }

  async setupOnPage(options: Parameters<ProgramHooks["setupOnPage"]>[0]): Promise<SetupPageResult> {
    const { globals } = options;
    const home = this.#plainHome(globals);
    const { config } = await this.#load(globals, home);
    return await serveSetupPage({ ...this.#deps, hooks: this, hasPerson: this.#deps.askSecret !== undefined }, {
      ...options,
      home,
      port: config.ports.adminUiPort,
    });
  }

  async init(options: InitOptions): Promise<InitResult> {
    const home = this.#plainHome(options.globals);
    const { forgetMesh, foundMesh } = await this.#loadNodeParts();
    if (options.isForced) await this.#assertStopped(home, "init").then(() => forgetMesh(home));
    const { profile, random } = this.#deps;
    const passphrase = await this.#keys.passphraseForSetup(options, home);
    const personPassphrase = await this.#keys.personPassphrase(options, passphrase);
    const founded = await foundMesh(this.#setup(options.globals), {
      home,
      personPassphrase,
      personShares: options.personShares,
      meshName: options.meshName ?? "bzzz",
      agentId: options.agentId === undefined ? defaultAgentId(profile, random) : requireAgentId(options.agentId),
      isRootKeyKept: options.isRootKeyKept,
      ...(passphrase === undefined ? {} : { passphrase }),
      ...(options.shares === undefined ? {} : { shares: options.shares }),
      ...(options.threshold === undefined ? {} : { threshold: options.threshold }),
    });
    return {
      mesh_id: founded.mesh.meshId,
      mesh_name: founded.mesh.name,
      agent_id: founded.agentId,
      peer_id: founded.keys.peerId,
      home,
      config_path: founded.configPath,
      ...personFacts(founded.person, true),
      ...await sheetOf(options, home, { person: founded.person, personPassphrase }),
      recovery_shares: founded.recoveryShares,
      recovery_threshold: options.threshold ?? DEFAULT_THRESHOLD,
    };
  }

  async invite(options: InviteOptions): ReturnType<ProgramHooks["invite"]> {
    const home = this.#plainHome(options.globals);
    const { clock, random, profile } = this.#deps;
    const { config } = await this.#load(options.globals, home);
    const { inviteOffline } = await this.#loadNodeParts();
    return await inviteOffline({ clock, random, profile, logger: this.#logger(options.globals) }, {
      ...options,
      home,
      config,
      passphrase: await this.#keys.passphrase(options.globals, home, config),
    });
  }

  async join(token: string, options: JoinOptions): Promise<JoinResult> {
    const home = this.#plainHome(options.globals);
    const { forgetMesh, joinWithToken } = await this.#loadNodeParts();
    if (options.isForced) await this.#assertStopped(home, "join").then(() => forgetMesh(home));
    const { profile, random } = this.#deps;
    const agentId = options.agentId === undefined ? defaultAgentId(profile, random) : requireAgentId(options.agentId);
    const passphrase = await this.#keys.passphraseForSetup(options, home);
    const personPassphrase = await this.#keys.personPassphrase(options, passphrase);
    const signal = AbortSignal.any([options.signal, AbortSignal.timeout(options.timeoutMs)]);
    const joined = await joinWithToken(this.#setup(options.globals), {
      home,
      token,
      agentId,
      signal,
      personPassphrase,
      personShares: options.personShares,
      ...(passphrase === undefined ? {} : { passphrase }),
    });
    return {
      mesh_id: joined.mesh.meshId,
      mesh_name: joined.mesh.name,
      agent_id: joined.agentId,
      peer_id: joined.keys.peerId,
      role: joined.role,
      home,
      ...personFacts(joined.person, joined.isPersonAdmitted),
      ...await sheetOf(options, home, { person: joined.person, personPassphrase }),
    };
  }

  async leave(options: { globals: GlobalFlags }): Promise<{ home: string }> {
    const home = this.#plainHome(options.globals);
    await this.#assertStopped(home, "leave");
    const { forgetMesh } = await this.#loadNodeParts();
    await forgetMesh(home);
    return { home };
  }

  async showKeys(globals: GlobalFlags): Promise<KeysView> {
    return await this.#keys.show(this.#plainHome(globals));
  }

  async lockKeys(globals: GlobalFlags): Promise<KeysChanged> {
    return await this.#keys.lock(globals, this.#plainHome(globals));
  }

  async unlockKeys(globals: GlobalFlags): Promise<KeysChanged> {
    return await this.#keys.unlock(globals, this.#plainHome(globals));
  }

  async readPassphrase(globals: GlobalFlags): Promise<string> {
    return await this.#keys.read(globals);
  }

  withPersonKey<T>(globals: GlobalFlags, work: (keys: OpenPersonKey) => Promise<T>): Promise<T> {
    return this.#persons.withKey(globals, work);
  }

  createPerson(globals: GlobalFlags): ReturnType<ProgramHooks["createPerson"]> {
    return this.#persons.create(globals);
  }

  exportPerson(options: Parameters<ProgramHooks["exportPerson"]>[0]): ReturnType<ProgramHooks["exportPerson"]> {
    return this.#persons.export(options);
  }

  wordsOfShares(shares: readonly string[]): Promise<string> {
    return wordsOfShares(shares);
  }

  async readPersonShares(sharesFile: string | undefined): Promise<readonly string[]> {
    return await collectShares({ ...this.#deps, file: sharesFile });
  }

  restorePerson(options: Parameters<ProgramHooks["restorePerson"]>[0]): ReturnType<ProgramHooks["restorePerson"]> {
    return this.#persons.restore(options);
  }

  async recoverRoot(options: { globals: GlobalFlags; sharesFile: string | undefined }): Promise<RecoverResult> {
    const { globals, sharesFile } = options;
    const home = this.#plainHome(globals);
    await this.#assertStopped(home, "recover the root key");
    const passphrase = await this.#keys.passphrase(globals, home);
    const shares = await collectShares({ ...this.#deps, file: sharesFile });
    const { recoverRoot } = await this.#loadNodeParts();
    const { mesh, grant } = await recoverRoot(this.#setup(globals), { home, shares, passphrase });
    return {
      mesh_id: mesh.meshId,
      mesh_name: mesh.name,
      agent_id: grant.agentId,
      peer_id: grant.peer,
      valid_until_ms: grant.notAfterMs,
    };
  }

  holdInterrupts(): Disposable {
    return this.#deps.interrupts.hold();
  }

  async run(options: RunOptions): Promise<ExitStatus> {
    const { globals } = options;
    const { profile, env, clock, random } = this.#deps;
    const typed = await this.#setUpFirst(options);
    // Before anything is waited for: from here on no signal falls between the command's listener and the node's.
    using signals = listenToSignals(undefined, this.#deps.interrupts);
    const [parts, createExecution] = await Promise.all([this.#loadNodeParts(), this.#deps.loadExecution()]);
    const dev = globals.isDev
      ? await parts.prepareDevNode(this.#setup(globals), {
        folder: devFolder(env),
        home: globals.home,
        agentId: settingOf(globals, "agent.id") ?? env["BZZZ_AGENT_ID"],
      })
      : undefined;
    const home = dev?.home ?? this.#plainHome(globals);
    const flags = {
      ...dev?.flags,
      ...(options.interfaceMode === undefined ? {} : { "interface.mode": options.interfaceMode }),
    };
    const loaded = await this.#load(globals, home, flags);
    const { config } = loaded;
    const passphrase = typed ?? await this.#keys.passphrase(globals, home, config);
    this.#deps.onNodeRunning();
    if (options.signal.aborted) return exitStatus("ok"); // stopped before it had begun
    return await parts.runNode({ profile, clock, random, createExecution }, {
      loaded,
      home,
      env,
      isDev: globals.isDev,
      isRehearsal: options.isRehearsal ?? false,
      ...(passphrase === undefined ? {} : { passphrase }),
      ownsTerminal: takesTerminal(profile, config, this.#deps),
      stderrIsTerminal: this.#deps.stderrIsTerminal,
      hasTerminal: this.#deps.stdinIsTerminal || this.#deps.stdoutIsTerminal || this.#deps.stderrIsTerminal,
      version: this.#deps.version,
      signals,
      interrupts: this.#deps.interrupts,
      forceExit: this.#deps.forceExit,
      ...(this.#deps.uncaught ? { uncaught: this.#deps.uncaught } : {}),
      tell: this.#deps.tell,
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
  async #setUpFirst({ globals, signal }: RunOptions): Promise<string | undefined> {
    if (globals.isDev || !this.#deps.askSecret || !await needsSetup(this.#plainHome(globals))) return undefined;
    return (await this.setupOnPage({ globals, isBegunAnew: false, signal })).passphrase;
  }

  validateConfigs(paths: readonly string[], globals: GlobalFlags): Promise<readonly ConfigIssue[]> {
    return this.#configs.validate(paths, globals);
  }

  showConfig(globals: GlobalFlags): Promise<readonly ConfigSetting[]> {
    return this.#configs.show(globals);
  }

  readRoles(path: string | undefined, globals: GlobalFlags): Promise<readonly RoleFileEntry[]> {
    return this.#configs.readRoles(path, globals);
  }

  async loadConfig(globals: GlobalFlags): ReturnType<ProgramHooks["loadConfig"]> {
    const home = await this.#home(globals) ?? this.#plainHome(globals);
    return { home, config: (await this.#load(globals, home)).config };
  }

  exampleConfig(): Promise<string> {
    return Promise.resolve(renderExampleConfig(this.#deps.profile.config));
  }

  async doctor(globals: GlobalFlags): Promise<readonly CheckResult[]> {
    const home = this.#plainHome(globals);
    const { runDoctor } = await this.#loadNodeParts();
    return await runDoctor({
      ...this.#deps,
      home,
      passphrase: () => this.#keys.passphrase(globals, home),
      load: () => this.#load(globals, home),
      findNode: () => this.findNode(globals),
    });
  }

  async health(globals: GlobalFlags): Promise<HealthResult> {
    return await askForHealth(this.#deps, await this.#home(globals));
  }

  async openJournalReadOnly(globals: GlobalFlags): Promise<AuditJournal> {
    const home = this.#plainHome(globals);
    const { openAudit } = await this.#loadNodeParts();
    return await openAudit({ clock: this.#deps.clock, logger: this.#logger(globals) }, home);
  }

  /** With them come the faults of their libraries. */
  async #loadNodeParts(): Promise<typeof import("./node_parts.ts")> {
    const parts = await import("./node_parts.ts");
    this.#deps.uncaught?.tolerate(parts.isLibraryFault);
    return parts;
  }

  /** The data directory; with --dev the one that was named, or the only one whose node of this program runs. */
  async #home(globals: GlobalFlags): Promise<string | undefined> {
    if (!globals.isDev || globals.home !== undefined) return this.#plainHome(globals);
    const { env, profile } = this.#deps;
    const folder = `${devFolder(env)}/nodes`;
    try {
      for await (const { name } of Deno.readDir(folder)) {
        const home = `${folder}/${name}`;
        if (!name.startsWith(profile.binaryType) || !await readEndpoints(home)) continue;
        if ((await checkForRunningInstance(home)).isRunning) return home;
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return undefined;
  }

  #plainHome(globals: GlobalFlags): string {
    return dataDirectory(this.#deps.profile, this.#deps.env, globals.home);
  }

  #load(globals: GlobalFlags, home: string, flags: Readonly<Record<string, unknown>> = {}): Promise<LoadedConfig> {
    const { profile, env } = this.#deps;
    return loadProgramConfig({ profile, home, env, globals, flags });
  }

  async #assertStopped(home: string, what: string): Promise<void> {
    const running = await checkForRunningInstance(home);
    if (!running.isRunning) return;
    const { program } = this.#deps.profile;
    throw createRuntimeError(this.#deps.clock, "instance_running", `${what} in "${home}"`, {
      why: `a node (pid ${
        running.holder?.pid ?? "unknown"
      }) runs there; stop it first with "${program} stop --home ${home}"`,
    });
  }

  #setup(globals: GlobalFlags): SetupDeps {
    const { clock, random, profile, version } = this.#deps;
    return { clock, random, profile, version, logger: this.#logger(globals) };
  }

  /** Commands talk to their person themselves; their parts log only when asked to. */
  #logger(globals: GlobalFlags): SetupDeps["logger"] {
    if (globals.logLevel === undefined) return createNullLogger();
    return createStandardLogger(this.#deps.profile.program, { level: globals.logLevel as LogLevel, format: "text" });
  }
}

function personFacts(person: PersonFiles | undefined, isAdmitted: boolean): Pick<JoinResult, "person"> {
  if (!person) return {};
  const { certificate, isLocked } = person;
  return { person: { words: personWords(certificate.person), is_locked: isLocked, is_admitted: isAdmitted } };
}

/** The recovery sheet of a person who was made or found just now, where it was asked for. */
async function sheetOf(
  { hasSheet }: Pick<JoinOptions, "hasSheet">,
  home: string,
  { person, personPassphrase }: {
    readonly person: PersonFiles | undefined;
    readonly personPassphrase: string | undefined;
  },
): Promise<Pick<JoinResult, "person_sheet">> {
  if (!hasSheet || !person?.hasRoot) return {};
  const lock = personPassphrase === undefined ? {} : { passphrase: personPassphrase };
  return { person_sheet: await exportPerson({ home, lock, shares: undefined, threshold: undefined }) };
}

const DEFAULT_THRESHOLD = 2;

function settingOf(globals: GlobalFlags, key: string): string | undefined {
  const value = globals.settings.findLast(([name]) => name === key)?.[1];
  return value === undefined ? undefined : parseAgentId(value) ?? value;
}

import type { Clock, Random } from "@bzzz/base";
import type {
  AuditJournal,
  CheckResult,
  ConfigIssue,
  ConfigSetting,
  ExitStatus,
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
import { renderExampleConfig } from "@bzzz/config";
import { askForHealth } from "./ask_for_health.ts";
import { checkForRunningInstance } from "./collision.ts";
import { ConfigDesk } from "./config_desk.ts";
import { homePaths, readEndpoints, readTextIfThere } from "./home.ts";
import { KeyDesk } from "./key_desk.ts";
import { MeshDesk } from "./mesh_desk.ts";
import { PersonDesk } from "./people/person_desk.ts";
import { wordsOfShares } from "./people/person_sheet.ts";
import type { BinaryProfile } from "./profiles.ts";
import { collectShares } from "./recovery_shares.ts";
import { runHere } from "./run_here.ts";
import type { ExecutionFactory } from "./run_node.ts";
import { SetupDesk } from "./setup_desk.ts";
import { serveSetupPage } from "./setup_page.ts";
import type { InterruptGate } from "./signals.ts";
import { SnapshotDesk } from "./snapshot/desk.ts";
import type { UncaughtGuard } from "./uncaught.ts";
import { Workplace } from "./workplace.ts";

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

/** What commands need of this program beyond a running node's API, each from the desk whose work it is. */
export class StandardHooks implements ProgramHooks {
  readonly #deps: HooksDeps;
  readonly #place: Workplace;
  readonly #keys: KeyDesk;
  readonly #meshes: MeshDesk;
  readonly #configs: ConfigDesk;
  readonly #persons: PersonDesk;
  readonly setup: SetupDesk;
  readonly snapshots: SnapshotDesk;

  constructor(deps: HooksDeps) {
    this.#deps = deps;
    const place = new Workplace(deps);
    this.#place = place;
    const homeOf = (globals: GlobalFlags) => place.homeOf(globals);
    this.setup = new SetupDesk({ ...deps, homeOf });
    this.snapshots = new SnapshotDesk({ ...deps, homeOf, loggerOf: (globals) => place.loggerOf(globals) });
    this.#keys = new KeyDesk({ ...deps, load: async (globals, home) => (await place.load(globals, home)).config });
    this.#meshes = new MeshDesk({ ...deps, keys: this.#keys, place });
    this.#configs = new ConfigDesk({ ...deps, homeOf, load: (globals, home) => place.load(globals, home) });
    this.#persons = new PersonDesk({
      ...deps,
      keys: this.#keys,
      homeOf,
      assertStopped: (home, what) => place.assertStopped(home, what),
    });
  }

  async findNode(globals: GlobalFlags): Promise<NodeEndpoint | undefined> {
    const home = await this.#place.runningHomeOf(globals);
    const endpoints = home === undefined ? undefined : await readEndpoints(home);
    if (home === undefined || !endpoints || !(await checkForRunningInstance(home)).isRunning) return undefined;
    const token = (await readTextIfThere(homePaths(home).writeToken))?.trim();
    if (!token) return undefined;
    const { api_url: baseUrl, socket_path: socketPath } = endpoints;
    return { baseUrl, token, ...(socketPath === undefined ? {} : { socketPath }) };
  }

  async setupOnPage(options: Parameters<ProgramHooks["setupOnPage"]>[0]): Promise<SetupPageResult> {
    const { globals } = options;
    const home = this.#place.homeOf(globals);
    const { config } = await this.#place.load(globals, home);
    return await serveSetupPage({ ...this.#deps, hooks: this, hasPerson: this.#deps.askSecret !== undefined }, {
      ...options,
      home,
      port: config.ports.adminUiPort,
    });
  }

  init(options: InitOptions): Promise<InitResult> {
    return this.#meshes.init(options);
  }

  invite(options: InviteOptions): ReturnType<ProgramHooks["invite"]> {
    return this.#meshes.invite(options);
  }

  join(token: string, options: JoinOptions): Promise<JoinResult> {
    return this.#meshes.join(token, options);
  }

  leave({ globals }: Parameters<ProgramHooks["leave"]>[0]): ReturnType<ProgramHooks["leave"]> {
    return this.#meshes.leave(globals);
  }

  recoverRoot(options: Parameters<ProgramHooks["recoverRoot"]>[0]): Promise<RecoverResult> {
    return this.#meshes.recoverRoot(options);
  }

  async showKeys(globals: GlobalFlags): Promise<KeysView> {
    return await this.#keys.show(this.#place.homeOf(globals));
  }

  async lockKeys(globals: GlobalFlags): Promise<KeysChanged> {
    return await this.#keys.lock(globals, this.#place.homeOf(globals));
  }

  async unlockKeys(globals: GlobalFlags): Promise<KeysChanged> {
    return await this.#keys.unlock(globals, this.#place.homeOf(globals));
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

  restorePerson(options: Parameters<ProgramHooks["restorePerson"]>[0]): ReturnType<ProgramHooks["restorePerson"]> {
    return this.#persons.restore(options);
  }

  wordsOfShares(shares: readonly string[]): Promise<string> {
    return wordsOfShares(shares);
  }

  async readPersonShares(sharesFile: string | undefined): Promise<readonly string[]> {
    return await collectShares({ ...this.#deps, file: sharesFile });
  }

  holdInterrupts(): Disposable {
    return this.#deps.interrupts.hold();
  }

  async run(options: RunOptions): Promise<ExitStatus> {
    const setUp = ({ globals, signal }: RunOptions) => this.setupOnPage({ globals, isBegunAnew: false, signal });
    return await runHere({
      ...this.#deps,
      keys: this.#keys,
      place: this.#place,
      ...(this.#deps.askSecret ? { setUp } : {}),
    }, options);
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
    const home = await this.#place.runningHomeOf(globals) ?? this.#place.homeOf(globals);
    return { home, config: (await this.#place.load(globals, home)).config };
  }

  exampleConfig(): Promise<string> {
    return Promise.resolve(renderExampleConfig(this.#deps.profile.config));
  }

  async doctor(globals: GlobalFlags): Promise<readonly CheckResult[]> {
    const home = this.#place.homeOf(globals);
    const { runDoctor } = await this.#place.loadNodeParts();
    return await runDoctor({
      ...this.#deps,
      home,
      passphrase: () => this.#keys.passphrase(globals, home),
      load: () => this.#place.load(globals, home),
      findNode: () => this.findNode(globals),
    });
  }

  async health(globals: GlobalFlags): Promise<HealthResult> {
    return await askForHealth(this.#deps, await this.#place.runningHomeOf(globals));
  }

  async openJournalReadOnly(globals: GlobalFlags): Promise<AuditJournal> {
    const home = this.#place.homeOf(globals);
    const { openAudit } = await this.#place.loadNodeParts();
    return await openAudit({ clock: this.#deps.clock, logger: this.#place.loggerOf(globals) }, home);
  }
}

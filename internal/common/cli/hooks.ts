import type { InviteView } from "@bzzz/api";
import type { Config } from "@bzzz/config";
import type { ExitStatus } from "./exit.ts";
import type {
  AuditJournal,
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
  NodeEndpoint,
  OpenPersonKey,
  PersonSheet,
  RecoverResult,
  RestoreView,
  RoleFileEntry,
  RunOptions,
  SavedView,
  SetupPageResult,
} from "./hook_types.ts";
import type { SetupFacts } from "./setup/questions.ts";
import type { GlobalFlags } from "./types.ts";

/** Backups. Every method rejects with a `BzzzError`. */
export interface SnapshotHooks {
  save(options: {
    readonly globals: GlobalFlags;
    readonly folder: string;
    readonly signal: AbortSignal;
  }): Promise<SavedView>;
  restore(options: {
    readonly globals: GlobalFlags;
    readonly folder: string;
    readonly isForced: boolean;
    readonly signal: AbortSignal;
  }): Promise<RestoreView>;
}

/** What `setup` needs of the machine. Every method rejects with a `BzzzError`. */
export interface SetupHooks {
  facts(globals: GlobalFlags): Promise<SetupFacts>;
  /** Those of the ports that another program holds. */
  takenPorts(globals: GlobalFlags, ports: readonly number[]): Promise<readonly number[]>;
  /** The text of a file of answers. */
  readAnswers(file: string): Promise<string>;
  /** The answers of a setup that was left, as JSON; undefined when there are none. */
  loadProgress(globals: GlobalFlags): Promise<string | undefined>;
  /** Keeps answers, none of which is secret; undefined forgets them. */
  saveProgress(globals: GlobalFlags, text: string | undefined): Promise<void>;
  /** The configuration with these dotted keys set, and how it is now, or would be by default; nothing is written. */
  planConfig(globals: GlobalFlags, settings: Readonly<Record<string, unknown>>): Promise<{
    readonly path: string;
    readonly isThere: boolean;
    readonly before: string;
    readonly after: string;
  }>;
  writeConfig(globals: GlobalFlags, text: string): Promise<void>;
}

/**
 * What commands need of the program beyond a running node's API: keys, configuration, the data directory. The runtime implements it.
 * Every method rejects with a `BzzzError`.
 */
export interface ProgramHooks {
  readonly setup: SetupHooks;
  readonly snapshots: SnapshotHooks;
  /**
   * Asks what `setup` asks on a page for the browsers of this machine, and does it, until it is done. The link to the page is shown, or
   * kept in a file where nobody is at the terminal. Rejects with the reason of `signal`.
   */
  setupOnPage(options: {
    readonly globals: GlobalFlags;
    readonly isBegunAnew: boolean;
    readonly signal: AbortSignal;
  }): Promise<SetupPageResult>;
  /** The node that runs on the data directory; undefined when none does. */
  findNode(globals: GlobalFlags): Promise<NodeEndpoint | undefined>;
  init(options: InitOptions): Promise<InitResult>;
  /** With the keys on disk, while no node runs. */
  invite(options: InviteOptions): Promise<InviteView & { readonly token: string }>;
  join(token: string, options: JoinOptions): Promise<JoinResult>;
  /** Removes grant, keys of the mesh and journal, while no node runs. */
  leave(options: { globals: GlobalFlags }): Promise<{ home: string }>;
  showKeys(globals: GlobalFlags): Promise<KeysView>;
  lockKeys(globals: GlobalFlags): Promise<KeysChanged>;
  /** The first line of --passphrase-file. */
  readPassphrase(globals: GlobalFlags): Promise<string>;
  /** Works with the key that signs this person's decisions, opened for this alone. */
  withPersonKey<T>(globals: GlobalFlags, work: (keys: OpenPersonKey) => Promise<T>): Promise<T>;
  /** Makes the keys of this portal's person, where there are none. */
  createPerson(globals: GlobalFlags): Promise<{ readonly words: string; readonly is_locked: boolean }>;
  /** The root key of the person in shares; with `isRemoved` it is taken off this machine. */
  exportPerson(options: {
    readonly globals: GlobalFlags;
    readonly shares: number | undefined;
    readonly threshold: number | undefined;
    readonly isRemoved: boolean;
  }): Promise<PersonSheet>;
  /** Shares of a sheet: of a file, "-" is standard input, or asked for one after the other, each checked as it is typed. */
  readPersonShares(sharesFile: string | undefined): Promise<readonly string[]>;
  /** The words of the key that shares of a sheet make. @throws CryptoError when they make none */
  wordsOfShares(shares: readonly string[]): Promise<string>;
  /** Puts it back, while no node runs. */
  restorePerson(options: { globals: GlobalFlags; sharesFile: string | undefined }): Promise<{ readonly words: string }>;
  unlockKeys(globals: GlobalFlags): Promise<KeysChanged>;
  /** Signs an admin grant for this node with the root key, rebuilt from its shares; while no node runs. */
  recoverRoot(options: { globals: GlobalFlags; sharesFile: string | undefined }): Promise<RecoverResult>;
  /** Until what is returned is disposed, Ctrl-C is for another program on this terminal. */
  holdInterrupts(): Disposable;
  /** Runs the node until it is stopped. */
  run(options: RunOptions): Promise<ExitStatus>;
  /** One file, or two that shall run on one machine. Empty when all is well. */
  validateConfigs(paths: readonly string[], globals: GlobalFlags): Promise<readonly ConfigIssue[]>;
  showConfig(globals: GlobalFlags): Promise<readonly ConfigSetting[]>;
  /** The roles of a file; of the one that the configuration names when `path` is undefined. */
  readRoles(path: string | undefined, globals: GlobalFlags): Promise<readonly RoleFileEntry[]>;
  /** The effective configuration as values, with the data directory it is for: what a view of a running node needs. */
  loadConfig(globals: GlobalFlags): Promise<{ readonly home: string; readonly config: Config }>;
  /** A commented configuration with every key. */
  exampleConfig(): Promise<string>;
  doctor(globals: GlobalFlags): Promise<readonly CheckResult[]>;
  health(globals: GlobalFlags): Promise<HealthResult>;
  openJournalReadOnly(globals: GlobalFlags): Promise<AuditJournal>;
}

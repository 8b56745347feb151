import type { EntryDetailView, InviteView } from "@bzzz/api";
import type { ExitStatus } from "./exit.ts";
import type { GlobalFlags } from "./types.ts";

/** Where the running node of a data directory answers. */
export interface NodeEndpoint {
  /** "http://127.0.0.1:8090" */
  readonly baseUrl: string;
  readonly token: string;
}

/** Options of `init`. */
export interface InitOptions {
  readonly globals: GlobalFlags;
  readonly meshName: string | undefined;
  readonly agentId: string | undefined;
  /** Keep the root key on disk instead of in recovery shares alone. */
  readonly isRootKeyKept: boolean;
  readonly shares: number | undefined;
  readonly threshold: number | undefined;
  /** Replace what is in the data directory. */
  readonly isForced: boolean;
}

/** What `init` made. The shares exist nowhere else. */
export interface InitResult {
  readonly mesh_id: string;
  readonly mesh_name: string;
  readonly agent_id: string;
  readonly peer_id: string;
  readonly home: string;
  readonly config_path: string;
  readonly recovery_shares: readonly string[];
  readonly recovery_threshold: number;
}

/** Options of `invite`, when no node runs. */
export interface InviteOptions {
  readonly globals: GlobalFlags;
  readonly role: string;
  readonly binaryType: "agent" | "hap" | undefined;
  readonly agentId: string | undefined;
  readonly ttlMs: number;
}

/** Options of `join`. */
export interface JoinOptions {
  readonly globals: GlobalFlags;
  readonly agentId: string | undefined;
  readonly timeoutMs: number;
  readonly isForced: boolean;
  readonly signal: AbortSignal;
}

/** What `join` received. */
export interface JoinResult {
  readonly mesh_id: string;
  readonly mesh_name: string;
  readonly agent_id: string;
  readonly peer_id: string;
  readonly role: string;
  readonly home: string;
}

/** Options of `run`. */
export interface RunOptions {
  readonly globals: GlobalFlags;
  /** Overrides `interface.mode` of the configuration. */
  readonly interfaceMode: "terminal" | "headless" | undefined;
  readonly signal: AbortSignal;
}

/** One problem of a configuration. */
export interface ConfigIssue {
  readonly file: string;
  readonly line?: number;
  /** "ports.http_port" */
  readonly key?: string;
  readonly found?: string;
  readonly expected?: string;
  readonly message: string;
}

/** One effective setting; secrets are masked already. */
export interface ConfigSetting {
  readonly key: string;
  readonly value: string;
  /** "default", a file and line, an environment variable, or a flag. */
  readonly origin: string;
}

/** One thing that was looked at by `doctor` or by the node itself. */
export interface CheckResult {
  readonly name: string;
  readonly status: "ok" | "warning" | "failed";
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

/** What the health port of the node says. */
export interface HealthResult {
  readonly status: "ok" | "degraded" | "failed";
  readonly checks: readonly CheckResult[];
}

/** What verifying a journal found. */
export interface AuditReport {
  readonly entries: number;
  readonly authors: number;
  /** Entries whose body was removed by retention; their chain still holds. */
  readonly pruned: number;
  readonly problems: readonly {
    readonly author: string;
    readonly seq: number;
    readonly entry_id: string;
    readonly problem: string;
  }[];
}

/** A journal on disk, opened without a node. */
export interface AuditJournal extends AsyncDisposable {
  /** Signatures, hashes, chains and grants of every entry. */
  verify(options: { signal: AbortSignal }): Promise<AuditReport>;
  /** Every entry behind the cursor, in order. */
  entries(options: { after: number }): AsyncIterable<EntryDetailView>;
}

/**
 * What commands need of the program beyond a running node's API: keys, configuration, the data directory. The runtime implements it.
 * Every method rejects with a `BzzzError`.
 */
export interface ProgramHooks {
  /** The node that runs on the data directory; undefined when none does. */
  findNode(globals: GlobalFlags): Promise<NodeEndpoint | undefined>;
  init(options: InitOptions): Promise<InitResult>;
  /** With the keys on disk, while no node runs. */
  invite(options: InviteOptions): Promise<InviteView & { readonly token: string }>;
  join(token: string, options: JoinOptions): Promise<JoinResult>;
  /** Removes grant, keys of the mesh and journal, while no node runs. */
  leave(options: { globals: GlobalFlags }): Promise<{ home: string }>;
  /** Runs the node until it is stopped. */
  run(options: RunOptions): Promise<ExitStatus>;
  /** One file, or two that shall run on one machine. Empty when all is well. */
  validateConfigs(paths: readonly string[], globals: GlobalFlags): Promise<readonly ConfigIssue[]>;
  showConfig(globals: GlobalFlags): Promise<readonly ConfigSetting[]>;
  /** A commented configuration with every key. */
  exampleConfig(): Promise<string>;
  doctor(globals: GlobalFlags): Promise<readonly CheckResult[]>;
  health(globals: GlobalFlags): Promise<HealthResult>;
  openJournalReadOnly(globals: GlobalFlags): Promise<AuditJournal>;
}

// What the hooks of a program are asked with, and what they answer.
import type { DeviceCertificate } from "@bzzz/agentid";
import type { EntryDetailView } from "@bzzz/api";
import type { Random } from "@bzzz/base";
import type { AuthorityLevel, SigningKey } from "@bzzz/crypto";
import type { GlobalFlags } from "./types.ts";

/** Where the running node of a data directory answers. */
export interface NodeEndpoint {
  /** "http://127.0.0.1:8090" */
  readonly baseUrl: string;
  readonly token: string;
  /** The UNIX socket on which the same API answers, where it is served. */
  readonly socketPath?: string;
}

/** Passphrases for keys that are about to be made, or that are there. */
export interface TypedPassphrases {
  /** Of the node's keys. */
  readonly node?: string | undefined;
  /** Of the keys of a portal's person, where the node's have none. */
  readonly person?: string | undefined;
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
  /** Lock the keys with a passphrase. */
  readonly isLocked: boolean;
  /** Typed already, so that nobody is asked in the terminal. */
  readonly typed?: TypedPassphrases | undefined;
  /** Shares of the root key of the portal's person, which is theirs then; else they get a new one. */
  readonly personShares?: readonly string[] | undefined;
  /** The result is to have the recovery sheet of the portal's person. */
  readonly hasSheet?: boolean;
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
  readonly person?: NewPerson;
  readonly person_sheet?: PersonSheet;
  readonly recovery_shares: readonly string[];
  readonly recovery_threshold: number;
}

/** A person's root key on paper: any `threshold` of the shares restore it. */
export interface PersonSheet {
  /** Six words that stand for the key. */
  readonly words: string;
  readonly shares: readonly string[];
  readonly threshold: number;
}

/** Whose portal was made, by `init` or `join`. */
export interface NewPerson {
  /** Six words that stand for the person's key. */
  readonly words: string;
  /** Whether their key has a passphrase. */
  readonly is_locked: boolean;
  /** Whether the mesh knows that the portal is theirs; else what they decide counts for nothing yet. */
  readonly is_admitted: boolean;
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
  /** Lock the keys with a passphrase. */
  readonly isLocked: boolean;
  /** Typed already, so that nobody is asked in the terminal. */
  readonly typed?: TypedPassphrases | undefined;
  /** As for `init`. */
  readonly personShares?: readonly string[] | undefined;
  /** As for `init`. */
  readonly hasSheet?: boolean;
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
  readonly person?: NewPerson;
  readonly person_sheet?: PersonSheet;
}

/** A person's key in the hands of a command. */
export interface OpenPersonKey {
  readonly home: string;
  readonly key: SigningKey;
  readonly certificate: DeviceCertificate;
  readonly random: Random;
}

/** What `keys show` says; nothing of it is secret. */
export interface KeysView {
  readonly agent_id: string;
  readonly role: string;
  readonly peer_id: string;
  readonly age_recipient: string;
  readonly files: readonly { readonly path: string; readonly purpose: string; readonly is_locked: boolean }[];
}

/** How many key files `keys lock` or `keys unlock` changed. */
export interface KeysChanged {
  readonly changed: number;
}

/** What `keys recover` made of this node. */
export interface RecoverResult {
  readonly mesh_id: string;
  readonly mesh_name: string;
  readonly agent_id: string;
  readonly peer_id: string;
  readonly valid_until_ms: number;
}

/** Options of `run`. */
export interface RunOptions {
  readonly globals: GlobalFlags;
  /** Overrides `interface.mode` of the configuration. */
  readonly interfaceMode: "terminal" | "plain" | "web" | "headless" | undefined;
  /** Stop in good order as soon as the node has started. */
  readonly isRehearsal?: boolean;
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

/** One role of a roles file. */
export interface RoleFileEntry {
  readonly name: string;
  readonly level: AuthorityLevel;
  readonly can_decrypt: string[];
  readonly capabilities: string[];
  readonly specialization?: string;
  readonly prompt_template?: string;
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

/** A copy of a data directory in a folder. */
export interface SnapshotView {
  readonly folder: string;
  readonly mesh_name: string;
  readonly mesh_id: string;
  readonly agent_id: string;
  readonly peer_id: string;
  readonly taken_at_ms: number;
  readonly files: number;
  readonly bytes: number;
}

/** A data directory that was copied. */
export interface SavedView extends SnapshotView {
  /** Paths that are links: what they lead to was not copied. */
  readonly links: readonly string[];
}

/** A data directory that was put back, and what its node does because of it. */
export interface RestoreView extends SnapshotView {
  readonly home: string;
  readonly asks_peers: boolean;
  /** `only`: it goes on as the only voter; `left`: it gives its seat up; `none`: it had none. */
  readonly vote: "only" | "left" | "none";
}

/** What a setup on a page ended with. */
export interface SetupPageResult {
  readonly agentId: string;
  readonly configPath: string;
  /** Of the keys, typed on the page. */
  readonly passphrase?: string;
}

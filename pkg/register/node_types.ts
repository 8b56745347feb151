import type { Clock, PeerId, Random } from "@bzzz/base";
import type { SigningKey } from "@bzzz/crypto";
import type { Logger } from "@bzzz/logging";
import type { Store } from "@bzzz/store";
import type { Certificate } from "./certificate.ts";
import type { StreamOpener } from "./link_types.ts";
import type { RosterMesh } from "./roster_log.ts";
import type { RegisterService } from "./types.ts";
import type { VoterRoster } from "./voter_roster.ts";

/** What the registers of a node stand on. */
export interface RegisterNodeDeps {
  readonly mesh: RosterMesh;
  readonly self: PeerId;
  readonly signingKey: SigningKey;
  readonly store: Pick<Store, "kv" | "registers" | "transaction" | "synced">;
  readonly streams: StreamOpener;
  /** Members that are connected now. */
  readonly peers: () => readonly PeerId[];
  readonly isMember: (peer: PeerId) => boolean;
  readonly isMaster: (peer: PeerId) => boolean;
  readonly penalise: (peer: PeerId, reason: string) => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** Runs what is given after everything that is ready now. Default: the end of this turn of the event loop. For tests. */
  readonly schedule?: (work: () => void) => void;
}

/** What became of a change of the voters. `code`: why not. */
export type RosterChange =
  | { readonly type: "changed"; readonly roster: VoterRoster; readonly certificate: Certificate }
  | { readonly type: "refused"; readonly code: string }
  | { readonly type: "undecided"; readonly reason: string };

/** Numbers for health and metrics. */
export interface RegisterStats {
  readonly epoch: number;
  readonly step: "none" | VoterRoster["step"];
  readonly voters: number;
  /** Voters that are connected, this node counted when it votes. */
  readonly reachableVoters: number;
  readonly proposals: number;
  /** "voter.<request>.<reply>", "voter.commits", "submit.<type>", "link.failed". */
  readonly counters: ReadonlyMap<string, number>;
}

/** The registers of a running node, as the runtime holds them. */
export interface RegisterNode extends RegisterService {
  /** Serves the protocol and begins to look after the voters. */
  start(): void;
  /** Ends links, calls and timers. Idempotent. */
  stop(): Promise<void>;
  /** A member is connected now: both tell each other what they know of the voters. */
  peerConnected(peer: PeerId): void;
  /** A member came or went. */
  connectionsChanged(): void;
  /** Whom this node asks first from now on, when it is a voter and connected: the leader's node. */
  preferVoter(peer: PeerId | undefined): void;
  /** Takes records of the roster's history from wherever they come; whether they told something new. */
  learn(records: readonly Uint8Array[]): boolean;
  /** How many voters can be reached, and how many are needed; for people. */
  describeQuorum(): string;
  /** The whole history of the roster, for others and for the journal. */
  history(): readonly Uint8Array[];
  /** Makes a member a voter, or ends that. By a master. */
  addVoter(peer: PeerId, options?: { readonly signal?: AbortSignal }): Promise<RosterChange>;
  removeVoter(peer: PeerId, options?: { readonly signal?: AbortSignal }): Promise<RosterChange>;
  stats(): RegisterStats;
}

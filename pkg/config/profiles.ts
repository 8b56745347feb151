import type { ConfigShape } from "./codec.ts";
import { type AgentConfigSchema, createAgentSchema } from "./agent_schema.ts";
import type { ConfigSectionLike } from "./members.ts";
import { createHapSchema, type HapConfigSchema } from "./hap_schema.ts";

/** The defaults in which programs differ. Everything else has one default, in the schema. */
export interface ProfileDefaults {
  readonly httpPort: number;
  readonly healthPort: number;
  readonly ucxiPort: number;
  readonly adminUiPort: number;
  readonly p2pPort: number;
  /** Largest envelope this program sends, in bytes. */
  readonly maxSendBytes: number;
  /** Deadline of a handler of one message, in seconds. */
  readonly handlerTimeoutSeconds: number;
  /** Memory the process is laid out for, in MiB. */
  readonly memoryLimitMb: number;
  /** Whether it stands for election unless told. */
  readonly isElectable: boolean;
}

/** What the loader knows of a program. A new program is a new object of this type, not a case in a switch. */
export interface ConfigProfile<S extends ConfigSectionLike = ConfigSectionLike> {
  /** The value of `binary_type`. */
  readonly binaryType: string;
  /** The name of the program, for messages. */
  readonly program: string;
  readonly defaults: ProfileDefaults;
  /** The schema of the program's file with these defaults. */
  createSchema(defaults: ProfileDefaults): S;
}

const AGENT_DEFAULTS: ProfileDefaults = {
  httpPort: 8080,
  healthPort: 8081,
  ucxiPort: 8082,
  adminUiPort: 8083,
  p2pPort: 9000,
  maxSendBytes: 1024 * 1024,
  handlerTimeoutSeconds: 5,
  memoryLimitMb: 512,
  isElectable: true,
};

const HAP_DEFAULTS: ProfileDefaults = {
  httpPort: 8090,
  healthPort: 8091,
  ucxiPort: 8092,
  adminUiPort: 8093,
  p2pPort: 9010,
  maxSendBytes: 512 * 1024,
  handlerTimeoutSeconds: 30,
  memoryLimitMb: 256,
  isElectable: false,
};

/** The programs of this version: ports of architecture section 8, message limits of specification section 13.2. */
export const CONFIG_PROFILES: {
  readonly agent: ConfigProfile<AgentConfigSchema>;
  readonly hap: ConfigProfile<HapConfigSchema>;
} = {
  agent: {
    binaryType: "agent",
    program: "bzzz-agent",
    defaults: AGENT_DEFAULTS,
    createSchema: createAgentSchema,
  },
  hap: { binaryType: "hap", program: "bzzz-hap", defaults: HAP_DEFAULTS, createSchema: createHapSchema },
};

/** The configuration of `bzzz-agent`. */
export type AgentConfig = ConfigShape<AgentConfigSchema>;
/** The configuration of `bzzz-hap`. */
export type HapConfig = ConfigShape<HapConfigSchema>;
/** Either; `binaryType` tells which. */
export type Config = AgentConfig | HapConfig;
/** The profile of either program; a configuration loaded with it is a `Config`. */
export type AnyConfigProfile = ConfigProfile<AgentConfigSchema | HapConfigSchema>;

/** Times of each `election.profile` in milliseconds (design section 6). */
export const ELECTION_PROFILES = {
  default: { heartbeatMs: 5_000, leaseMs: 15_000 },
  lan: { heartbeatMs: 500, leaseMs: 1_500 },
} as const;

/** The times of the election in milliseconds: the profile's, where no key of its own replaces one. */
export function electionTimes(
  election: Pick<Config["election"], "profile" | "heartbeatMs" | "leaseMs">,
): { readonly heartbeatMs: number; readonly leaseMs: number } {
  const times = ELECTION_PROFILES[election.profile];
  return { heartbeatMs: election.heartbeatMs ?? times.heartbeatMs, leaseMs: election.leaseMs ?? times.leaseMs };
}

/** Of a process' memory, what its JavaScript heap may take; the rest is SQLite's cache, sockets' buffers and V8's code. */
const HEAP_SHARE = 0.75;

/**
 * The heap, in MiB, of a program that is laid out for `memoryLimitMb`. V8 takes it at launch only (--max-old-space-size), so
 * the build gives it to the executable; nothing like Go's `SetGCPercent` can be turned later (specification section 13.1).
 */
export function heapLimitMb(memoryLimitMb: number): number {
  return Math.floor(memoryLimitMb * HEAP_SHARE);
}

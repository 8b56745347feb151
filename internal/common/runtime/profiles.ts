import type { BinaryType } from "@bzzz/agentid";
import {
  type AgentConfigSchema,
  CONFIG_PROFILES,
  type ConfigProfile,
  type ConfigSectionLike,
  type HapConfigSchema,
} from "@bzzz/config";
import { RuntimeError } from "./errors.ts";
import type { PortConfig } from "./interfaces.ts";
import { DEFAULT_SHUTDOWN_PLAN, type ShutdownPlan } from "./shutdown_plan.ts";

/**
 * Everything in which one program differs from another. Code asks the profile for what it needs ("does it execute tasks?") and
 * never for its name: another program is another object of this type, given to a `ProfileRegistry`.
 */
export interface BinaryProfile<S extends ConfigSectionLike = ConfigSectionLike> {
  readonly binaryType: BinaryType;
  /** The name of the executable. */
  readonly program: string;
  /** What it is, for people. */
  readonly title: string;
  /** The schema of its file, with its defaults: the only place where default ports and limits are written. */
  readonly config: ConfigProfile<S>;
  /** It claims and executes tasks. */
  readonly executesTasks: boolean;
  /** It may become the leader. A portal is on a laptop that sleeps: only if its operator says so. */
  readonly isElectable: boolean;
  /** People use it: how it shows itself when the file does not say. */
  readonly interfaceMode: "headless" | "terminal";
  /** Its terminal belongs to the interface: logs go to a file while that runs. */
  readonly ownsTerminal: boolean;
  readonly shutdown: ShutdownPlan;
}

/** `bzzz-agent`: the autonomous agent. */
export const AGENT_PROFILE: BinaryProfile<AgentConfigSchema> = {
  binaryType: "agent",
  program: CONFIG_PROFILES.agent.program,
  title: "BZZZ Autonomous Agent",
  config: CONFIG_PROFILES.agent,
  executesTasks: true,
  isElectable: true,
  interfaceMode: "headless",
  ownsTerminal: false,
  shutdown: DEFAULT_SHUTDOWN_PLAN,
};

/** `bzzz-hap`: the human agent portal. Nothing runs in it that takes long to finish, so it goes faster. */
export const HAP_PROFILE: BinaryProfile<HapConfigSchema> = {
  binaryType: "hap",
  program: CONFIG_PROFILES.hap.program,
  title: "BZZZ Human Agent Portal",
  config: CONFIG_PROFILES.hap,
  executesTasks: false,
  isElectable: false,
  interfaceMode: "terminal",
  ownsTerminal: true,
  shutdown: { totalMs: 15_000, reserveMs: { announce: 2_000, drain: 2_000, stop: 8_000, flush: 3_000 } },
};

/** The default ports of a program, as the specification's `PortConfig`. */
export function defaultPorts(profile: BinaryProfile): Required<PortConfig> {
  const { httpPort, healthPort, ucxiPort, adminUiPort, p2pPort } = profile.config.defaults;
  return { httpPort, healthPort, ucxiPort, adminUiPort, p2pPort };
}

/** Profiles by binary type. */
export class ProfileRegistry {
  readonly #profiles: ReadonlyMap<string, BinaryProfile>;

  /** @throws TypeError when two profiles share a type or a program's name */
  constructor(profiles: readonly BinaryProfile[]) {
    this.#profiles = new Map(profiles.map((profile) => [profile.binaryType, profile]));
    const programs = new Set(profiles.map((profile) => profile.program));
    if (this.#profiles.size < profiles.length || programs.size < profiles.length) {
      throw new TypeError("Cannot make a registry of profiles: two share a binary type or a program");
    }
  }

  /** `binaryType` may come from a file or a peer. @throws RuntimeError `profile_unknown` */
  get(binaryType: string, timestampMs = 0): BinaryProfile {
    const profile = this.#profiles.get(binaryType);
    if (profile) return profile;
    const known = [...this.#profiles.keys()].join(", ");
    const message = `Cannot be a ${JSON.stringify(binaryType.slice(0, 32))}: the programs are ${known}`;
    throw new RuntimeError("profile_unknown", message, { timestampMs });
  }

  has(binaryType: string): boolean {
    return this.#profiles.has(binaryType);
  }

  list(): readonly BinaryProfile[] {
    return [...this.#profiles.values()];
  }
}

/** The programs of this version. */
export const BINARY_PROFILES: ProfileRegistry = new ProfileRegistry([AGENT_PROFILE, HAP_PROFILE]);

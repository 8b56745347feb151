// A node of a mesh of its own, from files and settings to running services, in this process: for tests of services.
import { type Clock, createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { loadProgramConfig } from "../config.ts";
import { homePaths } from "../home.ts";
import type { BinaryProfile } from "../profiles.ts";
import type { RuntimeConfig } from "../interfaces.ts";
import { createRuntime, type StandardRuntime } from "../runtime.ts";
import { requireAgentId } from "../agent_name.ts";
import { type FoundedMesh, foundMesh } from "../setup.ts";
import { ShutdownManager } from "../shutdown.ts";

const random = createSystemRandom();
const logger = createNullLogger();

/** The services of a node. */
export type TestServices = Awaited<ReturnType<StandardRuntime["initialize"]>>;

/** Makes `home` the data directory of the first member of a new mesh, without a configuration of its own. */
export async function foundTestHome(
  profile: BinaryProfile,
  options: {
    readonly home: string;
    readonly agentId: string;
    readonly personPassphrase?: string;
    readonly clock?: Clock;
  },
): Promise<FoundedMesh> {
  const { home, agentId, personPassphrase, clock = createSystemClock() } = options;
  const founded = await foundMesh({ clock, random, logger, profile, version: "0.0.0" }, {
    home,
    meshName: "test",
    agentId: requireAgentId(agentId),
    isRootKeyKept: false,
    personPassphrase,
  });
  await Deno.remove(`${home}/config.yaml`);
  return founded;
}

/** A runtime on a data directory, whose configuration is read when it is initialized; `flags` win over its file. */
export function createTestRuntime(
  profile: BinaryProfile,
  options: {
    readonly home: string;
    readonly flags?: Readonly<Record<string, unknown>>;
    readonly clock?: Clock;
  },
): StandardRuntime {
  const { home, flags = {}, clock = createSystemClock() } = options;
  return createRuntime(async ({ configPath }) => {
    const { config } = await loadProgramConfig({
      profile,
      home,
      env: {},
      globals: { config: configPath, logLevel: undefined, settings: [] },
      flags,
    });
    return {
      clock,
      random,
      logger,
      config,
      paths: homePaths(home),
      env: {},
      version: "0.0.0",
      isInsecure: false,
      shutdownManager: new ShutdownManager({ clock, logger, forceExit: () => {} }, profile.shutdown),
    };
  });
}

/** What a test asks of `initialize`. */
export function testRequest(profile: BinaryProfile, configPath?: string): RuntimeConfig {
  return { configPath, binaryType: profile.binaryType, enableSetupMode: false, customPorts: {} };
}

const ON_LOOPBACK = {
  "ports.http_port": 0,
  "ports.health_port": 0,
  "ports.ucxi_port": 0,
  "network.p2p_port": 0,
  "network.mdns": false,
  "network.listen_host": "127.0.0.1",
};

/** Starts the node of a data directory, on loopback with free ports unless the settings or a file say otherwise; the caller stops it. */
export async function startTestNode(
  profile: BinaryProfile,
  options: {
    readonly home: string;
    readonly flags: Readonly<Record<string, unknown>>;
    readonly configPath?: string;
    readonly clock?: Clock;
  },
): Promise<{ readonly services: TestServices; readonly stop: () => Promise<void> }> {
  const { flags, configPath } = options;
  const runtime = createTestRuntime(profile, {
    ...options,
    flags: configPath === undefined ? { ...ON_LOOPBACK, ...flags } : flags,
  });
  const services = await runtime.initialize(testRequest(profile, configPath));
  await runtime.start();
  return {
    services,
    stop: async () => {
      await runtime.stop();
    },
  };
}

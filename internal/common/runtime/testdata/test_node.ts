// A node of a mesh of its own, from files and settings to running services, in this process: for tests of services.
import { type Clock, createSystemClock, createSystemRandom } from "@bzzz/base";
import { createNullLogger } from "@bzzz/logging";
import { loadProgramConfig } from "../config.ts";
import { homePaths } from "../home.ts";
import type { BinaryProfile } from "../profiles.ts";
import { createRuntime } from "../runtime.ts";
import { type FoundedMesh, foundMesh, requireAgentId } from "../setup.ts";
import { ShutdownManager } from "../shutdown.ts";

const random = createSystemRandom();
const logger = createNullLogger();

/** The services of a node. */
export type TestServices = Awaited<ReturnType<ReturnType<typeof createRuntime>["initialize"]>>;

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

/** Starts the node of a data directory, on loopback with free ports unless the settings say otherwise; the caller stops it. */
export async function startTestNode(
  profile: BinaryProfile,
  options: {
    readonly home: string;
    readonly flags: Readonly<Record<string, unknown>>;
    readonly configPath?: string;
    readonly clock?: Clock;
  },
): Promise<{ readonly services: TestServices; readonly stop: () => Promise<void> }> {
  const { home, flags, configPath, clock = createSystemClock() } = options;
  const local = {
    "ports.http_port": 0,
    "ports.health_port": 0,
    "ports.ucxi_port": 0,
    "network.p2p_port": 0,
    "network.mdns": false,
    "network.listen_host": "127.0.0.1",
  };
  const { config } = await loadProgramConfig({
    profile,
    home,
    env: {},
    globals: { config: configPath, logLevel: undefined, settings: [] },
    flags: configPath === undefined ? { ...local, ...flags } : flags,
  });
  const runtime = createRuntime(() =>
    Promise.resolve({
      clock,
      random,
      logger,
      config,
      paths: homePaths(home),
      env: {},
      version: "0.0.0",
      isInsecure: false,
      shutdownManager: new ShutdownManager({ clock, logger, forceExit: () => {} }, profile.shutdown),
    })
  );
  const services = await runtime.initialize({
    configPath: undefined,
    binaryType: profile.binaryType === "hap" ? "hap" : "agent",
    enableSetupMode: false,
    customPorts: {},
  });
  await runtime.start();
  return {
    services,
    stop: async () => {
      await runtime.stop();
    },
  };
}

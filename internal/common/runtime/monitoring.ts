import {
  createHealthHandler,
  EventLoopMonitor,
  HealthManager,
  MetricsRegistry,
  registerCounterMap,
  registerHealthMetrics,
  registerProcessMetrics,
} from "@bzzz/health";
import { type Api, createApi } from "@bzzz/api";
import { constantTimeEqual } from "@bzzz/crypto";
import { type PeerId, utf8Encode } from "@bzzz/base";
import type { P2pNode } from "@bzzz/p2p";
import { registerElectionMetrics } from "./election_services.ts";
import { NodeFacade } from "./facade/mesh_facade.ts";
import { registerGitHubMetrics } from "./github/monitoring.ts";
import { Listener } from "./listener.ts";
import { SocketServer } from "./local_socket.ts";
import { ensureToken, removeEndpoints, writeRunFile } from "./home.ts";
import { frontDoor } from "./context/services.ts";
import { readProcessMemory } from "./memory.ts";
import { ResourceOptimizer } from "./optimization.ts";
import { serviceDefiner, type ServiceDefinition } from "./service.ts";
import type { NodeEnvironment, RuntimeServices } from "./services.ts";
import { registerSlurpMetrics } from "./slurp/monitoring.ts";
import { SharedState } from "./state.ts";

const define = serviceDefiner<RuntimeServices>();

/** State, health, metrics and the two HTTP ports. */
export function monitoringServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config, paths, version } = environment;
  const child = (service: string) => logger.child({ service });
  const startedAtMs = clock.nowMs();
  const eventLoop = new EventLoopMonitor({ clock });
  return [
    define({
      name: "sharedState",
      dependsOn: ["readModel", "presence", "node", "healthManager", "electionManager"],
      phase: "core",
      create: ({ readModel, presence, node, healthManager, electionManager }) => {
        const state = new SharedState(config);
        followState(state, { readModel, presence, node, healthManager, electionManager }, clock);
        return state;
      },
    }),
    define({
      name: "healthManager",
      dependsOn: [],
      phase: "core",
      create: () => new HealthManager({ clock, logger: child("health"), eventLoop }),
      start: () => eventLoop.start(), // the checks begin when everything has started
      stop: async (health) => {
        eventLoop.stop();
        await health.stop();
      },
    }),
    define({
      name: "optimizer",
      dependsOn: [],
      phase: "binary",
      create: () =>
        new ResourceOptimizer(
          { clock, logger: child("memory"), readMemory: readProcessMemory },
          { memoryLimitMb: config.limits.memoryLimitMb },
        ),
      start: (optimizer) => optimizer.start(),
      stop: (optimizer) => optimizer.stop(),
    }),
    define({
      name: "metrics",
      dependsOn: [
        "healthManager",
        "journal",
        "node",
        "pubSub",
        "sync",
        "registers",
        "sharedState",
        "electionManager",
        "slurp",
        "github",
      ],
      phase: "monitoring",
      create: (parts) => {
        const registry = new MetricsRegistry();
        registerHealthMetrics(registry, parts.healthManager);
        registerProcessMetrics(registry, { memory: () => Deno.memoryUsage(), startedAtMs, eventLoop });
        registerMeshMetrics(registry, parts);
        registerUncaughtMetrics(registry, environment);
        registerStateMetrics(registry, parts.sharedState);
        registerVoterMetrics(registry, parts.registers);
        registerElectionMetrics(registry, parts.electionManager);
        registerSlurpMetrics(registry, parts.slurp, clock);
        if (parts.github.source) registerGitHubMetrics(registry, parts.github.source, clock);
        return registry;
      },
    }),
    define({
      name: "facade",
      dependsOn: [
        "identity",
        "journal",
        "readModel",
        "people",
        "person",
        "tasks",
        "trust",
        "roles",
        "registers",
        "node",
        "presence",
        "healthManager",
        "selfStatus",
        "electionManager",
        "slurp",
      ],
      phase: "monitoring",
      create: (parts) =>
        new NodeFacade({
          ...parts,
          register: parts.tasks,
          local: parts.identity,
          health: parts.healthManager,
          home: paths.home,
          election: parts.electionManager,
          config,
          version,
          isInsecure: environment.isInsecure,
          startedAtMs,
          clock,
          random,
          describeSelf: () => parts.selfStatus.describe(),
          setPerson: (person) => parts.selfStatus.setPerson(person),
          requestStop: (by) => void environment.shutdownManager.request({ kind: "requested", by }), // never rejects
        }),
    }),
    define({
      name: "api",
      dependsOn: ["facade"],
      phase: "monitoring",
      create: async ({ facade }): Promise<Api> =>
        createApi({ mesh: facade, clock, random, logger: child("api") }, {
          tokens: [
            { token: await ensureToken(paths.writeToken, random), scope: "write" },
            { token: await ensureToken(paths.readToken, random), scope: "read" },
          ],
          allowedHosts: [...config.api.allowedHosts, config.api.host],
          maxBodyBytes: config.api.maxBodyBytes,
          version,
        }),
      stop: (api) => api.close(),
    }),
    define({
      name: "healthServer",
      dependsOn: ["healthManager", "metrics"],
      phase: "monitoring",
      create: async ({ healthManager, metrics }) => {
        const tokens = await Promise.all([paths.writeToken, paths.readToken].map((path) => ensureToken(path, random)));
        const handler = createHealthHandler({
          health: healthManager,
          metrics,
          verifyToken: (token) => tokens.some((known) => constantTimeEqual(utf8Encode(known), utf8Encode(token))),
        });
        return Listener.prepare({ clock, logger: child("health") }, handler, {
          hostname: config.health.host,
          port: config.ports.healthPort,
          name: "health",
        });
      },
      start: (listener) => listener.start(),
      stop: (listener) => listener.stop(),
    }),
    define({
      name: "httpServer",
      dependsOn: ["api", "ucxiServer", "healthServer", "node"],
      phase: "monitoring",
      create: ({ api, ucxiServer }) =>
        Listener.prepare({ clock, logger: child("api") }, frontDoor({ api, ucxiServer }), {
          hostname: config.api.host,
          port: config.ports.httpPort,
          name: "api",
        }, () => {
          api.close();
          ucxiServer.close();
        }),
      start: (listener) => listener.start(),
      stop: async (listener) => {
        try {
          await removeEndpoints(paths.home);
        } finally {
          await listener.stop();
        }
      },
    }),
    define({
      name: "localServer",
      dependsOn: ["api", "ucxiServer", "node"],
      phase: "monitoring",
      create: ({ api, ucxiServer }) =>
        new SocketServer({ clock, logger: child("socket") }, frontDoor({ api, ucxiServer }), {
          path: paths.socket,
          beforeStop: () => {
            api.close();
            ucxiServer.close();
          },
        }),
      start: (server) => server.start(),
      stop: (server) => server.stop(),
    }),
  ];
}

/** Tells other programs of this host where the node answers. Call when everything has started. */
export async function publishEndpoints(
  environment: Pick<NodeEnvironment, "paths">,
  services: Pick<RuntimeServices, "httpServer" | "healthServer" | "ucxiListener" | "localServer" | "node">,
): Promise<void> {
  const text = JSON.stringify({
    pid: Deno.pid,
    api_url: services.httpServer.server?.url ?? "",
    health_url: services.healthServer.server?.url ?? "",
    ucxi_url: services.ucxiListener.server?.url ?? "",
    ...(services.localServer.path === undefined ? {} : { socket_path: services.localServer.path }),
    p2p_addresses: services.node.addresses(),
  });
  await writeRunFile(environment.paths.endpoints, `${text}\n`);
}

function registerUncaughtMetrics(
  registry: MetricsRegistry,
  environment: Pick<NodeEnvironment, "uncaughtCounts">,
): void {
  const name = "bzzz_uncaught_errors_total";
  registerCounterMap(registry, { name, help: "Errors that nobody caught, by kind", labelName: "event" }, {
    entries: () => environment.uncaughtCounts?.() ?? new Map(),
  });
}

function registerMeshMetrics(
  registry: MetricsRegistry,
  { journal, node, pubSub, sync }: Pick<RuntimeServices, "journal" | "node" | "pubSub" | "sync">,
): void {
  const counters = (name: string, help: string, read: () => ReadonlyMap<string, number>) =>
    registerCounterMap(registry, { name, help, labelName: "event" }, { entries: read });
  counters("bzzz_journal_events_total", "What became of frames and appends", () => journal.stats().counters);
  counters("bzzz_p2p_events_total", "Dials, refusals, offences", () => node.stats().counters);
  counters("bzzz_sync_events_total", "Pulls and what they brought", () => sync.stats().counters);
  const gauge = (name: string, help: string, read: () => number) => registry.collected("gauge", { name, help }, read);
  gauge("bzzz_journal_entries", "Entries on disk", () => journal.stats().entries);
  gauge("bzzz_journal_outbox", "Own entries not yet handed to the network", () => journal.stats().outbox);
  gauge("bzzz_journal_buffered", "Entries that wait for their predecessors", () => journal.stats().buffered);
  gauge("bzzz_peers_admitted", "Members connected", () => node.stats().admittedPeers);
  gauge("bzzz_peers_known", "Peers with a known address", () => node.stats().knownPeers);
  counters("bzzz_gossip_messages_total", "Gossip by verdict", () => {
    const { published, accepted, ignored, rejected } = pubSub.stats();
    return new Map([["published", published], ["accepted", accepted], ["ignored", ignored], ["rejected", rejected]]);
  });
}

/** Who votes, who of them can be reached, and what became of claims and elections. */
export function registerVoterMetrics(
  registry: MetricsRegistry,
  registers: Pick<RuntimeServices["registers"], "stats" | "hasQuorum">,
): void {
  const gauge = (name: string, help: string, read: () => number) => registry.collected("gauge", { name, help }, read);
  gauge("bzzz_voters", "Voters of the mesh", () => registers.stats().voters);
  gauge("bzzz_voters_reachable", "Voters that can be reached from here", () => registers.stats().reachableVoters);
  gauge("bzzz_voters_epoch", "Number of the present set of voters", () => registers.stats().epoch);
  gauge("bzzz_quorum", "1 when a majority of the voters can be reached", () => Number(registers.hasQuorum()));
  gauge("bzzz_register_proposals", "Commands that are being decided here", () => registers.stats().proposals);
  const events = { name: "bzzz_register_events_total", help: "Votes and decisions by kind", labelName: "event" };
  registerCounterMap(registry, events, { entries: () => registers.stats().counters });
}

/** What the node knows of the mesh's work: unfinished tasks by state, other members by status. */
export function registerStateMetrics(
  registry: MetricsRegistry,
  state: Pick<RuntimeServices["sharedState"], "current">,
): void {
  const counted = (label: string, values: Iterable<string>) =>
    [...Map.groupBy(values, (value) => value)].map(([value, all]) => [{ [label]: value }, all.length] as const);
  const tasks = { name: "bzzz_tasks_active", help: "Unfinished tasks", labelNames: ["state"] };
  registry.collected("gauge", tasks, () => counted("state", state.current.activeTasks.values().map((it) => it.state)));
  const members = { name: "bzzz_members_heard", help: "Other members by what they say", labelNames: ["status"] };
  registry.collected(
    "gauge",
    members,
    () => counted("status", state.current.peerRegistry.values().map((it) => it.status)),
  );
}

/** Keeps `state` as the parts of the node are. */
export function followState(
  state: Pick<RuntimeServices["sharedState"], "apply" | "current">,
  parts: Pick<RuntimeServices, "readModel" | "presence" | "healthManager"> & {
    readonly node: Pick<P2pNode, "events" | "isConnected">;
    readonly electionManager: Pick<RuntimeServices["electionManager"], "events">;
  },
  clock: Pick<NodeEnvironment["clock"], "nowMs">,
): void {
  parts.readModel.events.on("task:changed", ({ view }) => {
    state.apply({
      type: "task:changed",
      task: {
        taskId: view.taskId,
        title: view.title,
        state: view.state,
        attempt: view.attempt,
        version: view.version,
        ...(view.holder ? { holder: view.holder } : {}),
        updatedAt: view.updatedAt,
      },
    });
  });
  const followPeer = (peer: PeerId) => {
    const record = parts.presence.get(peer);
    if (!record) return state.apply({ type: "peer:removed", peerId: peer });
    const status = record.liveness === "alive" ? record.body.status : record.liveness;
    const isConnected = parts.node.isConnected(peer);
    const known = state.current.peerRegistry.get(peer);
    // a signal that says nothing new is heard every few seconds from everybody
    if (known && known.status === status && known.isConnected === isConnected) return;
    const { agentId, binaryType, role } = record;
    state.apply({
      type: "peer:changed",
      peer: { peerId: peer, agentId, binaryType, role, status, isConnected, lastSeenMs: clock.nowMs() },
    });
  };
  parts.presence.events.on("liveness:changed", ({ peer }) => followPeer(peer));
  parts.presence.events.on("presence:heard", ({ peer }) => followPeer(peer));
  for (const name of ["peer:admitted", "peer:disconnected"] as const) {
    parts.node.events.on(name, ({ peer }) => followPeer(peer));
  }
  parts.electionManager.events.on("leader:changed", ({ term, leader }) => {
    state.apply({ type: "election:changed", election: { term, ...(leader ? { leader } : {}) } });
  });
  parts.healthManager.events.on("health:changed", ({ to }) => state.apply({ type: "health:changed", health: to }));
}

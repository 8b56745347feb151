/**
 * BZZZ as `bzzz-agent` runs it, in the process of a benchmark: the whole runtime with its database, HTTP ports and health
 * checks, and no tasks. `--home=` is a data directory that `createBenchMesh` made.
 *
 * @module
 */
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { loadConfig } from "@bzzz/config";
import { createNullLogger, createStandardLogger } from "@bzzz/logging";
import { AGENT_PROFILE, createRuntime, homePaths, ShutdownManager } from "@bzzz/runtime";
import { TOPICS } from "@bzzz/wire";
import { LatencyRecorder, publishedAtMs, serveCommands } from "./bench_protocol.ts";

const clock = createSystemClock();
const home = Deno.args.find((arg) => arg.startsWith("--home="))?.slice(7);
if (home === undefined) throw new TypeError("Cannot run: --home= is missing");
const isVerbose = Deno.args.includes("--verbose");
const logger = isVerbose ? createStandardLogger("bench", { level: "debug", format: "text" }) : createNullLogger();

const { config } = await loadConfig({
  profile: AGENT_PROFILE.config,
  home,
  env: {},
  flags: {
    "ports.http_port": 0,
    "ports.health_port": 0,
    "network.p2p_port": 0,
    "network.listen_host": "127.0.0.1",
    "network.mdns": Deno.args.includes("--mdns"),
  },
});
const runtime = createRuntime(() =>
  Promise.resolve({
    clock,
    random: createSystemRandom(),
    logger,
    config,
    paths: homePaths(home),
    env: {},
    version: "bench",
    isInsecure: true,
    shutdownManager: new ShutdownManager({ clock, logger, forceExit: (status) => Deno.exit(status) }),
  })
);
const { journal, node, pubSub } = await runtime.initialize({
  configPath: undefined,
  binaryType: "agent",
  enableSetupMode: false,
  customPorts: {},
});
await runtime.start();

const recorder = new LatencyRecorder();
journal.events.on("entry:stored", ({ entry }) => {
  if (entry.kind === "message_posted" && entry.envelope.header.author !== journal.self) {
    recorder.record(publishedAtMs(entry.body.text));
  }
});

if (isVerbose) {
  clock.setPeriodic(2_000, () => {
    const { counters, ...numbers } = journal.stats();
    logger.debug("journal", { ...numbers, ...Object.fromEntries(counters) });
    logger.debug("gossip", { ...pubSub.stats(), peersByTopic: undefined });
  }, { unref: true });
}

await serveCommands({
  addresses: node.addresses(),
  dial: async (address) => void await node.dial(address),
  publish: async (text) =>
    void await journal.append({ kind: "message_posted", topic: TOPICS.coordination, body: { type: "message", text } }),
  peers: () => pubSub.peers(TOPICS.coordination).length,
  recorder,
});
Deno.exit(0);

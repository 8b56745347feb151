/**
 * BZZZ as `bzzz-agent` runs it, in the process of a benchmark: the whole runtime with its database, HTTP ports and health
 * checks, and no tasks. `--home=` is a data directory that `BenchMesh.addHomes` made.
 *
 * @module
 */
import { createSystemClock, createSystemRandom } from "@bzzz/base";
import { ageRecipientOfSecret, createAgeSecret, sealContent } from "@bzzz/crypto";
import { loadConfig } from "@bzzz/config";
import { createNullLogger, createStandardLogger } from "@bzzz/logging";
import { AGENT_PROFILE, createRuntime, homePaths, ShutdownManager } from "@bzzz/runtime";
import { TOPICS } from "@bzzz/wire";
import { createClaimer } from "./quorum_claims.ts";
import { LatencyRecorder, publishedAtMs, serveCommands } from "./bench_protocol.ts";

const clock = createSystemClock();
/** What the platform gives of chance at once. */
const SLICE_BYTES = 65_536;
const home = Deno.args.find((arg) => arg.startsWith("--home="))?.slice(7);
if (home === undefined) throw new TypeError("Cannot run: --home= is missing");
const isVerbose = Deno.args.includes("--verbose");
const logger = isVerbose ? createStandardLogger("bench", { level: "debug", format: "text" }) : createNullLogger();

const isClaiming = Deno.args.includes("--claims");

const { config } = await loadConfig({
  profile: AGENT_PROFILE.config,
  home,
  env: {},
  flags: {
    "ports.http_port": 0,
    "ports.health_port": 0,
    "ports.ucxi_port": 0,
    "network.p2p_port": 0,
    "network.listen_host": "127.0.0.1",
    "network.mdns": Deno.args.includes("--mdns"),
    ...(isClaiming ? { "coordination.voter_steady_seconds": 1 } : {}),
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
const { journal, node, pubSub, registers, encryptedStorage } = await runtime.initialize({
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

/** A claim is told to be delivered when it is decided, by whoever asked for it. */
const claimer = isClaiming ? createClaimer(registers) : undefined;

await serveCommands({
  addresses: node.addresses(),
  dial: async (address) => void await node.dial(address),
  publish: async (text) => {
    if (!claimer) {
      const body = { type: "message", text } as const;
      await journal.append({ kind: "message_posted", topic: TOPICS.coordination, body });
      return;
    }
    const startedMs = publishedAtMs(text);
    await claimer.claim();
    recorder.record(startedMs);
  },
  peers: () => claimer ? claimer.otherVoters() : pubSub.peers(TOPICS.coordination).length,
  keep: async (bytes) => {
    const content = new Uint8Array(bytes);
    for (let at = 0; at < bytes; at += SLICE_BYTES) crypto.getRandomValues(content.subarray(at, at + SLICE_BYTES));
    const recipient = ageRecipientOfSecret(createAgeSecret(createSystemRandom()));
    return await encryptedStorage.put(await sealContent([recipient], content));
  },
  fetch: async (name) => (await encryptedStorage.get(name))?.byteLength ?? 0,
  recorder,
});
Deno.exit(0);

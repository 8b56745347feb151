/**
 * The baseline: libp2p with the modules BZZZ uses and nothing else, as a process of its own.
 *
 * @module
 */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { mdns } from "@libp2p/mdns";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import { BareClaims } from "./bare_claims.ts";
import { BareTransfer } from "./bare_transfer.ts";
import { LatencyRecorder, publishedAtMs, serveCommands } from "./bench_protocol.ts";

const TOPIC = "bench";
const PSK = `/key/swarm/psk/1.0.0/\n/base16/\n${"5a".repeat(32)}\n`;
const SLICE_BYTES = 64 * 1024;
const isSigned = Deno.args.includes("--signed");

const node = await createLibp2p({
  addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionProtector: boundedProtector(),
  peerDiscovery: Deno.args.includes("--mdns") ? [mdns()] : [],
  // ours is off too: under full load its pings time out and it closes connections that work
  connectionMonitor: { enabled: false },
  connectionManager: { inboundConnectionThreshold: 1000, maxIncomingPendingConnections: 100 },
  services: {
    identify: identify(),
    ping: ping(),
    pubsub: gossipsub({
      allowPublishToZeroTopicPeers: true,
      globalSignaturePolicy: isSigned ? "StrictSign" : "StrictNoSign",
      ...(isSigned ? {} : { msgIdFn: hashOf }),
      scoreParams: { IPColocationFactorWeight: 0 },
    }),
  },
});

async function hashOf(message: { data: Uint8Array }): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", message.data as Uint8Array<ArrayBuffer>));
}

/**
 * The network key with the one repair without which the bare node does not survive the throughput scenario: its cipher's
 * memory must not grow while several streams use it (pkg/p2p/network_key.ts has the reason).
 */
function boundedProtector(): ReturnType<typeof preSharedKey> {
  const create = preSharedKey({ psk: new TextEncoder().encode(PSK) });
  return () => {
    const protector = create();
    return {
      protect: async (connection, options) => {
        const boxed = await protector.protect(connection, options);
        const { inboundXor, outboundXor } = boxed as unknown as Record<string, { update: Update }>;
        for (const cipher of [inboundXor, outboundXor]) {
          if (cipher) cipher.update = inSlices(cipher.update.bind(cipher));
        }
        return boxed;
      },
    };
  };
}

type Update = (input: Uint8Array) => Uint8Array;

function inSlices(update: Update): Update {
  return (input) => {
    if (input.byteLength <= SLICE_BYTES) return update(input);
    const output = new Uint8Array(input.byteLength);
    for (let at = 0; at < input.byteLength; at += SLICE_BYTES) {
      output.set(update(input.subarray(at, at + SLICE_BYTES)), at);
    }
    return output;
  };
}

const recorder = new LatencyRecorder();
const pubsub = node.services.pubsub;
pubsub.addEventListener("message", (event) => {
  if (event.detail.topic === TOPIC) {
    recorder.record(publishedAtMs(new TextDecoder().decode(event.detail.data.subarray(0, 18))));
  }
});
pubsub.subscribe(TOPIC);

const isClaiming = Deno.args.includes("--claims");
const folder = isClaiming ? await Deno.makeTempDir({ prefix: "bzzz-bare-claims-" }) : undefined;
const claims = folder === undefined ? undefined : new BareClaims(node, `${folder}/claims.db`);
await claims?.start();

const transfer = new BareTransfer(node);
await transfer.start();

await serveCommands({
  addresses: node.getMultiaddrs().map(String),
  dial: async (address) => void await node.dial(multiaddr(address)),
  publish: async (text) => {
    if (!claims) {
      await pubsub.publish(TOPIC, new TextEncoder().encode(text));
      return;
    }
    const startedMs = publishedAtMs(text);
    await claims.claim();
    recorder.record(startedMs);
  },
  peers: () => pubsub.getSubscribers(TOPIC).length,
  keep: (bytes) => transfer.keep(bytes),
  fetch: (name) => transfer.fetch(name),
  recorder,
});
if (folder !== undefined) await Deno.remove(folder, { recursive: true });
Deno.exit(0);

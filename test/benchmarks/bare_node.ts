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
import { LatencyRecorder, publishedAtMs, serveCommands } from "./bench_protocol.ts";

const TOPIC = "bench";
const PSK = `/key/swarm/psk/1.0.0/\n/base16/\n${"5a".repeat(32)}\n`;
const isSigned = Deno.args.includes("--signed");

const node = await createLibp2p({
  addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
  transports: [tcp()],
  connectionEncrypters: [noise()],
  streamMuxers: [yamux()],
  connectionProtector: preSharedKey({ psk: new TextEncoder().encode(PSK) }),
  peerDiscovery: Deno.args.includes("--mdns") ? [mdns()] : [],
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

const recorder = new LatencyRecorder();
const pubsub = node.services.pubsub;
pubsub.addEventListener("message", (event) => {
  if (event.detail.topic === TOPIC) {
    recorder.record(publishedAtMs(new TextDecoder().decode(event.detail.data.subarray(0, 18))));
  }
});
pubsub.subscribe(TOPIC);

await serveCommands({
  addresses: node.getMultiaddrs().map(String),
  dial: async (address) => void await node.dial(multiaddr(address)),
  publish: async (text) => void await pubsub.publish(TOPIC, new TextEncoder().encode(text)),
  peers: () => pubsub.getSubscribers(TOPIC).length,
  recorder,
});
Deno.exit(0);

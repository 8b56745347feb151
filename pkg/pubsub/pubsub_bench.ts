/**
 * One 1 KiB message to two subscribers, until both have it: this package on loopback nodes, beside the bare libraries
 * with the same modules and their own signing. `deno bench -A pkg/pubsub/pubsub_bench.ts`.
 *
 * @module
 */
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { createSystemClock, hexEncode, utf8Encode } from "@bzzz/base";
import { sha256 } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import { LoopbackMesh } from "@bzzz/p2p/testing";
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { ping } from "@libp2p/ping";
import { preSharedKey } from "@libp2p/pnet";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { createPubSub, type GateAnswer } from "./mod.ts";

const TOPIC = "bench/v1";
const NODES = 3;
const clock = createSystemClock();

/** Publishes a message on one of the nodes and resolves when the others have it. */
type Round = () => Promise<void>;

/** Counts arrivals for rounds that follow each other. */
class Arrivals {
  #left = 0;
  #done = Promise.withResolvers<void>();

  expect(count: number): Promise<void> {
    this.#left = count;
    this.#done = Promise.withResolvers<void>();
    return this.#done.promise;
  }

  arrived(): void {
    if (--this.#left === 0) this.#done.resolve();
  }
}

async function startOurs(): Promise<Round> {
  const arrivals = new Arrivals();
  const nodes = await new LoopbackMesh().addConnected(NODES);
  const gate = {
    idOf: sha256,
    receive: (): GateAnswer => {
      arrivals.arrived();
      return { verdict: "accept" };
    },
  };
  const pubsubs = await Promise.all(nodes.map(async (node) => {
    const pubsub = createPubSub({ node, gate, clock, logger: createNullLogger() }, {
      topics: [TOPIC],
      maxFrameBytes: 1024 * 1024,
    });
    await pubsub.start();
    return pubsub;
  }));
  await clock.sleep(1500);
  return round(arrivals, (frame, turn) => pubsubs[turn % NODES]?.publish(TOPIC, frame));
}

async function startBare(): Promise<Round> {
  const arrivals = new Arrivals();
  const psk = utf8Encode(`/key/swarm/psk/1.0.0/\n/base16/\n${hexEncode(new Uint8Array(32).fill(7))}`);
  const start = () =>
    createLibp2p({
      addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
      transports: [tcp()],
      connectionProtector: preSharedKey({ psk }),
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      services: {
        identify: identify(),
        ping: ping(),
        pubsub: gossipsub({ globalSignaturePolicy: "StrictSign", scoreParams: { IPColocationFactorWeight: 0 } }),
      },
    });
  const nodes: Awaited<ReturnType<typeof start>>[] = [];
  for (let i = 0; i < NODES; i++) {
    const node = await start();
    for (const other of nodes) await node.dial(other.getMultiaddrs());
    node.services.pubsub.subscribe(TOPIC);
    node.services.pubsub.addEventListener("message", () => arrivals.arrived());
    nodes.push(node);
  }
  await clock.sleep(1500);
  return round(arrivals, (frame, turn) => nodes[turn % NODES]?.services.pubsub.publish(TOPIC, frame));
}

function round(arrivals: Arrivals, publish: (frame: Uint8Array, turn: number) => Promise<unknown> | undefined): Round {
  let turn = 0;
  return async () => {
    const done = arrivals.expect(NODES - 1);
    await publish(crypto.getRandomValues(new Uint8Array(1024)), turn++);
    await done;
  };
}

const [ours, bare] = [await startOurs(), await startBare()];

Deno.bench("bare gossipsub, signing itself", { group: "publish to 2 subscribers", baseline: true, n: 500 }, bare);
Deno.bench("pubsub", { group: "publish to 2 subscribers", n: 500 }, ours);

import { createSystemClock, createSystemRandom, type MeshId, type PeerId } from "@bzzz/base";
import { createSigningKey, peerIdFromPublicKey, type SigningKey } from "@bzzz/crypto";
import { createNullLogger } from "@bzzz/logging";
import type { P2pNodeDeps, P2pNodeOptions, RoutableP2pNode } from "./node_types.ts";
import { TestRoster } from "./test_roster.ts";
import type { P2pNode } from "./types.ts";

const MESH = "00112233445566778899aabbccddeeff" as MeshId;

/** Real nodes on loopback for tests; each gets a port of its own. Stops them all when disposed. */
export class LoopbackMesh implements AsyncDisposable {
  readonly roster = new TestRoster();
  readonly networkKey: Uint8Array = new Uint8Array(32).fill(7);
  readonly nodes: RoutableP2pNode[] = [];

  /** A started node; admitted unless `isStranger`. */
  async addNode(
    options: Partial<P2pNodeOptions> & { key?: SigningKey; isStranger?: boolean } = {},
    deps: Partial<P2pNodeDeps> = {},
  ): Promise<RoutableP2pNode> {
    const { key, isStranger, ...rest } = options;
    const signingKey = key ?? createSigningKey(createSystemRandom());
    const peer = peerIdFromPublicKey(signingKey.publicKey);
    if (!isStranger) this.roster.admit(peer);
    // loaded on use: tests of the memory network need no libp2p
    const { createP2pNode } = await import("./node.ts");
    const node = createP2pNode({
      signingKey,
      admission: this.roster.admissionOf(peer),
      clock: createSystemClock(),
      random: createSystemRandom(),
      logger: createNullLogger(),
      ...deps,
    }, { meshId: MESH, networkKey: this.networkKey, listen: ["127.0.0.1:0"], ...rest });
    this.nodes.push(node);
    await node.start();
    return node;
  }

  /** `count` nodes, each connected to every other. */
  async addConnected(count: number, options: Partial<P2pNodeOptions> = {}): Promise<RoutableP2pNode[]> {
    const nodes: RoutableP2pNode[] = [];
    for (let i = 0; i < count; i++) {
      const node = await this.addNode(options);
      for (const other of nodes) {
        await Promise.all([admission(other, node.peerId), node.dial(addressOf(other))]);
      }
      nodes.push(node);
    }
    return nodes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.stop()));
  }
}

/** The first address of a started node. */
export function addressOf(node: P2pNode): string {
  const address = node.addresses()[0];
  if (!address) throw new Error("the node does not listen");
  return address;
}

/** Whether both see each other as admitted. */
export function areAdmitted(a: P2pNode, b: P2pNode): boolean {
  return sees(a, b.peerId) && sees(b, a.peerId);
}

/** Resolves when `node` has admitted `peer`. */
function admission(node: P2pNode, peer: PeerId): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const done = new AbortController();
  node.events.on("peer:admitted", (detail) => {
    if (detail.peer !== peer) return;
    done.abort();
    resolve();
  }, { signal: done.signal });
  return promise;
}

function sees(node: P2pNode, peer: PeerId): boolean {
  return node.peers().some((one) => one.peer === peer && one.isAdmitted);
}

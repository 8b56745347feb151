import { createSocket } from "node:dgram";
import { type Clock, errorMessage, type MeshId, parsePeerId, type PeerId, withTimeout } from "@bzzz/base";
import type { PeerDiscovery, Startable } from "@libp2p/interface";
import { mdns } from "@libp2p/mdns";
import type { Libp2pComponents } from "./libp2p_factory.ts";
import { maySee, mayUseNet } from "./listening.ts";

const MDNS_PORT = 5353;
const MDNS_GROUP = "224.0.0.251";
/** An answer can be lost: asking every 5 s finds a peer well within the 10 s the mesh is allowed (S-03). */
const QUERY_INTERVAL_MS = 5000;
const PROBE_TIMEOUT_MS = 2000;

/** Discovery on the local network. Closed with `stop`. */
export interface LanDiscovery {
  stop(): Promise<void>;
}

/** The DNS-SD service of a mesh: other meshes on the same network neither see nor wake each other. */
export function mdnsServiceTag(mesh: MeshId): string {
  return `_bzzz-${mesh.slice(0, 16)}._udp.local`;
}

/**
 * Announces this node on the local network and reports every answer, also of peers known before: after a partition that
 * answer is the first sign of life (platform notes, "Partition and healing").
 * Never fatal: returns the reason as text when the network, the container or the permissions do not allow it.
 */
export async function startLanDiscovery(
  deps: {
    clock: Pick<Clock, "setTimer">;
    components: Libp2pComponents;
    onFound: (peer: PeerId, addresses: string[]) => void;
  },
  options: { serviceTag: string },
): Promise<LanDiscovery | string> {
  const refusal = await findObstacle(deps.clock);
  if (refusal !== undefined) return refusal;
  const service = mdns({ serviceTag: options.serviceTag, interval: QUERY_INTERVAL_MS })(deps.components);
  const discovery = service as PeerDiscovery & Startable; // @libp2p/mdns declares the wider type only on its class
  discovery.addEventListener("peer", (event) => {
    const peer = parsePeerId(event.detail.id.toString());
    if (peer) deps.onFound(peer, event.detail.multiaddrs.slice(0, 16).map((address) => address.toString()));
  });
  try {
    await discovery.start();
  } catch (error) {
    return errorMessage(error);
  }
  return {
    stop: async () => {
      await discovery.stop();
    },
  };
}

async function findObstacle(clock: Pick<Clock, "setTimer">): Promise<string | undefined> {
  // asked first: binding without the permission throws where nobody can catch it
  if (!await mayUseNet("0.0.0.0", MDNS_PORT) || !await mayUseNet(MDNS_GROUP, MDNS_PORT)) {
    return `no permission; allow it with --allow-net=0.0.0.0:${MDNS_PORT},${MDNS_GROUP}:${MDNS_PORT}`;
  }
  if (!await maySee("networkInterfaces")) return "no permission; allow it with --allow-sys=networkInterfaces";
  try {
    await withTimeout(clock, tryMulticast(), { timeoutMs: PROBE_TIMEOUT_MS, what: "a multicast test" });
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** Binds and joins the group once: what multicast-dns will do, at a place where the error can be caught. */
async function tryMulticast(): Promise<void> {
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("error", reject);
  socket.bind(MDNS_PORT, "0.0.0.0", () => {
    try {
      socket.addMembership(MDNS_GROUP);
      resolve();
    } catch (error) {
      reject(error);
    }
  });
  try {
    await promise;
  } finally {
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    socket.close(onClosed);
    await closed;
  }
}

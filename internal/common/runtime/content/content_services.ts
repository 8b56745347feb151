import { ContentExchange, DiskContent, EncryptedStorage, Libp2pDht, OnDemandDht } from "@bzzz/dht";
import type { RoutableP2pNode } from "@bzzz/p2p";
import { serviceDefiner, type ServiceDefinition } from "../service.ts";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";
import { ContentCatalog } from "./content_catalog.ts";

const define = serviceDefiner<RuntimeServices>();
const MIB = 1024 * 1024;
/** Up to here a node's dialler keeps a connection to every member (`TARGET_CONNECTIONS` of pkg/p2p, and itself). */
const MAX_MEMBERS_WITHOUT_DHT = 17;

/** Sealed content, here and at others. */
export function contentServices(environment: NodeEnvironment): ServiceDefinition<RuntimeServices>[] {
  const { clock, random, logger, config, paths } = environment;
  const child = (service: string) => logger.child({ service });
  const stopped = new AbortController();
  return [
    define({
      name: "contentCatalog",
      dependsOn: ["journal", "participant"],
      create: ({ journal }) => new ContentCatalog(journal),
      start: (catalog) => catalog.start(),
      stop: (catalog) => catalog.stop(),
    }),
    define({
      name: "dht",
      dependsOn: ["node", "identity", "participant"],
      create: ({ node, identity }) => {
        const { membership } = identity;
        const inner = new Libp2pDht({
          routing: () => node.routing(),
          isMember: (peer) => membership.isAdmitted(peer, clock.nowMs()),
          logger: child("dht"),
        }, { self: node.peerId });
        // with few members everybody is connected to everybody that can be reached at all
        const isNeeded = () => membership.members(clock.nowMs()).length > MAX_MEMBERS_WITHOUT_DHT;
        return new OnDemandDht({ inner, isNeeded, logger: child("dht") });
      },
    }),
    define({
      name: "encryptedStorage",
      dependsOn: ["store", "node", "dht", "contentCatalog"],
      create: ({ store, node, dht, contentCatalog: catalog }) => {
        const content = new DiskContent({ random, clock, store }, {
          folder: paths.content,
          maxBytes: config.storage.contentQuotaMb * MIB,
        });
        const exchange = new ContentExchange({
          streams: node,
          content,
          clock,
          logger: child("content"),
          penalise: (peer, reason) => node.penalise(peer, reason),
        });
        const storage = new EncryptedStorage({
          content,
          exchange,
          dht,
          self: node.peerId,
          reachable: () => reachable(node),
          catalog,
          clock,
          logger: child("storage"),
        });
        const { signal } = stopped;
        catalog.events.on("catalog:grown", () => storage.changed(), { signal });
        node.events.on("peer:admitted", () => storage.changed(), { signal });
        node.events.on("peer:disconnected", () => storage.changed(), { signal });
        return storage;
      },
      start: (storage) => storage.start(),
      stop: async (storage) => {
        stopped.abort();
        await storage.stop();
      },
      health: (storage) => ({ ok: true, detail: replicationText(storage.replication()) }),
    }),
  ];
}

/** Fewer nodes than copies is how a small mesh is, and no fault of this node: it is said, and nothing turns red. */
function replicationText(
  { wanted, possible, missing, underReplicated }: ReturnType<EncryptedStorage["replication"]>,
): string {
  const copies = possible < wanted
    ? `degraded: ${possible} of ${wanted} copies, there are no more nodes`
    : `${wanted} copies`;
  const rest = missing + underReplicated === 0 ? "" : `; ${underReplicated} with fewer, ${missing} to be fetched`;
  return copies + rest;
}

function reachable(node: Pick<RoutableP2pNode, "peers">): RoutableP2pNode["peerId"][] {
  return node.peers().filter((info) => info.isAdmitted).map((info) => info.peer);
}

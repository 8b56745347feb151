/**
 * Where sealed content is: on this disk, on the disks of the members that are to keep it, and how it gets from one to
 * another. A Kademlia of the mesh's own says who has what when a mesh is larger than a node's connections.
 *
 * @module
 */
export * from "./constants.ts";
export { ContentExchange, type ContentExchangeDeps, type TransferFault } from "./content_exchange.ts";
export { type ContentHash, contentHashOf, parseContentHash } from "./content_hash.ts";
export type { Dht, DhtQuery } from "./dht.ts";
export { DiskContent, type DiskContentDeps, type DiskContentOptions, type DiskContentStats } from "./disk_content.ts";
export {
  EncryptedStorage,
  type EncryptedStorageDeps,
  type EncryptedStorageEvents,
  type EncryptedStorageStats,
  type ReplicationState,
} from "./encrypted_storage.ts";
export { DhtError, type DhtErrorCode } from "./errors.ts";
export { Libp2pDht, type Libp2pDhtDeps, type Libp2pDhtOptions } from "./libp2p_dht.ts";
export { OnDemandDht } from "./on_demand_dht.ts";
export { PartialContent } from "./partial_content.ts";
export { keepersOf } from "./placement.ts";
export type { Catalog } from "./replicator.ts";

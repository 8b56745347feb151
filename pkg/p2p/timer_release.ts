import type { Libp2pComponents } from "./libp2p_factory.ts";

/** The parts of libp2p 3.3.11 that leave a timer running for a second after `stop`. */
interface Leftovers {
  readonly addressManager?: { readonly _updatePeerStoreAddresses?: { stop?: () => void } };
  readonly connectionManager?: {
    readonly inboundConnectionRateLimiter?: {
      readonly memoryStorage?: { readonly storage?: ReadonlyMap<string, unknown>; delete?: (key: string) => boolean };
    };
  };
}

/**
 * Clears the timers that a stopped libp2p node leaves behind: the debounced update of its own addresses (set again by
 * its closing listeners), and one per address that dialled within the last second. They do no harm but keep the
 * process alive and hide real leaks in tests. Does nothing where a part is built otherwise.
 */
export function releaseTimers(components: Libp2pComponents): void {
  const { addressManager, connectionManager } = components as Leftovers; // private members, each checked before use
  addressManager?._updatePeerStoreAddresses?.stop?.();
  const memory = connectionManager?.inboundConnectionRateLimiter?.memoryStorage;
  for (const host of [...memory?.storage?.keys() ?? []]) memory?.delete?.(host);
}

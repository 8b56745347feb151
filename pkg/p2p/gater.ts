import type { CounterMap, PeerId } from "@bzzz/base";
import type { ConnectionGater, MultiaddrConnection } from "@libp2p/interface";
import { hostOfAddress } from "./address.ts";

/** What the door asks. */
export interface GaterDeps {
  /** Peers that were dropped and are not to come back yet. */
  readonly isDenied: (peer: PeerId) => boolean;
  /** Whether one more connection from this host fits. */
  readonly hasRoomFor: (host: string | undefined) => boolean;
  readonly counters: CounterMap;
}

/**
 * Decides at the door, before a connection costs anything, and counts who is turned away there: "inbound.no_room",
 * "inbound.denied", and "inbound.handshake_failed" for those who do not have the network key, or prove no identity.
 */
export function createGater({ isDenied, hasRoomFor, counters }: GaterDeps): ConnectionGater {
  const arrived = new WeakSet<MultiaddrConnection>();
  const denies = (peer: { toString(): string }): boolean => isDenied(peer.toString() as PeerId); // looked up, never used
  return {
    denyDialPeer: denies,
    denyDialMultiaddr: () => false, // libp2p's default refuses private addresses in browsers only; say it plainly
    denyInboundConnection: (raw) => {
      if (!hasRoomFor(hostOfAddress(raw.remoteAddr))) {
        counters.add("inbound.no_room");
        return true;
      }
      raw.addEventListener("close", () => {
        if (!arrived.has(raw)) counters.add("inbound.handshake_failed");
      }, { once: true });
      return false;
    },
    denyInboundEncryptedConnection: (peer, raw) => {
      arrived.add(raw);
      if (!denies(peer)) return false;
      counters.add("inbound.denied");
      return true;
    },
    denyOutboundEncryptedConnection: denies,
  };
}

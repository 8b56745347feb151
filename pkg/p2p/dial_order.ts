import { hostOfAddress, tryParseAddress } from "./address.ts";

/** Of so many dials that fail, one begins with what others say of the peer. */
const OTHERS_FIRST_EVERY = 4;

/** What is known of where a peer is. */
export interface KnownAddresses {
  /** Told by the peer itself, or by the configuration. */
  readonly own: readonly string[];
  /** Told by who is not that peer, whether on the local network or in a hello. */
  readonly others: readonly string[];
}

/**
 * The addresses of a peer in the order in which they are dialled; `turn` counts the dials that failed. A dial has time for one
 * address that swallows everything, and little more. So what the peer said of itself comes first, as who lies about another must
 * not keep it from being met; and every fourth time one of the others does, as a peer may have moved.
 */
export function dialOrder({ own, others }: KnownAddresses, turn: number): readonly string[] {
  const told = others.filter((address) => !own.includes(address));
  const mine = byReach(own);
  if (told.length === 0) return mine;
  if (mine.length > 0 && turn % OTHERS_FIRST_EVERY !== 1) return [...mine, ...told];
  const at = Math.floor(turn / OTHERS_FIRST_EVERY) % told.length;
  return [...told.slice(at), ...told.slice(0, at), ...mine];
}

/** Public ones first, loopback last, else as they are: the order of libp2p itself. */
function byReach(addresses: readonly string[]): readonly string[] {
  if (addresses.length < 2) return addresses;
  return addresses.map((text) => ({ text, reach: reachOf(text) })).sort((a, b) => b.reach - a.reach)
    .map(({ text }) => text);
}

function reachOf(text: string): number {
  const address = tryParseAddress(text);
  const host = (address && hostOfAddress(address)) ?? "";
  if (/^127\.|^::1$|^localhost$/.test(host)) return 0;
  return PRIVATE_IP.test(host) ? 1 : 2;
}

/** RFC 1918, RFC 4193 and link-local addresses. */
const PRIVATE_IP = /^10\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\.|^169\.254\.|^f[cd][0-9a-f]{2}:|^fe[89ab][0-9a-f]:/i;

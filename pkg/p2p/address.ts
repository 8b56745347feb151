import { parsePeerId, type PeerId } from "@bzzz/base";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { P2pError } from "./errors.ts";

const HOST_PORT = /^(?:\[([0-9a-fA-F:.]+)\]|([^:/\s[\]]+)):(\d{1,5})$/;
const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const HOST_NAME = /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_.])?$/;
const HOST_PARTS = ["ip4", "ip6", "dns", "dns4", "dns6"];

/**
 * A TCP address out of a multiaddr ("/dns4/host/tcp/9000/p2p/12D3…") or "host:port" ("10.0.0.5:9000", "[::1]:9000").
 * @throws P2pError "p2p_bad_address"
 */
export function parseAddress(text: string): Multiaddr {
  const address = text.startsWith("/") ? tryMultiaddr(text) : tryMultiaddr(hostPortToMultiaddr(text));
  const parts = address?.getComponents() ?? [];
  const isTcp = HOST_PARTS.includes(parts[0]?.name ?? "") && parts[1]?.name === "tcp";
  const rest = parts.slice(2);
  if (!address || !isTcp || rest.length > 1 || (rest[0] && rest[0].name !== "p2p")) {
    throw new P2pError(
      "p2p_bad_address",
      `Cannot use the address "${text.slice(0, 120)}": expected host:port or /ip4|ip6|dns4/HOST/tcp/PORT[/p2p/PEER]`,
    );
  }
  return address;
}

/** As `parseAddress`, undefined instead of an error: for addresses that peers announce. */
export function tryParseAddress(text: string): Multiaddr | undefined {
  if (text.length > 256) return undefined;
  try {
    return parseAddress(text);
  } catch {
    return undefined; // a peer's bad address is no error of ours
  }
}

/** The peer an address ends in, or undefined. */
export function peerOfAddress(address: Multiaddr): PeerId | undefined {
  const value = address.getComponents().findLast((part) => part.name === "p2p")?.value;
  return value === undefined ? undefined : parsePeerId(value);
}

/** The host of an address ("10.0.0.5", "node.example"), or undefined. */
export function hostOfAddress(address: Multiaddr): string | undefined {
  return address.getComponents().find((part) => HOST_PARTS.includes(part.name))?.value;
}

/** The TCP port of an address, or undefined. */
export function portOfAddress(address: Multiaddr): number | undefined {
  const value = address.getComponents().find((part) => part.name === "tcp")?.value;
  return value === undefined ? undefined : Number(value);
}

/** `address` ending in `peer`: a dial to it fails when somebody else answers. Undefined for one that ends in another. */
export function withPeer(address: Multiaddr, peer: PeerId): Multiaddr | undefined {
  const named = peerOfAddress(address);
  if (named === undefined) return address.encapsulate(`/p2p/${peer}`);
  return named === peer ? address : undefined;
}

function hostPortToMultiaddr(text: string): string {
  const [, ipv6, name, portText] = HOST_PORT.exec(text) ?? [];
  const port = Number(portText);
  if (port > 65535) return "";
  if (ipv6 !== undefined) return `/ip6/${ipv6}/tcp/${port}`;
  if (name === undefined) return "";
  if (IPV4.test(name)) return `/ip4/${name}/tcp/${port}`;
  return HOST_NAME.test(name) ? `/dns/${name}/tcp/${port}` : "";
}

function tryMultiaddr(text: string): Multiaddr | undefined {
  if (text === "") return undefined;
  try {
    return multiaddr(text);
  } catch {
    return undefined; // the caller reports it with what was expected
  }
}

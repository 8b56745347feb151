import { errorMessage } from "@bzzz/base";
import type { Multiaddr } from "@multiformats/multiaddr";
import { hostOfAddress, portOfAddress } from "./address.ts";
import { P2pError } from "./errors.ts";

/**
 * Refuses listen addresses this process has no permission for. Asked beforehand because `node:net` throws an uncaught
 * NotCapable there, which ends the process (measured on Deno 2.9.6).
 * @throws P2pError "p2p_listen_failed"
 */
export async function assertMayListen(addresses: readonly Multiaddr[]): Promise<void> {
  for (const address of addresses) {
    const host = hostOfAddress(address) ?? "";
    const port = portOfAddress(address) ?? 0;
    if (host !== "" && !await mayUseNet(host, port)) {
      throw listenError(address, `this process has no permission for it; allow it with --allow-net=${host}:${port}`);
    }
    if (isWildcard(host) && !await maySee("networkInterfaces")) {
      throw listenError(address, "the network interfaces may not be read; allow it with --allow-sys=networkInterfaces");
    }
  }
}

/** What a failed listen was about: the addresses are tried one by one to find the culprit and its reason. */
export function explainListenFailure(addresses: readonly Multiaddr[], cause: unknown): P2pError {
  for (const address of addresses) {
    const found = probe(address);
    if (found) return listenError(address, found.reason, found.cause ?? cause);
  }
  const first = addresses[0];
  if (first) return listenError(first, errorMessage(cause).split("\n")[0] ?? "unknown", cause);
  return new P2pError("p2p_listen_failed", "Cannot start the peer-to-peer node: libp2p refused to start", { cause });
}

/** True when the process may use UDP or TCP at this place. */
export async function mayUseNet(host: string, port: number): Promise<boolean> {
  const name = host.includes(":") ? `[${host}]` : host;
  const status = await Deno.permissions.query({ name: "net", host: port === 0 ? name : `${name}:${port}` });
  return status.state === "granted";
}

/** True when the process may read this fact of the system. */
export async function maySee(kind: "networkInterfaces"): Promise<boolean> {
  return (await Deno.permissions.query({ name: "sys", kind })).state === "granted";
}

/** Why nothing can listen there, with the system's own error, by which callers know a taken port from the rest. */
function probe(address: Multiaddr): { readonly reason: string; readonly cause?: unknown } | undefined {
  const hostname = hostOfAddress(address);
  const port = portOfAddress(address);
  if (hostname === undefined || port === undefined) return { reason: "it has no host or no port" };
  try {
    Deno.listen({ hostname, port }).close();
    return undefined;
  } catch (cause) {
    return { reason: listenReason(cause, hostname, port), cause };
  }
}

function listenReason(error: unknown, hostname: string, port: number): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `port ${port} is in use; stop the other program or configure another port`;
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return `this machine has no address ${hostname}; use 0.0.0.0 or one of its own addresses`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `the system forbids port ${port}; use a port above 1023 or give the program the right`;
  }
  return errorMessage(error);
}

function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

function listenError(address: Multiaddr, reason: string, cause?: unknown): P2pError {
  return new P2pError("p2p_listen_failed", `Cannot listen on ${address.toString()}: ${reason}`, {
    details: { address: address.toString() },
    cause,
  });
}

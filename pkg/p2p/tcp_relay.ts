/** A way to a local port that can begin to swallow everything, as a link does whose packets are dropped. */
export interface TcpRelay extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing passes and nothing closes. */
  freeze(): void;
}

/** Relays a new loopback port to `target`; `onBytes` sees what passes, either way, in a buffer that is used again. */
export function startRelay(target: number, options: { readonly onBytes?: (bytes: Uint8Array) => void } = {}): TcpRelay {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const sockets: Deno.TcpConn[] = [];
  let isFrozen = false;
  const pump = async (from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> => {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (let n = await from.read(buffer); n !== null; n = await from.read(buffer)) {
        options.onBytes?.(buffer.subarray(0, n));
        for (let at = 0; at < n && !isFrozen;) at += await to.write(buffer.subarray(at, n));
      }
    } catch {
      // a side has closed
    }
  };
  const pumps: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const inbound of listener) {
      const outbound = await Deno.connect({ hostname: "127.0.0.1", port: target });
      sockets.push(inbound, outbound);
      pumps.push(pump(inbound, outbound), pump(outbound, inbound));
    }
  })();
  return {
    port: listener.addr.port,
    freeze: () => void (isFrozen = true),
    [Symbol.asyncDispose]: async () => {
      listener.close();
      for (const socket of sockets) {
        try {
          socket.close();
        } catch {
          // closed already
        }
      }
      await Promise.allSettled([accepting, ...pumps]);
    },
  };
}

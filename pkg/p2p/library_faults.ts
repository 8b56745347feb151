/**
 * Errors that libp2p throws in callbacks of its own, by name. Yamux answers a read with a window update in a later
 * microtask; when the connection was reset in between, the write throws where nobody can catch it, and an uncaught error
 * ends a Deno process: whoever can reset a connection could stop a node (seen when a revoked member was dropped).
 */
const HARMLESS: ReadonlySet<string> = new Set(["StreamStateError"]);

/** Keeps such an error from ending the process while it is not disposed; any other error goes its way. */
export function tolerateLibraryFaults(onFault: (error: Error) => void): Disposable {
  const listener = (event: ErrorEvent): void => {
    if (!(event.error instanceof Error) || !HARMLESS.has(event.error.name)) return;
    event.preventDefault();
    onFault(event.error);
  };
  globalThis.addEventListener("error", listener);
  return { [Symbol.dispose]: () => globalThis.removeEventListener("error", listener) };
}

import { watchUncaught } from "@bzzz/base";

/**
 * Errors with which libp2p 3, Yamux and Noise say that a connection or stream is gone or was used the wrong way by the other
 * side, by name (bundled programs have no module names in their stacks). They are thrown in callbacks and later microtasks
 * of the libraries too, where nobody can catch them, and an uncaught error ends a Deno process: Yamux answers a read with a
 * window update, and when the connection was reset in between, the write throws, so whoever could reset a connection could
 * stop a node (seen when a revoked member was dropped). Names that our own code could throw (AbortError, TimeoutError,
 * InvalidParametersError) are not here.
 */
const CONNECTION_FAULTS: ReadonlySet<string> = new Set([
  // @libp2p/interface
  "ConnectionClosedError",
  "ConnectionClosingError",
  "MuxerClosedError",
  "StreamAbortedError",
  "StreamBufferError",
  "StreamResetError",
  "StreamStateError",
  // @libp2p/utils
  "MuxerUnavailableError",
  "StreamClosedError",
  // @chainsafe/libp2p-yamux
  "BothClientsError",
  "DecodeInvalidVersionError",
  "InvalidFrameError",
  "NotMatchingPingError",
  "ReceiveWindowExceededError",
  "StreamAlreadyExistsError",
  "UnRequestedPingError",
]);
/** A socket of node:net whose listener is gone already. */
const SOCKET_FAULTS: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"]);

/** Whether an error that nobody caught is one of libp2p about a connection, which costs no more than that connection. */
export function isLibraryFault(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (CONNECTION_FAULTS.has(error.name)) return true;
  return "code" in error && typeof error.code === "string" && SOCKET_FAULTS.has(error.code) && "syscall" in error;
}

/** Keeps such an error from ending the process while it is not disposed; any other error goes its way. */
export function tolerateLibraryFaults(onFault: (error: unknown) => void): Disposable {
  return watchUncaught((error) => {
    if (!isLibraryFault(error)) return "fatal";
    onFault(error);
    return "handled";
  });
}

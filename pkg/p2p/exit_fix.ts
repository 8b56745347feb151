/**
 * libp2p's peer store locks with `mortice`, which opens a BroadcastChannel for locks of worker threads and calls
 * `channel.unref?.()`, because an open channel keeps a process alive. Node's channel has `unref`, Deno's has not, so a
 * Deno program with libp2p never ends (measured). We have no workers that take those locks: closing is unref enough.
 * Must run before the first peer store is made; does nothing where `unref` exists.
 */
export function letProcessEnd(): void {
  const prototype = BroadcastChannel.prototype as BroadcastChannel & { unref?: () => void };
  if (prototype.unref !== undefined) return;
  Object.defineProperty(prototype, "unref", {
    configurable: true,
    value(this: BroadcastChannel): void {
      this.close();
    },
  });
}

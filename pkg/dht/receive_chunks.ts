import type { Clock } from "@bzzz/base";
import { assertAgeFile, CryptoError } from "@bzzz/crypto";
import type { PeerStream } from "@bzzz/p2p";
import { TRANSFER_MIN_BYTES_PER_SECOND, TRANSFER_PATIENCE_MS } from "./constants.ts";
import type { PartialContent } from "./partial_content.ts";

/**
 * Takes the rest of a content of `size` bytes. False when what comes cannot be it: too much of it, or no sealed file.
 * Rejects when the stream ends before, or drips: what came is kept for the next try.
 */
export async function receiveChunks(
  { clock }: { readonly clock: Pick<Clock, "monotonicMs"> },
  stream: Pick<PeerStream, "receive">,
  part: PartialContent,
  size: number,
  options: { readonly signal?: AbortSignal },
): Promise<boolean> {
  if (part.size > size) return false;
  const [startedMs, startedBytes] = [clock.monotonicMs(), part.size];
  while (part.size < size) {
    const chunk = await stream.receive(options.signal ? { signal: options.signal } : {});
    if (!chunk) throw new Error("the stream ended before the content");
    if (chunk.byteLength === 0 || part.size + chunk.byteLength > size) return false;
    if (part.size === 0 && !isSealed(chunk)) return false;
    await part.append(chunk);
    const lastedMs = clock.monotonicMs() - startedMs;
    const wantedBytes = lastedMs / 1000 * TRANSFER_MIN_BYTES_PER_SECOND;
    if (part.size < size && lastedMs > TRANSFER_PATIENCE_MS && part.size - startedBytes < wantedBytes) {
      throw new Error("the content comes too slowly");
    }
  }
  return true;
}

/** Whether a first piece is that of an age file: nothing else is ever kept. */
function isSealed(chunk: Uint8Array): boolean {
  try {
    assertAgeFile(chunk);
    return true;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}

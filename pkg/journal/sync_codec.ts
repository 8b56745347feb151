import { type EntryId, hexDecode, hexEncode, type MeshId, parseMeshId, parsePeerId, type PeerId } from "@bzzz/base";
import { decodeCbor, encodeCbor } from "@bzzz/wire";
import { MAX_BATCH_FRAMES, MAX_VECTOR_AUTHORS } from "./constants.ts";
import { SyncError } from "./errors.ts";
import type { VectorEntry } from "./types.ts";

/** How far a node is with one author; `isClosed`: it wants nothing more of this log. */
export interface VectorItem extends VectorEntry {
  readonly author: PeerId;
  readonly isClosed: boolean;
}

/**
 * The messages of `/bzzz/sync/1.0.0`. The requester sends one `pull`; the responder answers with any number of `frames`
 * (in order of author and seq) and then `done` with its own vector, or with `busy`.
 */
export type SyncMessage =
  | { readonly type: "pull"; readonly mesh: MeshId; readonly vector: readonly VectorItem[] }
  | { readonly type: "frames"; readonly frames: readonly Uint8Array[] }
  | { readonly type: "done"; readonly vector: readonly VectorItem[] }
  | { readonly type: "busy" };

const EMPTY_ID = new Uint8Array(0);

function vectorToWire(vector: readonly VectorItem[]): unknown[] {
  // An author of whom nothing is known (and nothing wanted) has seq 0 and no id.
  return vector.slice(0, MAX_VECTOR_AUTHORS)
    .map(({ author, seq, id, isClosed }) => [author, seq, hexDecode(id) ?? EMPTY_ID, isClosed]);
}

/** The bytes of a message. A vector of more than 10,000 authors is cut. */
export function encodeSyncMessage(message: SyncMessage): Uint8Array {
  switch (message.type) {
    case "pull":
      return encodeCbor(["pull", message.mesh, vectorToWire(message.vector)]);
    case "frames":
      return encodeCbor(["frames", message.frames]);
    case "done":
      return encodeCbor(["done", vectorToWire(message.vector)]);
    case "busy":
      return encodeCbor(["busy"]);
  }
}

/** @throws SyncError "sync_protocol" when the bytes are none of the messages */
export function decodeSyncMessage(bytes: Uint8Array): SyncMessage {
  const message = parseMessage(tryDecode(bytes));
  if (!message) throw new SyncError("sync_protocol", "Cannot sync: the peer sent something that is no sync message");
  return message;
}

function tryDecode(bytes: Uint8Array): unknown {
  try {
    return decodeCbor(bytes);
  } catch {
    return undefined; // the caller turns it into a SyncError
  }
}

function parseMessage(value: unknown): SyncMessage | undefined {
  if (!Array.isArray(value)) return undefined;
  const [type, first, second] = value as unknown[];
  if (type === "busy" && value.length === 1) return { type };
  if (type === "frames" && value.length === 2) {
    return isFrameList(first) ? { type, frames: first } : undefined;
  }
  if (type === "done" && value.length === 2) {
    const vector = parseVector(first);
    return vector && { type, vector };
  }
  if (type === "pull" && value.length === 3) {
    const mesh = typeof first === "string" ? parseMeshId(first) : undefined;
    const vector = parseVector(second);
    return mesh && vector && { type, mesh, vector };
  }
  return undefined;
}

function isFrameList(value: unknown): value is Uint8Array[] {
  return Array.isArray(value) && value.length <= MAX_BATCH_FRAMES && value.every((item) => item instanceof Uint8Array);
}

function parseVector(value: unknown): VectorItem[] | undefined {
  if (!Array.isArray(value) || value.length > MAX_VECTOR_AUTHORS) return undefined;
  const vector: VectorItem[] = [];
  for (const item of value as unknown[]) {
    const parsed = parseItem(item);
    if (!parsed) return undefined;
    vector.push(parsed);
  }
  return vector;
}

function parseItem(value: unknown): VectorItem | undefined {
  if (!Array.isArray(value) || value.length !== 4) return undefined;
  const [rawAuthor, seq, id, isClosed] = value as unknown[];
  const author = typeof rawAuthor === "string" ? parsePeerId(rawAuthor) : undefined;
  if (!author || typeof seq !== "number" || !Number.isSafeInteger(seq) || seq < 0) return undefined;
  if (!(id instanceof Uint8Array) || id.byteLength !== (seq === 0 ? 0 : 32)) return undefined;
  if (typeof isClosed !== "boolean") return undefined;
  return { author, seq, id: hexEncode(id) as EntryId, isClosed }; // 32 bytes are an id; "" stands for none
}

import { type Bytes, concatBytes, utf8Decode, utf8Encode } from "@bzzz/base";
import { parseJson } from "@bzzz/ucxl";
import { parseSlice, type Slice } from "./slice.ts";

/** Media type of a slice that is stored as it is. */
export const SLICE_TYPE = "application/vnd.bzzz.slice+json";
/** Media type of a slice that is smaller compressed. */
export const COMPRESSED_SLICE_TYPE = "application/vnd.bzzz.slice+json+gzip";
/** Largest slice, uncompressed: a small file must not become a large one here. */
export const MAX_SLICE_BYTES: number = 8 * 1024 * 1024;

/** A slice as content: compressed where that is smaller. */
export async function encodeSlice(slice: Slice): Promise<{ readonly bytes: Bytes; readonly mediaType: string }> {
  const plain = utf8Encode(JSON.stringify(slice));
  const compressed = await readAll(stream(plain).pipeThrough(new CompressionStream("gzip")), plain.byteLength);
  return compressed === undefined || compressed.byteLength >= plain.byteLength
    ? { bytes: plain, mediaType: SLICE_TYPE }
    : { bytes: compressed, mediaType: COMPRESSED_SLICE_TYPE };
}

/** The slice in a content; undefined when there is none: damaged, too large, another form. */
export async function decodeSlice(bytes: Uint8Array, mediaType: string): Promise<Slice | undefined> {
  if (mediaType !== SLICE_TYPE && mediaType !== COMPRESSED_SLICE_TYPE) return undefined;
  try {
    const plain = mediaType === SLICE_TYPE
      ? bytes
      : await readAll(stream(bytes).pipeThrough(new DecompressionStream("gzip")), MAX_SLICE_BYTES);
    return plain && plain.byteLength <= MAX_SLICE_BYTES ? parseSlice(parseJson(utf8Decode(plain))) : undefined;
  } catch (error) {
    if (error instanceof TypeError) return undefined; // no gzip, or no UTF-8
    throw error;
  }
}

function stream(bytes: Uint8Array): ReadableStream<Bytes> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(concatBytes(bytes));
      controller.close();
    },
  });
}

/** Everything of a stream; undefined when it is more than `maxBytes`. */
async function readAll(source: ReadableStream<Uint8Array>, maxBytes: number): Promise<Bytes | undefined> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of source) {
    size += part.byteLength;
    if (size > maxBytes) return undefined; // leaving the loop cancels the stream
    parts.push(part);
  }
  return concatBytes(...parts);
}

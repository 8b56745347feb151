/** One event of a stream of Server-Sent Events (WHATWG HTML, section 9.2). */
export interface SseMessage {
  readonly event: string;
  readonly data: string;
  /** The id of this event itself; undefined when it has none. */
  readonly id: string | undefined;
}

/** A line longer than this is not from our server: an entry is at most 1 MiB, and JSON may write a byte as six characters. */
const MAX_LINE_CHARACTERS = 8 * 1024 * 1024;

/**
 * Reads messages from bytes as they come, however they are cut. A comment gives a message of event "comment", so that the caller sees
 * that the connection lives.
 *
 * @throws RangeError for a line of more than 8 Mi characters
 */
export async function* readSse(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SseMessage> {
  const decoder = new TextDecoder();
  let buffer = "";
  let event = "";
  let data: string[] = [];
  let id: string | undefined;
  for await (const chunk of chunks) {
    buffer += decoder.decode(chunk, { stream: true });
    const lines = buffer.split(/\r\n|\n|\r(?!$)/);
    buffer = lines.pop() ?? "";
    if (buffer.length > MAX_LINE_CHARACTERS) throw new RangeError("A line of the event stream is too long");
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event: event || "message", data: data.join("\n"), id };
        [event, data, id] = ["", [], undefined];
      } else if (line.startsWith(":")) {
        yield { event: "comment", data: line.slice(1).trimStart(), id: undefined };
      } else {
        const colon = line.indexOf(":");
        const field = colon < 0 ? line : line.slice(0, colon);
        const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        if (field === "event") event = value;
        else if (field === "data") data.push(value);
        else if (field === "id" && !value.includes("\0")) id = value;
      }
    }
  }
}

import type { Clock } from "@bzzz/base";
import { usageError } from "./errors.ts";
import { createStreamSink } from "./output.ts";
import type { CommandEnvironment } from "./program.ts";
import { createTimeFormat } from "./render.ts";

/** The most that is read from standard input for a "-": as much as the API takes. */
const MAX_INPUT_BYTES = 1024 * 1024;

/**
 * The part of a `CommandEnvironment` that is the process: its streams. Questions are asked only when standard input and standard error
 * are terminals and `BZZZ_PROMPT_DISABLED` is not set.
 */
export function createShell(
  deps: { clock: Clock; signal: AbortSignal; env: Readonly<Record<string, string | undefined>> },
): Omit<CommandEnvironment, "connect"> {
  const err = createStreamSink({
    write: (bytes) => Deno.stderr.write(bytes),
    isTerminal: () => Deno.stderr.isTerminal(),
  });
  const canAsk = Deno.stdin.isTerminal() && err.isTerminal && !deps.env["BZZZ_PROMPT_DISABLED"];
  return {
    surface: "shell",
    out: createStreamSink({ write: (bytes) => Deno.stdout.write(bytes), isTerminal: () => Deno.stdout.isTerminal() }),
    err,
    clock: deps.clock,
    format: createTimeFormat(),
    signal: deps.signal,
    readInput: () => readAll(Deno.stdin.readable),
    ...(canAsk
      ? {
        ask: async (question: string) => {
          await err.write(question);
          return await readLine(deps.signal);
        },
      }
      : {}),
  };
}

/** One line of a terminal in its own line mode: the terminal edits and echoes. Undefined at its end. */
async function readLine(signal: AbortSignal): Promise<string | undefined> {
  const buffer = new Uint8Array(4_096);
  const decoder = new TextDecoder();
  let line = "";
  while (!line.includes("\n")) {
    signal.throwIfAborted();
    const count = await Deno.stdin.read(buffer);
    if (count === null) return line === "" ? undefined : line;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (line.length > MAX_INPUT_BYTES) throw usageError("Cannot use the answer: it is too long");
  }
  return line.slice(0, line.indexOf("\n"));
}

async function readAll(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let size = 0;
  try {
    for await (const chunk of stream) {
      size += chunk.byteLength;
      if (size > MAX_INPUT_BYTES) throw usageError(`Cannot read standard input: more than ${MAX_INPUT_BYTES} bytes`);
      text += decoder.decode(chunk, { stream: true });
    }
    return text + decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw usageError("Cannot read standard input: it is not UTF-8");
    throw error;
  }
}

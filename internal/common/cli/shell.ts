import { abortable, type Clock, concatBytes } from "@bzzz/base";
import { usageError } from "./errors.ts";
import { createStreamSink } from "./output.ts";
import type { CommandEnvironment } from "./program.ts";
import { createTimeFormat } from "./render.ts";
import { SecretLine } from "./secret_line.ts";
import type { AskOptions } from "./types.ts";

/** The most that is read from standard input for a "-": as much as the API takes. */
const MAX_INPUT_BYTES = 1024 * 1024;
/** The most that is read as the first line of standard input: a passphrase. */
const MAX_LINE_BYTES = 1024;

/** The streams of the process, and what only a process has. */
export interface Shell extends Omit<CommandEnvironment, "connect"> {
  /** All of standard input as text, at most 1 MiB. */
  readonly readInput: () => Promise<string>;
  /** The first line of standard input, at most 1 KiB; what follows stays there. Undefined at its end. */
  readonly readLine: () => Promise<string | undefined>;
  /** Asks for something that is not shown while it is typed; undefined = cancelled. Missing where nobody can be asked. */
  readonly askSecret?: (question: string) => Promise<string | undefined>;
}

/**
 * The part of a `CommandEnvironment` that is the process: its streams. Questions are asked only when standard input and standard error
 * are terminals and `BZZZ_PROMPT_DISABLED` is not set.
 */
export function createShell(
  deps: { clock: Clock; signal: AbortSignal; env: Readonly<Record<string, string | undefined>> },
): Shell {
  const err = createStreamSink({
    write: (bytes) => Deno.stderr.write(bytes),
    isTerminal: () => Deno.stderr.isTerminal(),
  });
  const canAsk = Deno.stdin.isTerminal() && err.isTerminal && !deps.env["BZZZ_PROMPT_DISABLED"];
  const askSecret = async (question: string): Promise<string | undefined> => {
    try {
      return await readSecretLine(() => err.write(question), deps.signal);
    } finally {
      await err.write("\n");
    }
  };
  return {
    surface: "shell",
    out: createStreamSink({ write: (bytes) => Deno.stdout.write(bytes), isTerminal: () => Deno.stdout.isTerminal() }),
    err,
    clock: deps.clock,
    format: createTimeFormat(),
    signal: deps.signal,
    readInput: () => readAll(Deno.stdin.readable),
    readBytes: (maxBytes) => readAllBytes(Deno.stdin.readable, maxBytes),
    readLine: readLineUnbuffered,
    ...(canAsk
      ? {
        ask: async (question: string, options?: AskOptions) => {
          if (options?.isSecret) return await askSecret(question);
          await err.write(question);
          return await readLine(deps.signal);
        },
        askSecret,
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
    // an interrupt ends the question at once; the read that is left ends with the process
    const count = await abortable(Deno.stdin.read(buffer), signal);
    if (count === null) return line === "" ? undefined : line;
    line += decoder.decode(buffer.subarray(0, count), { stream: true });
    if (line.length > MAX_INPUT_BYTES) throw usageError("Cannot use the answer: it is too long");
  }
  return line.slice(0, line.indexOf("\n"));
}

/** A line of a terminal without echo. The terminal is itself again whatever happens. */
async function readSecretLine(ask: () => Promise<void>, signal: AbortSignal): Promise<string | undefined> {
  signal.throwIfAborted();
  const line = new SecretLine();
  const buffer = new Uint8Array(1024);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  // before the question, so that an answer that comes at once is not shown either
  Deno.stdin.setRaw(true);
  try {
    await ask();
    while (true) {
      const count = await Promise.race([Deno.stdin.read(buffer), aborted.promise]);
      if (count === null) return undefined;
      const state = line.feed(buffer.subarray(0, count));
      if (state.type === "entered") return state.text;
      if (state.type === "cancelled") return undefined;
      if (state.type === "too_long") throw usageError("Cannot use the answer: it is too long");
    }
  } finally {
    Deno.stdin.setRaw(false);
    buffer.fill(0);
    signal.removeEventListener("abort", onAbort);
  }
}

/** Byte by byte: what follows the line is for who reads next. */
async function readLineUnbuffered(): Promise<string | undefined> {
  const byte = new Uint8Array(1);
  const bytes: number[] = [];
  while (bytes.length <= MAX_LINE_BYTES) {
    const count = await Deno.stdin.read(byte);
    if (count === null && bytes.length === 0) return undefined;
    if (count === null || byte[0] === 0x0a) return new TextDecoder().decode(Uint8Array.from(bytes));
    bytes.push(byte[0] ?? 0);
  }
  throw usageError(`Cannot read standard input: its first line has more than ${MAX_LINE_BYTES} bytes`);
}

async function readAllBytes(stream: ReadableStream<Uint8Array>, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > maxBytes) throw usageError(`Cannot read standard input: more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return concatBytes(...chunks);
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

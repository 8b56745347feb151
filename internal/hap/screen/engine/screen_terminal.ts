/**
 * What a full screen needs of a terminal, and the terminal of this process as one.
 *
 * @module
 */
import { createStreamSink } from "@bzzz/cli";
import type { Size } from "../core/frame.ts";
import { ENTER, LEAVE } from "./painter.ts";

/** A terminal that can show a full screen. Tests have one in memory. */
export interface ScreenTerminal {
  size(): Size;
  /** Calls the listener when the size changed, until the returned function is called. */
  onResize(listener: () => void): () => void;
  /** Calls the listener when this process goes on after it was stopped, until the returned function is called. */
  onContinue(listener: () => void): () => void;
  /** Stops this process as Ctrl-Z does; the terminal has to be left before. It comes back when a shell lets the process go on. */
  stopProcess(): void;
  /** Bytes of the keyboard, until its end. */
  read(): AsyncIterable<Uint8Array>;
  /** @throws OutputClosedError when nobody looks any more */
  write(text: string): Promise<void>;
  /** Keys one by one, the alternate screen, marked pastes, the mouse. */
  enter(): void;
  /** The opposite of all that. Idempotent; it also runs when the process ends by itself or by an error nobody caught. */
  leave(): void;
}

/** The terminal of this process; standard input and output are one. */
export function createScreenTerminal(): ScreenTerminal {
  const encoder = new TextEncoder();
  const out = createStreamSink({ write: (bytes) => Deno.stdout.write(bytes), isTerminal: () => true });
  let isEntered = false;
  const writeNow = (text: string): void => {
    const bytes = encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
  };
  const leave = (): void => {
    if (!isEntered) return;
    isEntered = false;
    for (const event of CRASHES) globalThis.removeEventListener(event, leave);
    try {
      writeNow(LEAVE);
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal is gone: there is nothing to give back.
    }
  };
  return {
    size: () => {
      try {
        return Deno.consoleSize();
      } catch {
        return { columns: 80, rows: 24 }; // the terminal went away; reading tells so soon
      }
    },
    onResize: (listener) => {
      Deno.addSignalListener("SIGWINCH", listener);
      return () => Deno.removeSignalListener("SIGWINCH", listener);
    },
    onContinue: (listener) => {
      Deno.addSignalListener("SIGCONT", listener);
      return () => Deno.removeSignalListener("SIGCONT", listener);
    },
    stopProcess: () => Deno.kill(Deno.pid, "SIGTSTP"), // needs no permission: it is this process itself
    read: () => Deno.stdin.readable,
    write: (text) => out.write(text),
    enter: () => {
      if (isEntered) return;
      isEntered = true;
      // Before anything else: whatever ends the process, the shell gets its terminal back as it was.
      for (const event of CRASHES) globalThis.addEventListener(event, leave);
      Deno.stdin.setRaw(true);
      writeNow(ENTER);
    },
    leave,
  };
}

/** "unload" comes with every ordinary end, `Deno.exit` included; the others before an error is printed. */
const CRASHES = ["unload", "error", "unhandledrejection"] as const;

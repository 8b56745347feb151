import { fstatSync } from "node:fs";
import { createStreamSink } from "@bzzz/cli";
import type { InputKind, Terminal } from "./terminal.ts";

const DEFAULT_COLUMNS = 80;

/** What of the environment decides how the portal draws. */
export type TerminalEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * The terminal of this process. `TERM=dumb`, `ACCESSIBLE` and a redirected output make it append-only; `NO_COLOR` takes the emphasis
 * (no-color.org: any value but the empty one).
 */
export function createProcessTerminal(env: TerminalEnvironment): Terminal {
  const input = inputKind();
  const isOutputTerminal = Deno.stdout.isTerminal();
  const isDumb = env["TERM"] === "dumb";
  const isAccessible = (env["ACCESSIBLE"] ?? "") !== "" && env["ACCESSIBLE"] !== "0";
  const canRedraw = isOutputTerminal && !isDumb && !isAccessible;
  const out = createStreamSink({ write: (bytes) => Deno.stdout.write(bytes), isTerminal: () => isOutputTerminal });
  const err = createStreamSink({
    write: (bytes) => Deno.stderr.write(bytes),
    isTerminal: () => Deno.stderr.isTerminal(),
  });
  const encoder = new TextEncoder();
  let isRawNow = false;
  const setRaw = (isRaw: boolean) => {
    if (input !== "keys" || isRaw === isRawNow) return;
    isRawNow = isRaw;
    Deno.stdin.setRaw(isRaw);
    // Pastes come marked as such, so that a line break in one does not send the line.
    if (canRedraw) Deno.stdout.writeSync(encoder.encode(isRaw ? "\x1b[?2004h" : "\x1b[?2004l"));
  };
  // Whatever ends the process, the shell gets its terminal back as it was.
  if (input === "keys") globalThis.addEventListener("unload", () => setRaw(false));
  return {
    input,
    canRedraw,
    canRing: isOutputTerminal && input === "keys",
    hasStyle: canRedraw && (env["NO_COLOR"] ?? "") === "",
    columns: () => columnsOf(isOutputTerminal),
    read: () => Deno.stdin.readable,
    write: (text) => out.write(text),
    writeTalk: (text) => input === "keys" ? out.write(text) : err.write(text),
    setRaw,
  };
}

/** A terminal is asked key by key only when the person also sees what they type. */
function inputKind(): InputKind {
  if (Deno.stdin.isTerminal()) return Deno.stdout.isTerminal() ? "keys" : "lines";
  try {
    const stat = fstatSync(0);
    return stat.isFIFO() || stat.isFile() || stat.isSocket() ? "lines" : "none";
  } catch {
    return "none"; // standard input is closed
  }
}

function columnsOf(isOutputTerminal: boolean): number {
  if (!isOutputTerminal) return DEFAULT_COLUMNS;
  try {
    return Deno.consoleSize().columns || DEFAULT_COLUMNS;
  } catch {
    return DEFAULT_COLUMNS; // the terminal went away
  }
}

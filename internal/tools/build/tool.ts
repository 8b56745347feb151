/**
 * What the project's tools share: their output, running a command, a digest.
 *
 * @module
 */

/** The root of the project, with a final "/". */
export const ROOT: string = new URL("../../../", import.meta.url).pathname;

/** A tool cannot go on; the message says what to do. */
export class ToolError extends Error {
  override readonly name = "ToolError";
}

/** Writes one line to standard output. */
export function print(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${line}\n`));
}

/** What a command left behind. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, in the root of the project unless told otherwise; never throws because of its status. */
export async function run(
  argv: readonly [string, ...string[]],
  options: { cwd?: string; env?: Record<string, string>; signal?: AbortSignal } = {},
): Promise<CommandResult> {
  const [command, ...args] = argv;
  const output = await new Deno.Command(command, {
    args,
    cwd: options.cwd ?? ROOT,
    env: { NO_COLOR: "1", ...options.env },
    stdin: "null",
    ...(options.signal ? { signal: options.signal } : {}),
  }).output();
  const text = new TextDecoder();
  return { code: output.code, stdout: text.decode(output.stdout), stderr: text.decode(output.stderr) };
}

/** Runs a command that must succeed. @throws ToolError with its error output when it does not. */
export async function runOrFail(
  argv: readonly [string, ...string[]],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<string> {
  const result = await run(argv, options);
  if (result.code === 0) return result.stdout;
  throw new ToolError(`"${argv.join(" ")}" ended with status ${result.code}\n${result.stderr.trim()}`);
}

/** SHA-256 as lower-case hexadecimal digits. */
export async function sha256Hex(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Whether a command is installed here. */
export async function hasCommand(name: string): Promise<boolean> {
  return (await run(["sh", "-c", `command -v ${name}`])).code === 0;
}

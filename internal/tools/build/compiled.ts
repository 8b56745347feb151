/**
 * The executable that `deno compile` makes, where its small runtime ("denort") can be had.
 *
 * @module
 */
import { compiledFlags } from "./permissions.ts";
import type { Program, Target } from "./programs.ts";
import { runOrFail, ToolError } from "./tool.ts";

const PROBE_TIMEOUT_MS = 5_000;

/** Whether `deno compile` can get its runtime for `target`: `DENORT_BIN` names one, or Deno's download site answers. */
export async function canCompile(target: Target): Promise<boolean> {
  if (Deno.env.get("DENORT_BIN")) return target === Deno.build.target;
  const url = `https://dl.deno.land/release/v${Deno.version.deno}/denort-${target}.zip`;
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false; // No network, or one that does not lead there: the other kind of executable is built.
  }
}

/** Compiles a bundle to `out`. @throws ToolError with the compiler's words. */
export async function compile(
  options: { program: Program; bundlePath: string; target: Target; out: string; env?: Record<string, string> },
): Promise<void> {
  const { program, bundlePath, target, out } = options;
  const flags = [
    "--no-config",
    "--no-lock",
    "--no-npm",
    "--no-remote",
    "--no-prompt",
    ...compiledFlags(program.permissions),
    `--v8-flags=${[...program.v8Flags, `--max-old-space-size=${program.heapMb}`].join(",")}`,
  ];
  // A runtime named by DENORT_BIN is used as it is: the compiler would look for the target's own otherwise.
  const forTarget = target === Deno.build.target ? [] : ["--target", target];
  await runOrFail(
    [Deno.execPath(), "compile", "--quiet", ...flags, ...forTarget, "--output", out, bundlePath],
    options.env ? { env: options.env } : {},
  );
}

/** What a compiled program carries beside its code. */
export interface CompiledMetadata {
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly entrypoint_key: string;
  readonly [key: string]: unknown;
}

const MAGIC = new TextEncoder().encode("d3n0l4nd");

/** Reads the metadata of a compiled program: after the magic, a little-endian length of 8 bytes, then JSON. */
export function readCompiledMetadata(executable: Uint8Array): CompiledMetadata {
  const view = new DataView(executable.buffer, executable.byteOffset, executable.byteLength);
  for (let at = executable.indexOf(MAGIC[0] ?? 0); at >= 0; at = executable.indexOf(MAGIC[0] ?? 0, at + 1)) {
    if (!MAGIC.every((byte, index) => executable[at + index] === byte)) continue;
    const start = at + MAGIC.length + 8;
    if (start > executable.length) break;
    const length = Number(view.getBigUint64(at + MAGIC.length, true));
    if (length > executable.length - start) continue;
    return JSON.parse(new TextDecoder().decode(executable.subarray(start, start + length))) as CompiledMetadata;
  }
  throw new ToolError("Cannot read the metadata of a compiled program: it has none");
}

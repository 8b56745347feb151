/**
 * Builds programs: bundle, then compile or pack. Nothing is packed again whose parts are unchanged.
 *
 * @module
 */
import { bundle, bundleLoader, bundleScript } from "./bundle.ts";
import { canCompile, compile } from "./compiled.ts";
import type { BuildOptions } from "./options.ts";
import type { Program } from "./programs.ts";
import { readRuntime } from "./runtime_binary.ts";
import { type PackedPart, packPart, renderHeader, writeExecutable } from "./self_extracting.ts";
import { sha256Hex, ToolError } from "./tool.ts";
import type { BuildStamp } from "./version.ts";

/** One executable that was built. */
export interface BuiltProgram {
  readonly name: string;
  readonly path: string;
  readonly kind: "compiled" | "self-extracting";
  /** False when the file of the last build is the same and was kept. */
  readonly changed: boolean;
  readonly bytes: number;
}

/** Builds every program into `options.out`. @throws ToolError when a program does not type-check or a tool is missing. */
export async function build(
  programs: readonly Program[],
  stamp: BuildStamp,
  options: BuildOptions,
): Promise<readonly BuiltProgram[]> {
  await Deno.mkdir(options.out, { recursive: true });
  const compiles = options.mode === "compile" || (options.mode === "auto" && await canCompile(options.target));
  const pack = compiles ? undefined : await createPacker(stamp, options);
  const built: BuiltProgram[] = [];
  for (const program of programs) {
    const path = `${options.out}/${program.name}`;
    const changed = pack ? await pack(program, path) : await compileTo(program, stamp, path, options);
    const { size: bytes } = await Deno.stat(path);
    built.push({ name: program.name, path, kind: pack ? "self-extracting" : "compiled", changed, bytes });
  }
  return built;
}

async function compileTo(program: Program, stamp: BuildStamp, path: string, options: BuildOptions): Promise<true> {
  if (options.runtimeVersion !== Deno.version.deno) {
    throw new ToolError(
      "--runtime-version is for --mode=self-extracting; a compiled program has the version of its compiler",
    );
  }
  const folder = await Deno.makeTempDir({ prefix: "bzzz-compile-" });
  try {
    const bundlePath = `${folder}/${program.name}.js`;
    await Deno.writeFile(bundlePath, await bundle(program.entry, stamp));
    await compile({ program, bundlePath, target: options.target, out: path });
    return true;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

type Packer = (program: Program, path: string) => Promise<boolean>;

async function createPacker(stamp: BuildStamp, options: BuildOptions): Promise<Packer> {
  const template = await Deno.readTextFile(new URL("./stub.sh", import.meta.url));
  const runtime = await packRuntime(await readRuntime(options.target, options.runtimeVersion), `${options.out}/.cache`);
  return async (program, path) => {
    const code = await packPart(await bundleScript(program.entry, stamp));
    const app = await packPart(await bundleLoader(code.sha256));
    const { target } = options;
    const header = renderHeader(template, { program, version: stamp.version, target, runtime, app, code });
    const parts = [header, runtime.gzip, app.gzip, code.gzip];
    // The header names the digests of all parts: the same header and length are the same executable.
    if (await isSameFile(path, header, parts.reduce((sum, part) => sum + part.length, 0))) return false;
    await writeExecutable(path, parts);
    return true;
  };
}

/** Packs the runtime, or takes it from the last build: packing 95 MB is most of the time of a build. */
async function packRuntime(bytes: Uint8Array<ArrayBuffer>, cache: string): Promise<PackedPart> {
  const sha256 = await sha256Hex(bytes);
  const path = `${cache}/runtime-${sha256}.gz`;
  try {
    return { gzip: await Deno.readFile(path), sha256 };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const part = await packPart(bytes);
  await Deno.mkdir(cache, { recursive: true });
  await writeExecutable(path, [part.gzip]);
  return part;
}

async function isSameFile(path: string, header: Uint8Array, length: number): Promise<boolean> {
  try {
    if ((await Deno.stat(path)).size !== length) return false;
    using file = await Deno.open(path);
    const head = new Uint8Array(header.length);
    const read = await file.read(head);
    return read === head.length && head.every((byte, index) => byte === header[index]);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

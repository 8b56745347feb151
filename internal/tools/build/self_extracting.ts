/**
 * The executable that needs no compiler: a shell header, then the Deno runtime, the loader and the program, each gzip'd.
 * Runs where /bin/sh, a few standard tools and the C library are; every target is packed from any machine.
 *
 * @module
 */
import { gzipSync } from "node:zlib";
import { CLOSED_WORLD, fixedFlags, LAN_NET } from "./permissions.ts";
import { type Program, type Target, VIEW_V8_FLAGS } from "./programs.ts";
import { sha256Hex, ToolError } from "./tool.ts";

/** The header has a fixed length, so that its own text can name the offsets behind it, and so that `head -c` makes a launcher of it. */
export const HEADER_BYTES = 8192;

/** A part of the executable, packed once and shared by both programs. */
export interface PackedPart {
  readonly gzip: Uint8Array<ArrayBuffer>;
  /** SHA-256 of what is inside. */
  readonly sha256: string;
}

/** Packs a part; the same bytes give the same part. A low level is for tests, which unpack what they pack. */
export async function packPart(bytes: Uint8Array<ArrayBuffer>, level = 9): Promise<PackedPart> {
  return { gzip: new Uint8Array(gzipSync(bytes, { level })), sha256: await sha256Hex(bytes) };
}

/** Quotes a word for the shell. */
function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The header of one executable. @throws ToolError when it does not fit. */
export function renderHeader(
  template: string,
  options: {
    program: Program;
    version: string;
    target: Target;
    runtime: PackedPart;
    /** The loader, which is the main module. */
    app: PackedPart;
    /** The program as a script. */
    code: PackedPart;
  },
): Uint8Array<ArrayBuffer> {
  const { program, runtime, app, code } = options;
  const values: Readonly<Record<string, string>> = {
    NAME: program.name,
    VERSION: options.version,
    TARGET: options.target,
    RT_OFF: String(HEADER_BYTES + 1),
    RT_LEN: String(runtime.gzip.length),
    RT_SHA: runtime.sha256,
    APP_OFF: String(HEADER_BYTES + 1 + runtime.gzip.length),
    APP_LEN: String(app.gzip.length),
    APP_SHA: app.sha256,
    CODE_OFF: String(HEADER_BYTES + 1 + runtime.gzip.length + app.gzip.length),
    CODE_LEN: String(code.gzip.length),
    CODE_SHA: code.sha256,
    LAN_NET: LAN_NET.join(","),
    HEAP_MB: String(program.heapMb),
    ENGINE_FLAGS: program.v8Flags.join(","),
    VIEW_FLAGS: VIEW_V8_FLAGS.join(","),
    CLOSED_WORLD: CLOSED_WORLD.join(" "),
    FIXED: fixedFlags(program.permissions).map(quote).join(" "),
  };
  const text = withoutNotes(template).replaceAll(/@([A-Z_]+)@/g, (whole, name: string) => values[name] ?? whole);
  const bytes = new TextEncoder().encode(text);
  if (bytes.length >= HEADER_BYTES) {
    throw new ToolError(`The header of ${program.name} has ${bytes.length} bytes; at most ${HEADER_BYTES - 1} fit`);
  }
  const header = new Uint8Array(HEADER_BYTES).fill(0x0a);
  header.set(bytes);
  return header;
}

/** Comments that fill a line say something to whoever changes the template; the first ones say what the file is. */
function withoutNotes(template: string): string {
  const codeAt = template.search(/^[^#]/m);
  return template.slice(0, codeAt) + template.slice(codeAt).replaceAll(/^ *#.*\n/gm, "");
}

/** Writes header, runtime and program to `path`, mode 0755, in one rename: a program that runs is never half replaced. */
export async function writeExecutable(path: string, parts: readonly Uint8Array[]): Promise<void> {
  const aside = `${path}.tmp`;
  using file = await Deno.open(aside, { write: true, create: true, truncate: true });
  for (const part of parts) {
    for (let offset = 0; offset < part.length;) offset += await file.write(part.subarray(offset));
  }
  await Deno.chmod(aside, 0o755);
  await Deno.rename(aside, path);
}

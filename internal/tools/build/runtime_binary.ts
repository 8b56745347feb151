/**
 * The Deno runtime that goes into a self-extracting executable: the one that runs now, or that of another platform
 * from its npm package.
 *
 * @module
 */
import { type Target, TARGETS } from "./programs.ts";
import { runOrFail, ToolError } from "./tool.ts";

const MAGIC: readonly (readonly number[])[] = [
  [0x7f, 0x45, 0x4c, 0x46], // ELF
  [0xcf, 0xfa, 0xed, 0xfe], // Mach-O, 64 bit
];

/** Whether these are the first bytes of a program and not of a script that starts one. */
export function isNativeExecutable(bytes: Uint8Array): boolean {
  return MAGIC.some((magic) => magic.every((byte, index) => bytes[index] === byte));
}

/** The runtime of this machine. */
export async function readHostRuntime(path: string = Deno.execPath()): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(await Deno.realPath(path));
  // npm's "deno" may be a Node script that starts the real one; packing it would give an executable that needs Node.
  if (!isNativeExecutable(bytes)) {
    throw new ToolError(`Cannot pack "${path}": it is not the Deno runtime itself but a script that starts it`);
  }
  return bytes;
}

/**
 * The runtime for `target`: this one when it is the same platform and version, else the npm package of that platform.
 * npm checks the package against its published digest.
 */
export async function readRuntime(target: Target, version: string): Promise<Uint8Array<ArrayBuffer>> {
  if (target === Deno.build.target && version === Deno.version.deno) return await readHostRuntime();
  const folder = await Deno.makeTempDir({ prefix: "bzzz-runtime-" });
  try {
    await runOrFail(["npm", "pack", "--silent", "--pack-destination", folder, `${TARGETS[target]}@${version}`]);
    const [archive] = await Array.fromAsync(Deno.readDir(folder));
    if (archive === undefined) throw new ToolError(`npm has no ${TARGETS[target]}@${version}`);
    await runOrFail(["tar", "-xzf", `${folder}/${archive.name}`, "-C", folder, "package/deno"]);
    return await readHostRuntime(`${folder}/package/deno`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * One program as one JavaScript file, a module or a script: type-checked, minified, the same bytes for the same source.
 *
 * @module
 */
import { ROOT, runOrFail, ToolError } from "./tool.ts";
import { type BuildStamp, stamp } from "./version.ts";

const LOADER = "internal/tools/build/loader.ts";

/** Bundles `entry` (a path from the root of the project) and stamps it. @throws ToolError when it does not type-check. */
export async function bundle(entry: string, build: BuildStamp): Promise<Uint8Array<ArrayBuffer>> {
  return new TextEncoder().encode(stamp(withRequire(await bundled(entry, "esm")), build));
}

/**
 * The same as a script that the loader runs: a function of `require`, `module` and `exports`. Its `entry` must not await at
 * its top level.
 *
 * @throws ToolError when it does not type-check, or awaits
 */
export async function bundleScript(entry: string, build: BuildStamp): Promise<Uint8Array<ArrayBuffer>> {
  const code = stamp(await bundled(entry, "cjs"), build);
  return new TextEncoder().encode(`(function(require,module,exports){${code}\n})`);
}

/** The module that runs the script with this digest, when both lie in one folder. */
export async function bundleLoader(scriptSha256: string): Promise<Uint8Array<ArrayBuffer>> {
  return new TextEncoder().encode((await bundled(LOADER, "esm")).replaceAll("@BZZZ_SCRIPT@", scriptSha256));
}

async function bundled(entry: string, format: "esm" | "cjs"): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-bundle-" });
  try {
    const out = `${folder}/bundle.js`;
    const options = ["--check", "--quiet", "--minify", "--platform", "deno", "--format", format, "--output", out];
    await runOrFail([Deno.execPath(), "bundle", ...options, `${ROOT}${entry}`]);
    return assertAscii(await Deno.readTextFile(out));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/**
 * The engine keeps the text of a program for as long as it runs, a byte for each character, or two for each where one of them needs
 * two. The bundler writes strings with escapes, but leaves regular expressions as they are.
 *
 * @returns `code`
 * @throws ToolError naming the character, its surroundings, and what to write in its place
 */
export function assertAscii(code: string): string {
  const at = code.search(/[^\0-\x7f]/);
  if (at < 0) return code;
  const unit = code.charCodeAt(at).toString(16).padStart(4, "0");
  throw new ToolError(
    `Cannot use the bundle: it has the character "${code.charAt(at)}" in ${
      JSON.stringify(code.slice(Math.max(0, at - 40), at + 40))
    }, ` +
      `which would double what the program's text takes in memory; write it as \\u${unit}`,
  );
}

/** esbuild's stand-in for `require`, minified: it throws for every module. */
const REFUSING_REQUIRE = /var ([\w$]+)=\((\w+)=>typeof require<"u".{0,400}?is not supported'\)\}\);/s;

/**
 * The bundle with a `require` that works. deno bundle 2.9.6 puts one in place of esbuild's, but does not find it where the
 * minifier gave it a name with a "$", which any change of the program may bring about.
 *
 * @throws ToolError when neither is there
 */
export function withRequire(code: string): string {
  const repaired = code.replace(
    REFUSING_REQUIRE,
    (_, name: string) =>
      `import{createRequire as __bzzz_createRequire}from"node:module";var ${name}=__bzzz_createRequire(import.meta.url);`,
  );
  if (!repaired.includes('Dynamic require of "')) return repaired;
  throw new ToolError("Cannot use the bundle: it has esbuild's require, which refuses every module, in a new form");
}

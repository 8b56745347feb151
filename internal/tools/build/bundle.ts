/**
 * One program as one JavaScript file: type-checked, minified, the same bytes for the same source.
 *
 * @module
 */
import { ROOT, runOrFail, ToolError } from "./tool.ts";
import { type BuildStamp, stamp } from "./version.ts";

/** Bundles `entry` (a path from the root of the project) and stamps it. @throws ToolError when it does not type-check. */
export async function bundle(entry: string, build: BuildStamp): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-bundle-" });
  try {
    const out = `${folder}/bundle.js`;
    const options = ["--check", "--quiet", "--minify", "--platform", "deno", "--output", out];
    await runOrFail([Deno.execPath(), "bundle", ...options, `${ROOT}${entry}`]);
    return new TextEncoder().encode(stamp(withRequire(await Deno.readTextFile(out)), build));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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

/**
 * One program as one JavaScript file: type-checked, minified, the same bytes for the same source.
 *
 * @module
 */
import { ROOT, runOrFail } from "./tool.ts";
import { type BuildStamp, stamp } from "./version.ts";

/** Bundles `entry` (a path from the root of the project) and stamps it. @throws ToolError when it does not type-check. */
export async function bundle(entry: string, build: BuildStamp): Promise<Uint8Array<ArrayBuffer>> {
  const folder = await Deno.makeTempDir({ prefix: "bzzz-bundle-" });
  try {
    const out = `${folder}/bundle.js`;
    const options = ["--check", "--quiet", "--minify", "--platform", "deno", "--output", out];
    await runOrFail([Deno.execPath(), "bundle", ...options, `${ROOT}${entry}`]);
    return new TextEncoder().encode(stamp(await Deno.readTextFile(out), build));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

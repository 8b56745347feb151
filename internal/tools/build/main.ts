/**
 * `deno task build [--mode=auto|compile|self-extracting] [--target=…] [--runtime-version=…] [--out=dist]`
 *
 * @module
 */
import { build } from "./build.ts";
import { parseBuildOptions } from "./options.ts";
import { PROGRAMS } from "./programs.ts";
import { print, ToolError } from "./tool.ts";
import { readBuildStamp } from "./version.ts";

try {
  const stamp = await readBuildStamp();
  for (const built of await build(PROGRAMS, stamp, parseBuildOptions(Deno.args))) {
    const size = `${(built.bytes / 1e6).toFixed(1)} MB`;
    print(
      `${built.path}  ${stamp.version} (${stamp.commit})  ${built.kind}, ${size}${built.changed ? "" : ", unchanged"}`,
    );
  }
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  print(`build: ${error.message}`);
  Deno.exitCode = 1;
}

/**
 * The command line of the build.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { isTarget, type Target, TARGETS } from "./programs.ts";
import { ToolError } from "./tool.ts";

const MODES = ["auto", "compile", "self-extracting"] as const;

/** How an executable is made: `auto` compiles where the compiler's runtime can be had, and packs elsewhere. */
export type BuildMode = (typeof MODES)[number];

/** What to build. */
export interface BuildOptions {
  readonly mode: BuildMode;
  readonly target: Target;
  /** The Deno version that is packed; that of the running one unless told otherwise. */
  readonly runtimeVersion: string;
  /** The folder of the executables. */
  readonly out: string;
}

/** Reads the command line. @throws ToolError naming what is accepted. */
export function parseBuildOptions(args: readonly string[]): BuildOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: { type: "string", default: "auto" },
      target: { type: "string", default: Deno.build.target },
      "runtime-version": { type: "string", default: Deno.version.deno },
      out: { type: "string", default: "dist" },
    },
  });
  const mode = MODES.find((known) => known === values.mode);
  if (!mode) throw new ToolError(`--mode is "${values.mode}"; it can be ${MODES.join(", ")}`);
  if (!isTarget(values.target)) {
    throw new ToolError(`--target is "${values.target}"; it can be ${Object.keys(TARGETS).join(", ")}`);
  }
  return { mode, target: values.target, runtimeVersion: values["runtime-version"], out: values.out };
}

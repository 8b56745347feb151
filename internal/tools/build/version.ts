/**
 * The version that a built program carries.
 *
 * @module
 */
import { ROOT, run } from "./tool.ts";

/** The texts in the source that the build replaces; from source they stay as they are. */
export const VERSION_PLACEHOLDER = "@BZZZ_VERSION@";
export const COMMIT_PLACEHOLDER = "@BZZZ_COMMIT@";

/** What is stamped into a program. */
export interface BuildStamp {
  /** The version of deno.json. */
  readonly version: string;
  /** `git describe --always --dirty`, or "unknown" outside a repository. No time: the same source gives the same bytes. */
  readonly commit: string;
}

/** Reads the stamp of this tree. */
export async function readBuildStamp(root: string = ROOT): Promise<BuildStamp> {
  const { version } = JSON.parse(await Deno.readTextFile(`${root}deno.json`)) as { version: string };
  const given = Deno.env.get("BZZZ_COMMIT"); // An image is built without the repository.
  if (given) return { version, commit: given };
  const described = await run(["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"], { cwd: root })
    .catch(() => undefined);
  return { version, commit: described?.code === 0 ? described.stdout.trim() : "unknown" };
}

/** Replaces the placeholders. */
export function stamp(source: string, build: BuildStamp): string {
  return source.replaceAll(VERSION_PLACEHOLDER, build.version).replaceAll(COMMIT_PLACEHOLDER, build.commit);
}

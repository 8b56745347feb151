import { join } from "node:path";
import type { Config } from "@bzzz/config";
import type { BinaryProfile } from "./profiles.ts";

/** The variables this program may see; a permission that lacks leaves it without. */
export function readEnvironment(): Record<string, string> {
  try {
    return Deno.env.toObject();
  } catch {
    return {}; // no permission: defaults
  }
}

/**
 * The data directory: `--home`, else BZZZ_HOME, else one per program under XDG_DATA_HOME (or ~/.local/share), else
 * /var/lib. The self-extracting header computes the same, to scope the permissions.
 */
export function dataDirectory(
  profile: Pick<BinaryProfile, "program">,
  env: Readonly<Record<string, string>>,
  flag: string | undefined,
): string {
  if (flag !== undefined) return flag;
  if (env["BZZZ_HOME"]) return env["BZZZ_HOME"];
  const base = env["XDG_DATA_HOME"] || (env["HOME"] ? join(env["HOME"], ".local", "share") : "/var/lib");
  return join(base, profile.program);
}

/** The folder of the throw-away mesh of `--dev`: one per user, in the temporary folder. */
export function devFolder(env: Readonly<Record<string, string>>): string {
  return join(env["TMPDIR"] || "/tmp", `bzzz-dev-${userId()}`);
}

function userId(): string {
  try {
    return String(Deno.uid() ?? "user");
  } catch {
    return "user"; // no permission to know: one folder for all who do not know
  }
}

/** Whether the interface runs on the terminal: the program has one, the configuration wants it, and somebody is there. */
export function takesTerminal(
  profile: Pick<BinaryProfile, "ownsTerminal">,
  { interface: { mode, autoStartInterface } }: Pick<Config, "interface">,
  terminal: { readonly stdinIsTerminal: boolean; readonly stdoutIsTerminal: boolean },
): boolean {
  const isWanted = profile.ownsTerminal && mode !== "headless" && autoStartInterface;
  return isWanted && terminal.stdinIsTerminal && terminal.stdoutIsTerminal;
}

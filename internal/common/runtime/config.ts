import { BzzzError } from "@bzzz/base";
import {
  type Config,
  ConfigError,
  type ConfigErrorCode,
  type ConfigIssue,
  formatIssues,
  loadConfig,
  type LoadedConfig,
  loadRolesFile,
} from "@bzzz/config";
import type { GlobalFlags, RoleFileEntry } from "@bzzz/cli";
import type { BinaryProfile } from "./profiles.ts";

/** Where a program's configuration comes from. */
export interface ConfigSources {
  readonly profile: BinaryProfile;
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly globals: Pick<GlobalFlags, "config" | "logLevel" | "settings">;
  /** Stronger than the file, weaker than the person's own flags: what `--dev` sets. */
  readonly flags?: Readonly<Record<string, unknown>>;
}

/** A configuration that cannot be used, with every problem in its message: what a person needs to mend it at once. */
export class ConfigurationError extends BzzzError<ConfigErrorCode> {}

/** Flags over `BZZZ_*` over the file over defaults. @throws ConfigurationError with every problem of every source */
export async function loadProgramConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const { profile, globals } = sources;
  const flags: Record<string, unknown> = { ...sources.flags };
  if (globals.logLevel !== undefined) flags["logging.level"] = globals.logLevel;
  for (const [key, value] of globals.settings) flags[key] = value;
  const loaded = await loadConfig({
    profile: profile.config,
    path: globals.config,
    env: sources.env,
    flags,
    home: sources.home,
  }).catch((cause) => {
    throw cause instanceof ConfigError ? explainConfigError(cause) : cause;
  });
  // the profile's schema made it, so it is the configuration of one of the two programs
  return loaded as unknown as LoadedConfig<Config>;
}

/** The roles of a file that must be there. @throws ConfigurationError with every problem of the file */
export async function readRolesFile(path: string, profile: BinaryProfile): Promise<RoleFileEntry[]> {
  const roles = await loadRolesFile(path, { isNamed: true, program: profile.program }).catch((cause) => {
    throw cause instanceof ConfigError ? explainConfigError(cause) : cause;
  });
  return (roles ?? []).map(({ name, level, canDecrypt, capabilities, specialization, promptTemplate }) => ({
    name,
    level,
    can_decrypt: [...canDecrypt],
    capabilities: [...capabilities],
    ...(specialization === undefined ? {} : { specialization }),
    ...(promptTemplate === undefined ? {} : { prompt_template: promptTemplate }),
  }));
}

/** The same with every problem in its message. */
export function explainConfigError(cause: ConfigError): ConfigurationError {
  const { code, details, issues } = cause;
  return new ConfigurationError(code, `${cause.message}\n${formatIssues(issues)}`, { details, cause });
}

/** What to do about a problem, beside what was found and expected. */
export function issueText(issue: ConfigIssue): string {
  return issue.suggestion ?? "not valid";
}

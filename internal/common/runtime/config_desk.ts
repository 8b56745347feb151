import { resolve } from "node:path";
import { decodeGrant, loadGrant, loadMesh } from "@bzzz/agentid";
import type { ConfigIssue, ConfigSetting, GlobalFlags, RoleFileEntry } from "@bzzz/cli";
import { hexEncode } from "@bzzz/base";
import { type Config, CONFIG_PROFILES, ConfigError, loadConfig, type LoadedConfig, renderOrigins } from "@bzzz/config";
import { sha256 } from "@bzzz/crypto";
import { issueText, readRolesFile } from "./config.ts";
import type { BinaryProfile } from "./profiles.ts";
import { type IdentityFacts, validateMultiBinaryDeployment } from "./validation.ts";

/** What the desk stands on. */
export interface ConfigDeskDeps {
  readonly profile: BinaryProfile;
  readonly homeOf: (globals: GlobalFlags) => string;
  /** The configuration of a data directory. */
  readonly load: (globals: GlobalFlags, home: string) => Promise<LoadedConfig>;
}

/** What is said about files of the configuration: their mistakes, where each value comes from, the roles they name. */
export class ConfigDesk {
  readonly #deps: ConfigDeskDeps;

  constructor(deps: ConfigDeskDeps) {
    this.#deps = deps;
  }

  /** One file, or two that shall run on one machine. Empty when all is well. */
  async validate(paths: readonly string[], globals: GlobalFlags): Promise<readonly ConfigIssue[]> {
    const isPair = paths.length > 1; // one file is this program's, of two each may be either's
    const loads = await Promise.all(paths.map((path) => this.#tryLoad(path, isPair)));
    const issues = loads.flatMap((load) => load.issues);
    const [first, second] = loads;
    if (!first?.loaded || !second?.loaded || paths.length !== 2) return issues;
    const facts = globals.home === undefined ? {} : await identityFacts(globals.home);
    const problems = validateMultiBinaryDeployment({ loaded: first.loaded, ...facts }, { loaded: second.loaded });
    // All at once: what is wrong in one of the files does not hide that the rest of them does not go together.
    const known = problems.filter(({ sides }) =>
      [first, second].every((load, at) => !blames(load, sides[at]?.keyPath))
    );
    return [
      ...issues,
      ...known.map((problem) => ({
        file: paths.join(" and "),
        key: problem.check,
        message: `${problem.severity}: ${problem.message} (${
          problem.sides.map((side) => `${side.where}: ${side.value}`).join("; ")
        }); ${problem.suggestion}`,
      })),
    ];
  }

  /** Every value, and who has set it. */
  async show(globals: GlobalFlags): Promise<readonly ConfigSetting[]> {
    const loaded = await this.#deps.load(globals, this.#deps.homeOf(globals));
    const rows = JSON.parse(renderOrigins(loaded.config, loaded.origins, { json: true })) as OriginRow[];
    return rows.map(({ key, value, where }) => ({ key, value: JSON.stringify(value), origin: where }));
  }

  /** The roles of a file, or of the one that the configuration names. */
  async readRoles(path: string | undefined, globals: GlobalFlags): Promise<readonly RoleFileEntry[]> {
    if (path !== undefined) return await readRolesFile(path, this.#deps.profile);
    const home = this.#deps.homeOf(globals);
    const { config } = await this.#deps.load(globals, home);
    return await readRolesFile(resolve(home, config.security.rolesFile), this.#deps.profile);
  }

  async #tryLoad(path: string, isAnyProgram: boolean): Promise<Judged> {
    const failures: ConfigError[] = [];
    const own = this.#deps.profile.config;
    const others = Object.values(CONFIG_PROFILES).filter((profile) => profile.binaryType !== own.binaryType);
    for (const profile of isAnyProgram ? [own, ...others] : [own]) {
      try {
        const loaded = await loadConfig({ profile, path, env: {}, flags: {} });
        return { loaded: loaded as unknown as LoadedConfig<Config>, issues: [] };
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        failures.push(error);
      }
    }
    // the program whose file it says it is has the problems that matter: the fewest, without the wrong binary_type
    const best = failures.find((error) => !error.issues.some((issue) => issue.keyPath === "binary_type")) ??
      failures[0];
    return {
      ...(best?.readable ? { loaded: best.readable } : {}),
      issues: (best?.issues ?? []).map((issue) => ({
        file: issue.file,
        ...(issue.line === undefined ? {} : { line: issue.line }),
        key: issue.keyPath,
        found: issue.got,
        expected: issue.expected,
        message: issueText(issue),
      })),
    };
  }
}

/** A file as far as it can be read, and its own problems. */
interface Judged {
  readonly loaded?: LoadedConfig;
  readonly issues: readonly ConfigIssue[];
}

/** Whether a key has a problem of its own, so that its value is not what its author meant. */
function blames({ issues }: Judged, keyPath: string | undefined): boolean {
  return issues.some(({ key = "" }) => key.replace(/\[.*$/, "") === keyPath);
}

/** What the data directory of a program says about it. */
async function identityFacts(home: string): Promise<{ home?: string; identity?: IdentityFacts }> {
  const mesh = await loadMesh(home);
  const grantBytes = await loadGrant(home);
  const grant = grantBytes && decodeGrant(grantBytes)?.grant;
  if (!mesh || !grant) return { home };
  return {
    home,
    identity: {
      meshId: mesh.meshId,
      peerId: grant.peer,
      agentId: grant.agentId,
      ageRecipient: grant.ageRecipient,
      networkKeyDigest: hexEncode(sha256(mesh.networkKey)),
    },
  };
}

interface OriginRow {
  readonly key: string;
  readonly value: unknown;
  readonly where: string;
}

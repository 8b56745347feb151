import { decodeGrant, listKeyFiles, loadGrant, loadMesh } from "@bzzz/agentid";
import type { Random } from "@bzzz/base";
import { type GlobalFlags, type SetupFacts, type SetupHooks, usageError } from "@bzzz/cli";
import {
  changeSettings,
  CONFIG_FILE_NAME,
  ConfigError,
  MAX_CONFIG_BYTES,
  parseConfig,
  renderExampleConfig,
} from "@bzzz/config";
import { join } from "node:path";
import { defaultAgentId } from "./agent_name.ts";
import { checkForRunningInstance } from "./collision.ts";
import { explainConfigError } from "./config.ts";
import { readTextIfThere, writePrivateFile } from "./home.ts";
import type { BinaryProfile } from "./profiles.ts";

/** What the setup stands on. */
export interface SetupDeskDeps {
  readonly profile: BinaryProfile;
  readonly random: Random;
  readonly homeOf: (globals: GlobalFlags) => string;
}

/** What the questions of the setup need of this machine: what is there, which ports are taken, the files. */
export class SetupDesk implements SetupHooks {
  readonly #deps: SetupDeskDeps;

  constructor(deps: SetupDeskDeps) {
    this.#deps = deps;
  }

  async facts(globals: GlobalFlags): Promise<SetupFacts> {
    const { profile, random } = this.#deps;
    const home = this.#deps.homeOf(globals);
    const mesh = await loadMesh(home);
    const bytes = mesh && await loadGrant(home);
    const grant = bytes && decodeGrant(bytes)?.grant;
    const { defaults } = profile.config;
    return {
      binaryType: profile.binaryType === "hap" ? "hap" : "agent",
      home,
      defaultAgentId: defaultAgentId(profile, random),
      defaultPorts: { first: defaults.httpPort, p2p: defaults.p2pPort },
      areKeysLocked: (await listKeyFiles({ home, binaryType: profile.binaryType })).some(({ isLocked }) => isLocked),
      ...(mesh && grant ? { member: { agentId: grant.agentId, meshName: mesh.name } } : {}),
    };
  }

  /** Those of the ports that another program holds; the own node of the data directory is no other program. */
  async takenPorts(globals: GlobalFlags, ports: readonly number[]): Promise<readonly number[]> {
    if ((await checkForRunningInstance(this.#deps.homeOf(globals))).isRunning) return [];
    return ports.filter((port) => {
      try {
        Deno.listen({ hostname: "127.0.0.1", port }).close();
        return false;
      } catch (error) {
        if (error instanceof Deno.errors.AddrInUse) return true;
        throw error;
      }
    });
  }

  /** @throws CliError "usage" when the file cannot be read, or is too large for one */
  async readAnswers(file: string): Promise<string> {
    const text = await readTextIfThere(file);
    if (text === undefined) throw usageError(`Cannot read the answers: there is no file ${file}`);
    if (text.length > MAX_CONFIG_BYTES) throw usageError(`Cannot read the answers: ${file} is too large`);
    return text;
  }

  async loadProgress(globals: GlobalFlags): Promise<string | undefined> {
    return await readTextIfThere(this.#progress(globals));
  }

  /** Keeps the answers of a setup that goes on; undefined forgets them. */
  async saveProgress(globals: GlobalFlags, text: string | undefined): Promise<void> {
    const path = this.#progress(globals);
    if (text !== undefined) return await writePrivateFile(path, text);
    await Deno.remove(path).catch((error) => {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    });
  }

  /** The configuration as it would be; nothing is written. @throws ConfigurationError when it could not be used */
  async planConfig(
    globals: GlobalFlags,
    settings: Readonly<Record<string, unknown>>,
  ): ReturnType<SetupHooks["planConfig"]> {
    const { profile } = this.#deps;
    const path = this.#config(globals);
    const known = await readTextIfThere(path);
    const before = known ?? renderExampleConfig(profile.config);
    const check = (text: string) =>
      explained(() => parseConfig({ profile: profile.config, text, file: path, env: {}, flags: {} }));
    if (known !== undefined) check(known);
    const after = changeSettings(before, settings);
    check(after);
    return { path, isThere: known !== undefined, before, after };
  }

  async writeConfig(globals: GlobalFlags, text: string): Promise<void> {
    await writePrivateFile(this.#config(globals), text);
  }

  #config(globals: GlobalFlags): string {
    return globals.config ?? join(this.#deps.homeOf(globals), CONFIG_FILE_NAME);
  }

  #progress(globals: GlobalFlags): string {
    return join(this.#deps.homeOf(globals), "setup.json");
  }
}

/** @throws ConfigurationError with every problem */
function explained(parse: () => void): void {
  try {
    parse();
  } catch (error) {
    throw error instanceof ConfigError ? explainConfigError(error) : error;
  }
}

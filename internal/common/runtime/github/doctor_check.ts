import { decodeGrant, type Grant, loadGrant } from "@bzzz/agentid";
import { errorMessage, type PeerId } from "@bzzz/base";
import type { CheckResult } from "@bzzz/cli";
import type { LoadedConfig } from "@bzzz/config";
import { maySteer } from "@bzzz/coordinator";
import { gitHubOptions } from "./services.ts";
import { readTokenFile, tokenFileIn } from "./token_file.ts";

/** Whether a node that leads could look after issues; asks nobody. Nothing where no repository is configured. */
export async function checkGitHub(
  deps: { readonly home: string; readonly load: () => Promise<Pick<LoadedConfig, "config">> },
): Promise<CheckResult[]> {
  const options = await deps.load().then(({ config }) => gitHubOptions(config), () => undefined); // "configuration" says why
  if (!options) return [];
  const { repositories, tokenFile } = options;
  const found = `${repositories.length} ${repositories.length === 1 ? "repository" : "repositories"}`;
  if (tokenFile === undefined) {
    const fix = "set tasks.github.token_file, to tell on issues what becomes of them";
    return [{ name: "github", status: "warning", found: `${found}, read only: no token`, fix }];
  }
  try {
    await readTokenFile(tokenFileIn(deps.home, tokenFile));
  } catch (error) {
    const fix = "write the token into that file, mode 0600, in the data directory";
    return [{ name: "github", status: "failed", found: errorMessage(error), fix }];
  }
  const grant = await grantIn(deps.home);
  if (grant && !maySteer({ author: ANOTHER }, grant.peer, grant)) {
    const fix = "give agents that may lead a role of coordination or above";
    return [{
      name: "github",
      status: "warning",
      found: `${found}; role ${grant.role} cancels only its own tasks`,
      fix,
    }];
  }
  return [{ name: "github", status: "ok", found: `${found}, with a token` }];
}

/** Whoever has posted a task, and is not this node. */
const ANOTHER = "" as PeerId;

async function grantIn(home: string): Promise<Grant | undefined> {
  const bytes = await loadGrant(home).catch(() => undefined); // "grant" says why
  return bytes && decodeGrant(bytes)?.grant;
}

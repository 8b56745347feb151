import { IdentityError, loadGrant, loadMesh, loadNodeKeys } from "@bzzz/agentid";
import { decodeGrant } from "@bzzz/agentid";
import type { CheckResult, NodeEndpoint } from "@bzzz/cli";
import { BzzzError, type Clock, errorMessage, type Random } from "@bzzz/base";
import type { LoadedConfig } from "@bzzz/config";
import { createNullLogger } from "@bzzz/logging";
import { openStore } from "@bzzz/store";
import { checkGitHub } from "./github/doctor_check.ts";
import { homePaths, isThere } from "./home.ts";
import { checkModel } from "./model_check.ts";
import { checkPerson } from "./people/person_check.ts";
import type { BinaryProfile } from "./profiles.ts";

/** What `doctor` looks at. */
export interface DoctorDeps {
  readonly profile: BinaryProfile;
  readonly clock: Clock;
  readonly random: Random;
  readonly home: string;
  /** Of locked keys; rejects when it cannot be had. */
  readonly passphrase: () => Promise<string | undefined>;
  readonly load: () => Promise<LoadedConfig>;
  readonly findNode: () => Promise<NodeEndpoint | undefined>;
  readonly fetch: (request: Request) => Promise<Response>;
}

/** Looks at everything a node of this data directory stands on, and says what to do about what is wrong. */
export async function runDoctor(deps: DoctorDeps): Promise<readonly CheckResult[]> {
  const node = await deps.findNode();
  return [
    await check("configuration", () => checkConfig(deps)),
    await check("mesh", () => checkMesh(deps)),
    await check("keys", () => checkKeys(deps)),
    await check("grant", () => checkGrant(deps)),
    ...await checkModels(deps),
    ...(deps.profile.binaryType === "hap" ? [await check("person", () => checkPerson(deps))] : []),
    ...await checkGitHub(deps),
    ...(node ? [await check("node", () => checkNode(deps, node))] : [
      await check("database", () => checkDatabase(deps)),
      ...await checkPorts(deps),
      { name: "node", status: "warning" as const, found: "none runs here", fix: `${deps.profile.program} run` },
    ]),
  ];
}

async function check(name: string, look: () => Promise<Omit<CheckResult, "name">>): Promise<CheckResult> {
  try {
    return { name, ...await look() };
  } catch (error) {
    const fix = error instanceof BzzzError ? FIXES[error.code] : undefined;
    return { name, status: "failed", found: errorMessage(error), ...(fix ? { fix } : {}) };
  }
}

const FIXES: Readonly<Record<string, string>> = {
  passphrase_required: "give --passphrase-file, or run it on a terminal",
  key_permissions: "chmod 600 the key file",
  key_missing: "join the mesh again, or restore the identity folder from a backup",
  store_corrupt: "move the database aside; the node gets the history from its peers again",
  store_full: "free disk space",
  model_unreachable: "start the server of the models, or set executor.model.url",
  model_unauthorized: "put a valid token into the file of executor.model.token_file, mode 0600",
  model_token_unreadable: "put the token into the data directory, mode 0600",
};

async function checkConfig({ load }: DoctorDeps): Promise<Omit<CheckResult, "name">> {
  const { file, warnings } = await load();
  const found = file ?? "no file: defaults";
  if (warnings.length === 0) return { status: "ok", found };
  return { status: "warning", found: `${found}; ${warnings.length} unknown variables`, fix: "config show --origin" };
}

async function checkMesh({ home, profile }: DoctorDeps): Promise<Omit<CheckResult, "name">> {
  const mesh = await loadMesh(home);
  if (mesh) return { status: "ok", found: `${mesh.name} (${mesh.meshId})` };
  return {
    status: "failed",
    found: `"${home}" belongs to no mesh`,
    fix: `${profile.program} init, or ${profile.program} join TOKEN`,
  };
}

async function checkKeys(deps: DoctorDeps): Promise<Omit<CheckResult, "name">> {
  const location = { home: deps.home, binaryType: deps.profile.binaryType };
  const passphrase = await deps.passphrase();
  const keys = await loadNodeKeys(location, passphrase === undefined ? {} : { passphrase });
  return { status: "ok", found: passphrase === undefined ? keys.peerId : `${keys.peerId}, locked` };
}

async function checkGrant({ home, clock, profile }: DoctorDeps): Promise<Omit<CheckResult, "name">> {
  const bytes = await loadGrant(home);
  const grant = bytes && decodeGrant(bytes)?.grant;
  if (!grant) throw new IdentityError("invalid_grant", "there is none, or it cannot be read");
  const until = new Date(grant.notAfterMs).toISOString().slice(0, 10);
  const found = `"${grant.agentId}", role ${grant.role}, until ${until}`;
  if (grant.binaryType !== profile.binaryType) {
    return {
      status: "failed",
      found: `${found}, for bzzz-${grant.binaryType}`,
      fix: "use the other program, or another --home",
    };
  }
  const leftMs = grant.notAfterMs - clock.nowMs();
  if (leftMs <= 0) return { status: "failed", found: `${found}: it has ended`, fix: "ask an admin for an invite" };
  return leftMs < EXPIRY_WARNING_MS
    ? { status: "warning", found, fix: "ask an admin for a new grant" }
    : { status: "ok", found };
}

/** Nothing where no model works, and where the configuration cannot be read: "configuration" says why. */
async function checkModels(deps: DoctorDeps): Promise<CheckResult[]> {
  let config: LoadedConfig["config"];
  try {
    ({ config } = await deps.load());
  } catch {
    return [];
  }
  const look = checkModel(deps, config);
  return look ? [await check("model", () => look)] : [];
}

async function checkDatabase({ home, clock }: DoctorDeps): Promise<Omit<CheckResult, "name">> {
  // opening would make one, and looking must not change anything
  if (!await isThere(homePaths(home).database)) return { status: "ok", found: "none yet" };
  using store = openStore({ clock, logger: createNullLogger() }, { path: homePaths(home).database });
  const { state, message, bytes } = store.health();
  const found = `${store.entries.lastCursor()} entries, ${Math.ceil(bytes / 1024)} KiB`;
  return state === "ok"
    ? { status: "ok", found }
    : { status: "failed", found: `${found}; ${state}`, fix: message ?? "" };
}

async function checkPorts({ load }: DoctorDeps): Promise<CheckResult[]> {
  let config: LoadedConfig["config"];
  try {
    ({ config } = await load());
  } catch {
    return []; // "configuration" has said why
  }
  const ports = [
    ["api port", config.api.host, config.ports.httpPort, "ports.http_port"],
    ["health port", config.health.host, config.ports.healthPort, "ports.health_port"],
    ["context port", config.api.host, config.ports.ucxiPort, "ports.ucxi_port"],
    ["p2p port", config.network.listenHost, config.network.p2pPort, "network.p2p_port"],
  ] as const;
  return ports.map(([name, hostname, port, key]) => {
    if (port === 0) return { name, status: "ok", found: "any free port" };
    try {
      Deno.listen({ hostname, port }).close();
      return { name, status: "ok", found: `${hostname}:${port} is free` };
    } catch (error) {
      return {
        name,
        status: "failed",
        found: `${hostname}:${port}: ${errorMessage(error)}`,
        fix: `stop what uses it, or set ${key}`,
      };
    }
  });
}

async function checkNode({ fetch }: DoctorDeps, node: NodeEndpoint): Promise<Omit<CheckResult, "name">> {
  const response = await fetch(
    new Request(`${node.baseUrl}/api/v1/status`, {
      headers: { authorization: `Bearer ${node.token}` },
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
    }),
  );
  if (!response.ok) {
    await response.body?.cancel();
    throw new Error(`the API answers with HTTP ${response.status}`);
  }
  const status = await response.json() as { state?: string; reasons?: string[]; peers?: { connected: number } };
  const found = `${status.state ?? "unknown"}, ${status.peers?.connected ?? 0} peers`;
  if (status.state === "ready") return { status: "ok", found };
  return { status: "warning", found: `${found}: ${(status.reasons ?? []).join("; ")}` };
}

const ANSWER_TIMEOUT_MS = 5_000;
const EXPIRY_WARNING_MS = 14 * 24 * 60 * 60_000;

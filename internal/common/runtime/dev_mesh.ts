import {
  createMesh,
  createNodeKeys,
  hasNodeKeys,
  loadMesh,
  loadNodeKeys,
  loadRootKey,
  saveGrant,
  saveMesh,
  saveRootKey,
} from "@bzzz/agentid";
import { type Clock, parsePeerId } from "@bzzz/base";
import type { Logger } from "@bzzz/logging";
import type { P2pNode } from "@bzzz/p2p";
import { join } from "node:path";
import { requireAgentId } from "./agent_name.ts";
import { homePaths, readEndpoints, readTextIfThere, writePrivateFile } from "./home.ts";
import { foundFirstVoter, grantFounder, personOf, type SetupDeps } from "./setup.ts";

/** A node of the throw-away mesh. */
export interface DevNode {
  readonly home: string;
  /** Flags that make it loopback-only, on free ports, knowing the nodes that run already. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** Lets the next program choose a name: call it once this one holds its data directory. */
  release(): Promise<void>;
}

/** How often a node looks who else has started in the folder. */
const DISCOVERY_PERIOD_MS = 1_000;

/**
 * Keeps a running node of the throw-away mesh in touch with the others of its folder, which multicast may not reach on
 * loopback. Ends with `signal`.
 */
export function discoverDevNodes(
  deps: {
    readonly clock: Clock;
    readonly logger: Logger;
    readonly node: Pick<P2pNode, "isConnected" | "rememberAddresses">;
  },
  options: { readonly folder: string; readonly home: string; readonly signal: AbortSignal },
): void {
  const { clock, logger, node } = deps;
  let isLooking = false;
  const look = async () => {
    if (isLooking) return;
    isLooking = true;
    try {
      for (const address of await runningAddresses(options.folder, options.home)) {
        const peer = parsePeerId(address.slice(address.lastIndexOf("/") + 1));
        if (peer && !node.isConnected(peer)) node.rememberAddresses(peer, [address]);
      }
    } catch (error) {
      logger.debug("The folder of the --dev mesh cannot be read", {}, error);
    } finally {
      isLooking = false;
    }
  };
  const timer = clock.setPeriodic(DISCOVERY_PERIOD_MS, () => void look(), { unref: true }); // look() handles its errors
  options.signal.addEventListener("abort", () => timer.cancel(), { once: true });
}

/** Nodes one folder may have; more is a mistake. */
const MAX_DEV_NODES = 100;
const CREATE_LOCK = "create.lock";

/**
 * Makes a node of the zero-configuration mesh (design section 4, `--dev`): whoever can write the folder has its root key
 * and gets a grant. Insecure on purpose, loopback only, and says so.
 */
export async function prepareDevNode(
  deps: SetupDeps,
  options: { readonly folder: string; readonly home: string | undefined; readonly agentId: string | undefined },
): Promise<DevNode> {
  const { folder } = options;
  await Deno.mkdir(folder, { recursive: true, mode: 0o700 });
  await assertOwnFolder(folder);
  const release = await lockFolder(folder); // two programs that start at once make one mesh, and take two names
  try {
    const home = options.home ?? join(folder, "nodes", await freeName(deps, folder, options.agentId));
    const agentId = requireAgentId(options.agentId ?? home.slice(home.lastIndexOf("/") + 1));
    await joinDevMesh(deps, folder, home, agentId);
    const flags = {
      "ports.http_port": 0,
      "ports.health_port": 0,
      "ports.ucxi_port": 0,
      "network.p2p_port": 0,
      "network.listen_host": "127.0.0.1",
      "network.mdns": false,
      "network.bootstrap": await runningAddresses(folder, home),
    };
    return { home, flags, release };
  } catch (error) {
    await release();
    throw error;
  }
}

async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const file = await Deno.open(join(folder, CREATE_LOCK), { read: true, write: true, create: true, mode: 0o600 });
  await file.lock(true);
  let isHeld = true;
  return async () => {
    if (!isHeld) return;
    isHeld = false;
    await file.unlock(); // closing is not enough: the runtime keeps a duplicate of the handle (Deno 2.9.6)
    file.close();
  };
}

async function joinDevMesh(
  deps: SetupDeps,
  folder: string,
  home: string,
  agentId: ReturnType<typeof requireAgentId>,
): Promise<void> {
  if (await loadMesh(home)) return;
  const { clock, random, profile } = deps;
  const root = join(folder, "root");
  let mesh = await loadMesh(root);
  if (!mesh) {
    const created = createMesh({ name: "dev", random, clock });
    await saveRootKey(root, created.rootKey, { random });
    await saveMesh(root, created, { random });
    mesh = created;
  }
  const location = { home, binaryType: profile.binaryType };
  await Deno.mkdir(home, { recursive: true, mode: 0o700 });
  const keys = await hasNodeKeys(location) ? await loadNodeKeys(location) : await createNodeKeys(location, { random });
  const rootKey = await loadRootKey(root);
  const person = await personOf(deps, { home }, { mesh: mesh.meshId, peer: keys.peerId });
  const grant = grantFounder(deps, { meshId: mesh.meshId, rootKey, agentId, keys, person });
  await saveGrant(home, grant, { random });
  const firstVoter = join(root, "first_voter");
  if (await readTextIfThere(firstVoter) === undefined) {
    foundFirstVoter(deps, home, { meshId: mesh.meshId, rootKey }, keys.peerId);
    await writePrivateFile(firstVoter, `${agentId}\n`);
  }
  await saveMesh(home, mesh, { random });
  await writePrivateFile(homePaths(home).addressBook, "[]");
}

/** The first of agent-1, agent-2, … (hap-1, …) that no running node uses. */
async function freeName({ profile }: SetupDeps, folder: string, wanted: string | undefined): Promise<string> {
  if (wanted !== undefined) return wanted;
  for (let n = 1; n <= MAX_DEV_NODES; n++) {
    const name = `${profile.binaryType}-${n}`;
    if (!await isRunning(join(folder, "nodes", name))) return name;
  }
  throw new RangeError(`Cannot start another node in "${folder}": ${MAX_DEV_NODES} run already`);
}

async function isRunning(home: string): Promise<boolean> {
  if (await readTextIfThere(join(home, "instance.lock")) === undefined) return false;
  using file = await Deno.open(join(home, "instance.lock"), { read: true, write: true });
  if (!await file.tryLock(true)) return true;
  await file.unlock();
  return false;
}

async function runningAddresses(folder: string, self: string): Promise<string[]> {
  const addresses: string[] = [];
  try {
    for await (const entry of Deno.readDir(join(folder, "nodes"))) {
      const home = join(folder, "nodes", entry.name);
      if (home !== self) addresses.push(...(await readEndpoints(home))?.p2p_addresses ?? []);
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return addresses;
}

/** The folder is in a world-writable place: a stranger's must not be used. */
async function assertOwnFolder(folder: string): Promise<void> {
  const info = await Deno.lstat(folder);
  let uid: number | null = null;
  try {
    uid = Deno.uid();
  } catch {
    return; // not permitted to know: the mode below is all there is
  }
  const isOwn = info.isDirectory && !info.isSymlink && (uid === null || info.uid === uid);
  if (isOwn && ((info.mode ?? 0o700) & 0o077) === 0) return;
  throw new RangeError(`Cannot use "${folder}" for --dev: expected a folder of this user with mode 0700; remove it`);
}

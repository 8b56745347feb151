import type { InviteOptions } from "@bzzz/cli";
import type { Config } from "@bzzz/config";
import { createJournal } from "@bzzz/journal";
import { openStore } from "@bzzz/store";
import { networkInterfaces } from "node:os";
import { loadLocalIdentity } from "./agent.ts";
import { requireAgentId } from "./agent_name.ts";
import { acquireInstanceLock } from "./collision.ts";
import { createRuntimeError } from "./errors.ts";
import { inviteView } from "./facade/member_views.ts";
import { homePaths } from "./home.ts";
import { invitedLevel, readDefinedRoles } from "./roles/defined_roles.ts";
import type { SetupDeps } from "./setup.ts";
import { TrustService } from "./trust.ts";

/**
 * An invitation while no node runs: written into the data directory; whoever uses it waits until the node runs. The mesh's own roles
 * are those that this node has heard of.
 * @throws RuntimeError "instance_running", "config_invalid" (no address to put into the token); TrustError; IdentityError
 */
export async function inviteOffline(
  deps: Omit<SetupDeps, "version">,
  options: Omit<InviteOptions, "globals"> & {
    readonly home: string;
    readonly config: Config;
    readonly passphrase: string | undefined;
  },
): Promise<ReturnType<typeof inviteView> & { readonly token: string }> {
  const { clock, random, logger, profile } = deps;
  const { home, config } = options;
  const agentId = options.agentId === undefined ? undefined : requireAgentId(options.agentId);
  const local = await loadLocalIdentity({ clock }, {
    home,
    binaryType: profile.binaryType,
    configuredAgentId: config.agent.id,
    ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
  });
  using _lock = await acquireInstanceLock({ clock, logger }, home, {
    agentId: local.identity.agentId,
    binaryType: profile.binaryType,
  });
  const paths = homePaths(home);
  using store = openStore({ clock, logger }, { path: paths.database });
  const journal = createJournal(
    {
      store,
      key: local.keys.signingKey,
      gate: local.membership,
      clock,
      random,
      logger,
      publish: () => Promise.resolve(0),
    },
    { mesh: local.mesh.meshId, reservationPath: paths.reservation },
  );
  const trust = new TrustService({ local, store, journal, clock, random, logger });
  try {
    const addresses = reachableAddresses(config, local.identity.peerId);
    if (addresses.length === 0) {
      throw createRuntimeError(clock, "config_invalid", "invite", {
        why:
          "the node does not run and has no fixed address; set network.p2p_port or network.announce, or start the node first",
      });
    }
    const { invite, token } = trust.newcomers.invite({
      role: options.role,
      level: invitedLevel(readDefinedRoles(journal), options.role),
      ...(options.binaryType ? { binaryType: options.binaryType } : {}),
      ...(agentId ? { agentId } : {}),
      ttlMs: options.ttlMs,
    }, addresses);
    return { ...inviteView(invite, clock.nowMs()), token };
  } finally {
    await trust.stop();
    await journal.stop();
  }
}

/** Where this node will be reached once it runs. */
function reachableAddresses(config: Config, peer: string): string[] {
  const { announce, listenHost, p2pPort } = config.network;
  if (announce.length > 0) {
    return announce.map((address) => address.startsWith("/") ? `${address}/p2p/${peer}` : address);
  }
  if (p2pPort === 0) return [];
  const hosts = listenHost === "0.0.0.0" || listenHost === "::"
    ? Object.values(networkInterfaces()).flat().flatMap((info) => info?.family === "IPv4" ? [info.address] : [])
    : [listenHost];
  return hosts.map((host) => `/${host.includes(":") ? "ip6" : "ip4"}/${host}/tcp/${p2pPort}/p2p/${peer}`);
}

import { levelAtLeast } from "@bzzz/agentid";
import type { PeerId } from "@bzzz/base";
import type { HealthCheck } from "@bzzz/health";
import { createRegisterNode, type RegisterNode } from "@bzzz/register";
import type { NodeEnvironment, RuntimeServices } from "../services.ts";

/** How often the quorum is looked at, and how often in a row it must be missing. */
const QUORUM_CHECK = { intervalMs: 1_000, failureThreshold: 2 } as const;

/** The registers of this node: who is a member and who a master is the membership's word. */
export function createRegisters(
  { clock, random, logger }: Pick<NodeEnvironment, "clock" | "random" | "logger">,
  { store, node, identity }: Pick<RuntimeServices, "store" | "node" | "identity">,
): RegisterNode {
  const { membership, keys, mesh } = identity;
  const grantOf = (peer: PeerId) => membership.grantOf(peer, clock.nowMs());
  const registers = createRegisterNode({
    mesh: { meshId: mesh.meshId, rootPublicKey: mesh.rootPublicKey },
    self: keys.peerId,
    signingKey: keys.signingKey,
    store,
    streams: node,
    peers: () => node.peers().filter(({ isAdmitted }) => isAdmitted).map(({ peer }) => peer),
    isMember: (peer) => membership.isAdmitted(peer, clock.nowMs()),
    isMaster: (peer) => levelAtLeast(grantOf(peer)?.level ?? "read_only", "master"),
    penalise: (peer, reason) => node.penalise(peer, reason),
    clock,
    random,
    logger: logger.child({ service: "registers" }),
  });
  node.events.on("peer:admitted", ({ peer }) => registers.peerConnected(peer));
  node.events.on("peer:disconnected", () => registers.connectionsChanged());
  return registers;
}

/** Without a quorum the node is degraded: it answers, but nothing new is claimed and nobody is elected. */
export function quorumCheck(registers: Pick<RegisterNode, "hasQuorum" | "describeQuorum">): HealthCheck {
  return {
    name: "quorum",
    critical: false,
    ...QUORUM_CHECK,
    run: () =>
      registers.hasQuorum()
        ? { ok: true, detail: registers.describeQuorum() }
        : { ok: false, code: "no_quorum", message: `No claims and no elections: ${registers.describeQuorum()}` },
  };
}

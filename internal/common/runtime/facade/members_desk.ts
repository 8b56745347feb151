import type {
  AgentView,
  CreatedInviteView,
  CreateInviteInput,
  InviteView,
  MemberView,
  PeerView,
  PersonPresence,
} from "@bzzz/api";
import { parseAgentId, parsePeerId, type PeerId } from "@bzzz/base";
import type { PresenceRecord } from "@bzzz/presence";
import { invitedLevel } from "../roles/defined_roles.ts";
import type { FacadeDeps } from "./facade_deps.ts";
import type { Standing } from "./standing.ts";
import { FacadeError } from "./queries.ts";
import { agentView, inviteView, memberView, peerView } from "./member_views.ts";

/** What the desk stands on. */
export type MembersDeskDeps = Pick<
  FacadeDeps,
  | "local"
  | "config"
  | "version"
  | "trust"
  | "roles"
  | "person"
  | "node"
  | "presence"
  | "clock"
  | "describeSelf"
  | "setPerson"
>;

/** Shows peers, members and agents, and lets members in and out. */
export class MembersDesk {
  readonly #deps: MembersDeskDeps;
  readonly #standing: Standing;

  constructor(deps: MembersDeskDeps, standing: Standing) {
    this.#deps = deps;
    this.#standing = standing;
  }

  peers(): Promise<readonly PeerView[]> {
    const { node, presence, local } = this.#deps;
    const infos = new Map(node.peers().map((info) => [info.peer, info]));
    const records = new Map(presence.records().map((record) => [record.peer, record]));
    const known = new Set([...infos.keys(), ...records.keys()]);
    known.delete(local.identity.peerId);
    return Promise.resolve([...known].map((peer) => this.peerView(peer)));
  }

  members(): Promise<readonly MemberView[]> {
    const { local, node, clock } = this.#deps;
    const self = local.identity.peerId;
    return Promise.resolve(
      local.membership.roster(clock.nowMs()).map((member) =>
        memberView(member, { self, isConnected: member.peer === self || node.isConnected(member.peer) })
      ),
    );
  }

  agents(): Promise<readonly AgentView[]> {
    const { presence, local, clock, config } = this.#deps;
    const { peerId: peer, agentId } = local.identity;
    const own: PresenceRecord = {
      peer,
      agentId,
      binaryType: config.binaryType,
      role: this.#standing.self().role,
      liveness: "alive",
      body: this.#deps.describeSelf(),
      heardAtMs: clock.monotonicMs(),
    };
    const records = [own, ...presence.records().filter((record) => record.peer !== peer)];
    return Promise.resolve(
      records.map((record) =>
        agentView(record, { software: this.#softwareOf(record.peer), lastSeenAtMs: this.#lastSeenAtMs(record) })
      ),
    );
  }

  invites(): Promise<readonly InviteView[]> {
    const nowMs = this.#deps.clock.nowMs();
    return Promise.resolve(this.#deps.trust.newcomers.invites().map((invite) => inviteView(invite, nowMs)));
  }

  async createInvite(input: CreateInviteInput): Promise<CreatedInviteView> {
    const { trust, node, clock, roles } = this.#deps;
    const level = invitedLevel(roles.directory.roles(), input.role);
    const agentId = input.agent_id === undefined ? undefined : parseAgentId(input.agent_id);
    if (input.agent_id !== undefined && !agentId) {
      throw new FacadeError(
        "invalid_request",
        `Cannot invite "${input.agent_id}": expected 2 to 63 of a-z, 0-9 and "-"`,
      );
    }
    if (input.binary_type !== "agent") await this.#deps.person.assertNotLocked("invite somebody with a portal");
    const { invite, token } = trust.newcomers.invite({
      role: input.role,
      level,
      ...(input.binary_type ? { binaryType: input.binary_type } : {}),
      ...(agentId ? { agentId } : {}),
      ttlMs: input.ttl_ms,
    }, node.addresses());
    return { ...inviteView(invite, clock.nowMs()), token };
  }

  // deno-lint-ignore require-await -- a refusal must reject, not throw
  async revokeInvite(inviteId: string): Promise<InviteView> {
    return inviteView(this.#deps.trust.newcomers.closeInvite(inviteId), this.#deps.clock.nowMs());
  }

  async revokeMember(reference: string, options: { reason: string }): Promise<MemberView> {
    const { local, trust, clock, node } = this.#deps;
    const agentId = parseAgentId(reference);
    const peer = parsePeerId(reference) ?? (agentId && local.membership.findAgentId(agentId)?.peer);
    const roster = local.membership.roster(clock.nowMs());
    const before = roster.find((member) => member.peer === peer) ?? roster.find((member) => member.agentId === agentId);
    if (!before) throw new FacadeError("not_found", `Cannot revoke "${reference}": no member has this name or peer id`);
    await trust.revoke(before.peer, options.reason);
    const after = local.membership.roster(clock.nowMs()).find((member) => member.peer === before.peer) ?? before;
    return memberView(after, { self: local.identity.peerId, isConnected: node.isConnected(after.peer) });
  }

  async setPerson(person: PersonPresence): Promise<AgentView> {
    const { presence, setPerson, local } = this.#deps;
    setPerson(person);
    presence.announce();
    const own = (await this.agents()).find((agent) => agent.peer_id === local.identity.peerId);
    if (!own) throw new TypeError("Unreachable: this node is always the first of its agents");
    return own;
  }

  /** A peer as it is seen now. */
  peerView(peer: PeerId): PeerView {
    const { node, presence } = this.#deps;
    const record = presence.get(peer);
    return peerView(peer, {
      info: node.peers().find((info) => info.peer === peer),
      record,
      lastSeenAtMs: record && this.#lastSeenAtMs(record),
      grantOf: this.#standing.grantOf,
    });
  }

  #lastSeenAtMs(record: PresenceRecord): number {
    const { clock } = this.#deps;
    return Math.max(0, clock.nowMs() - (clock.monotonicMs() - record.heardAtMs));
  }

  #softwareOf(peer: PeerId): string {
    const { node, local, version, config } = this.#deps;
    if (peer === local.identity.peerId) return `bzzz-${config.binaryType}/${version}`;
    return node.peers().find((info) => info.peer === peer)?.software ?? "";
  }
}

/**
 * The views of members, peers, agents and invitations: pure, one function per view.
 *
 * @module
 */
import type { Invite, MemberView as RosterMember } from "@bzzz/agentid";
import { inviteState } from "@bzzz/agentid";
import type { AgentView, InviteView, MemberView, PeerView } from "@bzzz/api";
import type { PeerId } from "@bzzz/base";
import type { PeerInfo } from "@bzzz/p2p";
import type { PresenceRecord } from "@bzzz/presence";
import { authorView, type GrantLookup } from "./views.ts";

export function memberView(
  member: RosterMember,
  options: { readonly self: PeerId; readonly isConnected: boolean },
): MemberView {
  return {
    peer_id: member.peer,
    agent_id: member.agentId,
    binary_type: member.binaryType,
    role: member.role,
    level: member.level,
    grant_id: member.grantId,
    issuer: member.issuer,
    not_before_ms: member.notBeforeMs,
    not_after_ms: member.notAfterMs,
    is_self: member.peer === options.self,
    is_connected: options.isConnected,
    ...(member.revokedAtMs === undefined
      ? {}
      : { revoked: { at_ms: member.revokedAtMs, reason: member.revokedReason ?? "" } }),
  };
}

function presenceWord(record: PresenceRecord | undefined): PeerView["presence"] {
  if (!record) return "unknown";
  return record.liveness === "alive" ? record.body.status : record.liveness;
}

export function peerView(
  peer: PeerId,
  facts: {
    readonly info: PeerInfo | undefined;
    readonly record: PresenceRecord | undefined;
    readonly lastSeenAtMs: number | undefined;
    readonly grantOf: GrantLookup;
  },
): PeerView {
  const grant = facts.grantOf(peer);
  return {
    ...authorView(peer, facts.grantOf),
    ...(grant ? { binary_type: grant.binaryType } : {}),
    is_connected: facts.info !== undefined,
    presence: presenceWord(facts.record),
    addresses: facts.info ? [facts.info.address] : [...(facts.record?.body.addresses ?? [])],
    ...(facts.info ? { connected_at_ms: Math.floor(facts.info.connectedAtMs) } : {}),
    ...(facts.lastSeenAtMs === undefined ? {} : { last_seen_at_ms: Math.floor(facts.lastSeenAtMs) }),
  };
}

export function agentView(
  record: PresenceRecord,
  facts: { readonly software: string; readonly lastSeenAtMs: number | undefined },
): AgentView {
  return {
    agent_id: record.agentId,
    peer_id: record.peer,
    binary_type: record.binaryType === "hap" ? "hap" : "agent",
    role: record.role,
    capabilities: [...record.body.capabilities],
    models: [...record.body.models],
    software: facts.software,
    presence: presenceWord(record),
    active_tasks: record.body.activeTasks,
    max_tasks: record.body.maxTasks,
    load: record.body.load,
    ...(record.body.person === undefined ? {} : { person: record.body.person }),
    ...(facts.lastSeenAtMs === undefined ? {} : { last_seen_at_ms: Math.floor(facts.lastSeenAtMs) }),
  };
}

export function inviteView(invite: Invite, nowMs: number): InviteView {
  return {
    invite_id: invite.inviteId,
    role: invite.role,
    ...(invite.binaryType ? { binary_type: invite.binaryType } : {}),
    ...(invite.agentId ? { agent_id: invite.agentId } : {}),
    state: inviteState(invite, nowMs),
    expires_at_ms: invite.expiresMs,
    ...(invite.usedBy ? { used_by: invite.usedBy } : {}),
  };
}

import { EXIT } from "../exit.ts";
import { CliError, usageError } from "../errors.ts";
import { nameOf, relativeTime } from "../render.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";
import { formatDuration } from "../values.ts";
import { AGENTS } from "./tables.ts";

const peers: Command = {
  name: "peers",
  group: "mesh",
  summary: "Nodes this one is or was connected to",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const items = await (await context.client()).peers({ signal: context.signal });
    const nowMs = context.clock.nowMs();
    await context.out.list(items, {
      heading: ["NAME", "ROLE", "LINK", "PRESENCE", "DELAY", "SEEN", "PEER"],
      row: (peer) => [
        nameOf(peer),
        sanitiseLine(peer.role ?? "-"),
        peer.is_connected ? "connected" : "away",
        peer.presence,
        peer.latency_ms === undefined ? "-" : formatDuration(peer.latency_ms),
        peer.last_seen_at_ms === undefined ? "-" : relativeTime(peer.last_seen_at_ms, nowMs),
        sanitiseLine(peer.peer_id),
      ],
      empty: "No peers yet.",
    });
    return EXIT.ok;
  },
};

const agents: Command = {
  name: "agents",
  group: "mesh",
  summary: "Who can do what, and how busy they are",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const items = await (await context.client()).agents({ signal: context.signal });
    await context.out.list(items, AGENTS);
    return EXIT.ok;
  },
};

const members: Command = {
  name: "members",
  group: "mesh",
  summary: "Everyone with a grant, also those who are away or revoked",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const items = await (await context.client()).members({ signal: context.signal });
    await context.out.list(items, {
      heading: ["NAME", "PROGRAM", "ROLE", "LEVEL", "STATE", "UNTIL", "PEER"],
      row: (member) => [
        `${sanitiseLine(member.agent_id)}${member.is_self ? " (you)" : ""}`,
        member.binary_type,
        sanitiseLine(member.role),
        sanitiseLine(member.level),
        member.revoked ? "revoked" : member.is_self || member.is_connected ? "here" : "away",
        context.format.date(member.not_after_ms),
        sanitiseLine(member.peer_id),
      ],
      empty: "No members.",
    });
    return EXIT.ok;
  },
};

const membersRevoke: Command = {
  name: "members revoke",
  group: "mesh",
  summary: "Take the grant of a member away, everywhere",
  args: [{ name: "member", summary: "Agent id or peer id", isRequired: true }],
  flags: [
    { name: "reason", type: "string", value: "TEXT", summary: "Kept in the history" },
    { name: "yes", type: "boolean", summary: "Do not ask" },
  ],
  needs: "node",
  async run(context) {
    const member = context.values.required("member");
    if (!context.values.has("yes")) {
      if (!context.ask) throw usageError("Cannot revoke without a question: add --yes");
      const answer = await context.ask(
        `Revoke ${sanitiseLine(member)}? It is dropped everywhere. Type the name to do it: `,
      );
      if (answer?.trim() !== member) throw new CliError("cancelled", "Nothing was done");
    }
    const view = await (await context.client()).revokeMember(member, { reason: context.values.text("reason") ?? "" });
    await context.out.item(view, () => `Revoked ${view.agent_id}, peer ${view.peer_id}`);
    return EXIT.ok;
  },
};

/** Who is in the mesh. */
export const MESH_COMMANDS: readonly Command[] = [peers, agents, members, membersRevoke];

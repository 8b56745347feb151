import { EXIT, type ExitStatus } from "../exit.ts";
import { goOnWith } from "../go_on.ts";
import { CliError, usageError } from "../errors.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { NewPerson } from "../hook_types.ts";
import type { Command, CommandContext, FlagSpec } from "../types.ts";
import { formatDuration, given } from "../values.ts";

const DEFAULT_INVITE_TTL_MS = 3_600_000;
const DEFAULT_JOIN_TIMEOUT_MS = 60_000;

const AGENT_ID: FlagSpec = {
  name: "agent-id",
  type: "string",
  value: "NAME",
  summary: "Name in the mesh: a-z, 0-9 and -",
};
const PASSPHRASE: FlagSpec = {
  name: "passphrase",
  type: "boolean",
  summary: "Lock the keys with a passphrase; --passphrase-file does, too",
};
const FORCE: FlagSpec = { name: "force", type: "boolean", summary: "Replace what the data directory holds" };

const init: Command = {
  name: "init",
  group: "begin",
  summary: "Create a mesh and its first member",
  details:
    "Writes keys (0600), a commented configuration and the first grant. The recovery shares of the root key are shown " +
    "once and kept nowhere: whoever holds enough of them can govern the mesh.",
  flags: [
    { name: "mesh", type: "string", value: "NAME", summary: "Name of the mesh" },
    AGENT_ID,
    { name: "keep-root-key", type: "boolean", summary: "Keep the root key on this disk" },
    { name: "shares", type: "integer", value: "N", summary: "Recovery shares to make" },
    { name: "threshold", type: "integer", value: "K", summary: "Shares that are needed" },
    PASSPHRASE,
    FORCE,
  ],
  needs: "data_dir",
  async run(context) {
    const { values, globals } = context;
    const result = await context.hooks().init({
      globals,
      meshName: values.text("mesh"),
      agentId: values.text("agent-id"),
      isRootKeyKept: values.has("keep-root-key"),
      shares: values.integer("shares"),
      threshold: values.integer("threshold"),
      isLocked: values.has("passphrase"),
      isForced: values.has("force"),
    });
    const shares = result.recovery_shares;
    await context.out.item(result, () => [
      `Mesh ${result.mesh_name} (${result.mesh_id})`,
      `You are ${result.agent_id}, peer ${result.peer_id}`,
      `Data directory: ${result.home}`,
      `Configuration: ${result.config_path}`,
      ...personLines(result.person),
      ...(shares.length === 0
        ? []
        : ["", `Recovery shares (any ${result.recovery_threshold} of ${shares.length} restore the root key):`]),
      ...shares,
    ]);
    if (shares.length > 0) {
      await context.note("Write the shares down and give them to different people: they are not shown again.");
    }
    await warnOfPerson(context, result.person);
    await context.note(`Next: ${goOnWith(context, "run")}, then ${goOnWith(context, "invite --role developer")}`);
    return EXIT.ok;
  },
};

const invite: Command = {
  name: "invite",
  group: "begin",
  summary: "Make a join token that works once",
  details:
    "Uses the running node, or the keys on disk when none runs. The token carries the network key: send it over a safe way.",
  flags: [
    { name: "role", type: "string", value: "ROLE", summary: "Role of the newcomer" },
    { name: "ttl", type: "duration", value: "TIME", summary: "How long it works (1h)" },
    { name: "binary", type: "string", choices: ["agent", "hap"], summary: "Only for this program" },
    AGENT_ID,
  ],
  needs: "data_dir",
  async run(context) {
    const { values, globals } = context;
    const role = values.text("role");
    if (role === undefined) throw usageError('Cannot make an invite: --role is missing; "developer" is the usual one');
    const ttlMs = values.durationMs("ttl") ?? DEFAULT_INVITE_TTL_MS;
    const binary = values.text("binary");
    const binaryType = binary === "agent" || binary === "hap" ? binary : undefined; // the table has no other
    const agentId = values.text("agent-id");
    const endpoint = await context.hooks().findNode(globals);
    const created = endpoint
      ? await (await context.client()).createInvite({
        role,
        ttl_ms: ttlMs,
        ...(binaryType === undefined ? {} : { binary_type: binaryType }),
        ...given("agent_id", agentId),
      })
      : await context.hooks().invite({ globals, role, binaryType, agentId, ttlMs });
    await context.out.item(created, () => created.token);
    await context.note(
      `Works once, for ${formatDuration(ttlMs)}, as ${role}. On the other machine: ${joinExample(binaryType)} TOKEN`,
    );
    return EXIT.ok;
  },
};

function joinExample(binaryType: "agent" | "hap" | undefined): string {
  return `${binaryType === "hap" ? "bzzz-hap" : "bzzz-agent"} join`;
}

const invites: Command = {
  name: "invites",
  group: "begin",
  summary: "Invites and what became of them",
  needs: "node",
  async run(context) {
    const items = await (await context.client()).invites();
    await context.out.list(items, {
      heading: ["INVITE", "ROLE", "STATE", "EXPIRES", "USED BY"],
      row: (item) => [
        sanitiseLine(item.invite_id),
        sanitiseLine(item.role),
        item.state,
        context.format.date(item.expires_at_ms),
        item.used_by === undefined ? "" : sanitiseLine(item.used_by),
      ],
      empty: "No invites.",
    });
    return EXIT.ok;
  },
};

const invitesRevoke: Command = {
  name: "invites revoke",
  group: "begin",
  summary: "Revoke an invite that nobody has used",
  args: [{ name: "invite", summary: "Its id, from invites", isRequired: true }],
  needs: "node",
  async run(context) {
    const view = await (await context.client()).revokeInvite(context.values.required("invite"));
    await context.out.item(view, () => `Revoked invite ${view.invite_id}`);
    return EXIT.ok;
  },
};

const join: Command = {
  name: "join",
  group: "begin",
  summary: "Join a mesh with a token",
  details:
    "Without a token it is asked for, or read from standard input: on a command line others of this machine could see it, and the shell would remember it.",
  args: [{ name: "token", summary: "The join token; better left out" }],
  flags: [
    AGENT_ID,
    { name: "timeout", type: "duration", value: "TIME", summary: "How long to try (60s)" },
    PASSPHRASE,
    FORCE,
  ],
  needs: "data_dir",
  async run(context) {
    const { values, globals, signal } = context;
    const token = await joinToken(context, values.text("token"));
    const result = await context.hooks().join(token, {
      globals,
      agentId: values.text("agent-id"),
      timeoutMs: values.durationMs("timeout") ?? DEFAULT_JOIN_TIMEOUT_MS,
      isLocked: values.has("passphrase"),
      isForced: values.has("force"),
      signal,
    });
    await context.out.item(result, () => [
      `Joined mesh ${result.mesh_name} (${result.mesh_id}) as ${result.agent_id}, ${result.role}`,
      `Data directory: ${result.home}`,
      ...personLines(result.person),
    ]);
    await warnOfPerson(context, result.person);
    await context.note(`Next: ${goOnWith(context, "run")}`);
    return EXIT.ok;
  },
};

/** Whose portal was made, in lines. */
export function personLines(person: NewPerson | undefined): readonly string[] {
  return person ? [`Your key, in six words: ${person.words}`] : [];
}

/** What a person must know of a key that protects less than it could. */
export async function warnOfPerson(context: CommandContext, person: NewPerson | undefined): Promise<void> {
  if (!person) return;
  if (!person.is_locked) {
    await context.note(
      'Your key has no passphrase: every program of this user can decide for you. "bzzz-hap identity passphrase" gives it one.',
    );
  }
  if (!person.is_admitted) {
    await context.note(
      'The inviter does not know of people yet: what you decide counts for nothing until an admin runs "verify" for you.',
    );
  }
}

async function joinToken(context: CommandContext, word: string | undefined): Promise<string> {
  if (word !== undefined && word !== "-") return word;
  const canAsk = word === undefined && context.ask !== undefined;
  const text = canAsk ? await context.ask?.("Join token: ") : await context.readInput?.();
  if (text?.trim()) return text.trim();
  throw usageError("Cannot join: there is no token; paste it, or give it on standard input");
}

const leave: Command = {
  name: "leave",
  group: "begin",
  summary: "Leave the mesh for good",
  details:
    "Removes grant, keys and journal of the mesh from this data directory; the configuration stays. Members keep what this node has said, and its name stays taken until an admin revokes it. A person's key goes, too: identity export keeps it.",
  flags: [{ name: "yes", type: "boolean", summary: "Do not ask" }],
  needs: "data_dir",
  async run(context): Promise<ExitStatus> {
    const { values, globals } = context;
    if (!values.has("yes")) {
      const answer = await context.ask?.("Leave the mesh and remove its keys from this machine? Type leave to do it: ");
      if (answer === undefined && !context.ask) throw usageError("Cannot leave without a question: add --yes");
      if (answer?.trim() !== "leave") throw new CliError("cancelled", "Nothing was done");
    }
    const result = await context.hooks().leave({ globals });
    await context.out.item({ left: true, ...result }, () => `Left the mesh; ${result.home} holds no more keys of it`);
    return EXIT.ok;
  },
};

/** From nothing to a member, and back. */
export const BEGIN_COMMANDS: readonly Command[] = [init, invite, invites, invitesRevoke, join, leave];

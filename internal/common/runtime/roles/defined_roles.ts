import type { AuthorityLevel } from "@bzzz/agentid";
import type { Role, RoleDefinition, RoleSet } from "@bzzz/crypto";
import type { Journal, StoredEntry } from "@bzzz/journal";
import { RoleDirectory, type RolesEntry } from "@bzzz/roles";
import { TrustError } from "../trust_error.ts";

/** Entries read from disk at once. */
const CHUNK = 500;
const MAX_SHOWN_CHARACTERS = 48;

/** What an entry of the journal defines; undefined when it defines no roles. */
export function rolesEntryOf(entry: StoredEntry): RolesEntry | undefined {
  if (entry.kind !== "roles_defined") return undefined;
  const { header: { author, hlc }, id } = entry.envelope;
  return { order: { ms: hlc.ms, counter: hlc.counter, id }, author, roles: entry.body.roles.map(definitionOf) };
}

/** The roles of the mesh as a journal has them, whether its node runs or not. */
export function readDefinedRoles(journal: Pick<Journal, "entriesAfter">): RoleSet {
  const directory = new RoleDirectory();
  for (let cursor = 0;;) {
    const chunk = journal.entriesAfter(cursor, { limit: CHUNK, kinds: ["roles_defined"] });
    for (const entry of chunk) {
      const defined = rolesEntryOf(entry);
      if (defined) directory.add(defined);
    }
    const last = chunk.at(-1);
    if (!last || chunk.length < CHUNK) return directory.roles();
    cursor = last.cursor;
  }
}

/** The level of a role that somebody is to be invited as. @throws TrustError "invalid_request" when the mesh has no such role */
export function invitedLevel(roles: RoleSet, role: Role): AuthorityLevel {
  const level = roles.levelOf(role);
  if (level !== undefined) return level;
  const known = roles.all().map(({ name }) => name).join(", ");
  throw new TrustError(
    "invalid_request",
    `Cannot invite as role "${role.slice(0, MAX_SHOWN_CHARACTERS)}": the mesh has no such role, it has ${known}; ` +
      `"roles apply" defines your own`,
  );
}

function definitionOf(role: {
  readonly name: string;
  readonly level: RoleDefinition["level"];
  readonly canDecrypt: readonly string[];
  readonly capabilities: readonly string[];
  readonly specialization?: string | undefined;
  readonly promptTemplate?: string | undefined;
}): RoleDefinition {
  const { name, level, canDecrypt, capabilities, specialization, promptTemplate } = role;
  return {
    name,
    level,
    canDecrypt,
    capabilities,
    ...(specialization === undefined ? {} : { specialization }),
    ...(promptTemplate === undefined ? {} : { promptTemplate }),
  };
}

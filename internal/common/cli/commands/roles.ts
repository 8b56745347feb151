import { CliError, usageError } from "../errors.ts";
import { EXIT } from "../exit.ts";
import { sanitiseLine } from "../sanitise.ts";
import type { Command } from "../types.ts";

const ROLE_HEADING = ["ROLE", "LEVEL", "MEMBERS", "READS", "CAPABILITIES", "FOR"];

const rolesList: Command = {
  name: "roles",
  group: "mesh",
  summary: "Roles of the mesh and whose content each reads",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const items = await (await context.client()).roles({ signal: context.signal });
    await context.out.list(items, {
      heading: ROLE_HEADING,
      row: (role) => [
        sanitiseLine(role.name),
        role.level,
        String(role.members),
        sanitiseLine(role.reads.join(", ")),
        sanitiseLine(role.capabilities.join(", ")),
        sanitiseLine(role.specialization ?? (role.is_builtin ? "(built in)" : "-")),
      ],
      empty: "No roles.",
    });
    return EXIT.ok;
  },
};

const rolesApply: Command = {
  name: "roles apply",
  group: "mesh",
  summary: "Make the roles of a file the own roles of the mesh",
  details:
    "Takes the file that security.roles_file names, unless another is given. It replaces the own roles the mesh has; " +
    "the built-in ones stay. Needs the role admin. A role that is no longer in the file keeps its members and its keys, " +
    "but nothing new can be written for it.",
  args: [{ name: "file", summary: "A roles.yaml" }],
  needs: "node",
  async run(context) {
    const roles = await context.hooks().readRoles(context.values.text("file"), context.globals);
    const items = await (await context.client()).defineRoles({ roles: [...roles] }, { signal: context.signal });
    const own = items.filter((role) => !role.is_builtin).length;
    await context.out.item({ roles: items }, () => `The mesh has ${own} own ${own === 1 ? "role" : "roles"} now`);
    return EXIT.ok;
  },
};

const keysRoles: Command = {
  name: "keys roles",
  group: "mesh",
  summary: "Keys of all roles by generation, never their secrets",
  needs: "node",
  isInPortal: true,
  async run(context) {
    const items = await (await context.client()).roleKeys({ signal: context.signal });
    await context.out.list(items, {
      heading: ["ROLE", "KEY", "STATE", "HERE", "HOLDERS", "RECIPIENT"],
      row: (key) => [
        sanitiseLine(key.role),
        String(key.generation),
        key.is_exposed ? "to be replaced" : key.is_current ? "current" : "old",
        key.is_held ? "yes" : "no",
        String(key.holders),
        sanitiseLine(key.recipient),
      ],
      empty: "No keys yet: the node of an admin makes them.",
    });
    return EXIT.ok;
  },
};

const keysRotate: Command = {
  name: "keys rotate",
  group: "mesh",
  summary: "Replace the key of a role and hand the new one to its members",
  details:
    "Needs the role admin. What was written before stays readable with the old key, also for those who have it. " +
    "Revoking a member does this by itself.",
  args: [{ name: "role", summary: "A role, from roles", isRequired: true }],
  needs: "node",
  async run(context) {
    const role = context.values.required("role");
    const key = await (await context.client()).rotateKey(role, { signal: context.signal });
    await context.out.item(key, () => `Role ${sanitiseLine(key.role)} has key ${key.generation} now`);
    return EXIT.ok;
  },
};

const keysExport: Command = {
  name: "keys export",
  group: "mesh",
  summary: "Write the keys of a role to a private file, for the age command",
  details: "Only keys that this node was given. Whoever has the file reads what the role reads; delete it after use. " +
    "The export leaves an entry in the journal.",
  args: [{ name: "role", summary: "A role, from roles", isRequired: true }],
  flags: [{ name: "yes", type: "boolean", summary: "Do not ask" }],
  needs: "node",
  async run(context) {
    const role = context.values.required("role");
    if (!context.values.has("yes")) {
      if (!context.ask) throw usageError("Cannot export a secret without a question: add --yes");
      const answer = await context.ask(
        `Write the secret keys of ${sanitiseLine(role)} to a file? Type the role to do it: `,
      );
      if (answer?.trim() !== role) throw new CliError("cancelled", "Nothing was done");
    }
    const exported = await (await context.client()).exportKeys(role, { signal: context.signal });
    await context.out.item(
      exported,
      () =>
        `Wrote ${sanitiseLine(exported.path)}; open with: age --decrypt --identity ${sanitiseLine(exported.path)} FILE`,
    );
    return EXIT.ok;
  },
};

/** Roles and their keys. */
export const ROLE_COMMANDS: readonly Command[] = [rolesList, rolesApply, keysRoles, keysRotate, keysExport];

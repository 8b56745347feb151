import { z } from "@hono/zod-openapi";
import { AUTHORITY_LEVELS, parseRole } from "@bzzz/crypto";

const roleName = z.string().max(48).refine((name) => parseRole(name) === name, "expected a role name");
const level = z.enum(AUTHORITY_LEVELS);
const words = z.array(z.string().min(1).max(64)).max(64);

export const roleInputSchema = z.strictObject({
  name: roleName,
  level,
  can_decrypt: z.array(roleName).max(64).default([]),
  capabilities: words.default([]),
  specialization: z.string().max(256).optional(),
  prompt_template: z.string().max(8192).optional(),
}).openapi("RoleInput");

export const defineRolesSchema = z.strictObject({ roles: z.array(roleInputSchema).max(64) }).openapi("DefineRoles");
/** The own roles a mesh is to have, checked for form. */
export type DefineRolesInput = z.output<typeof defineRolesSchema>;

export const roleViewSchema = z.object({
  name: z.string(),
  level,
  is_builtin: z.boolean(),
  /** Whose content its holders read: their own, that of the levels below, and what `can_decrypt` names. */
  reads: z.array(z.string()),
  can_decrypt: z.array(z.string()),
  capabilities: z.array(z.string()),
  specialization: z.string().optional(),
  prompt_template: z.string().optional(),
  /** Members that have it now. */
  members: z.int(),
}).openapi("Role");
/** One role of the mesh. */
export type RoleView = z.infer<typeof roleViewSchema>;

export const roleKeyViewSchema = z.object({
  role: z.string(),
  generation: z.int(),
  /** Public: "age1…". */
  recipient: z.string(),
  is_current: z.boolean(),
  /** Whether this node has it. */
  is_held: z.boolean(),
  /** How many were given it. */
  holders: z.int(),
  /** Whether somebody has it who no longer should; a node of an admin replaces it. */
  is_exposed: z.boolean(),
}).openapi("RoleKey");
/** One generation of a role's key; never its secret. */
export type RoleKeyView = z.infer<typeof roleKeyViewSchema>;

export const exportedKeysViewSchema = z.object({
  role: z.string(),
  generations: z.array(z.int()),
  /** A file of this node's data directory, mode 0600. */
  path: z.string(),
}).openapi("ExportedKeys");
/** Where the secrets of a role's keys were written. */
export type ExportedKeysView = z.infer<typeof exportedKeysViewSchema>;

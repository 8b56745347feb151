/**
 * What a file of the configuration is made of: keys with their schemas, in sections.
 *
 * @module
 */
import { once } from "@bzzz/base";
import { z } from "zod";

/** How the text of a variable or a flag becomes the value of a key. */
export type KeyKind = "integer" | "boolean" | "text" | "list" | "json";

/** What a key says about itself beside its zod type; the documentation and every error message are made of it. */
export interface KeyMeta {
  readonly description: string;
  readonly kind: KeyKind;
  /** Completes "expected …". */
  readonly expected: string;
  /** Completes "expected …" for one element of a list. */
  readonly item?: string;
  readonly unit?: string;
  /** The legal values, where they can be listed. */
  readonly choices?: readonly string[];
  /** What to write instead of `value`, when that can be told. */
  readonly hint?: (value: string) => string | undefined;
  /** Describes the file itself: neither a variable nor a flag sets it. */
  readonly fileOnly?: boolean;
  /** Names of the members of an element, for a list of maps. */
  readonly members?: readonly string[];
}

/**
 * A key of the file. Its schema is made when there is a value to judge: of a hundred keys a start judges a handful, and a
 * schema of zod costs more than everything else a key is made of.
 */
export interface ConfigField<T extends z.ZodType = z.ZodType> {
  readonly meta: KeyMeta;
  /** The value where nobody sets the key; undefined when it may be absent. What the schema makes of undefined, too. */
  readonly fallback: unknown;
  /** True for a value that the schema takes as it is, where that can be told without making the schema. */
  readonly accepts?: (value: unknown) => boolean;
  readonly schema: () => T;
}

/** A section: strict, and complete when it is left out. */
export interface ConfigSection<S extends ConfigMembers = ConfigMembers> {
  readonly members: S;
  readonly schema: () => z.ZodPrefault<z.ZodObject<ShapeOf<S>, z.core.$strict>>;
}

/** The whole file of a program. */
export interface ConfigFileSchema<S extends ConfigMembers = ConfigMembers> {
  readonly members: S;
  readonly schema: () => z.ZodObject<ShapeOf<S>, z.core.$strict>;
}

/** A section or a file, whatever its members. */
export interface ConfigSectionLike {
  readonly members: ConfigMembers;
  readonly schema: () => z.ZodType;
}

/** What a section or a file has, by name. */
export interface ConfigMembers {
  readonly [name: string]: ConfigField | ConfigSectionLike;
}

/** The shape for zod of such members. */
type ShapeOf<S> = { -readonly [K in keyof S]: S[K] extends { schema: () => infer T extends z.ZodType } ? T : never };

/** A key, its value where nobody sets it, and what it says about itself. */
export function field<T extends z.ZodType>(
  make: () => T,
  fallback: unknown,
  meta: KeyMeta,
  accepts?: (value: unknown) => boolean,
): ConfigField<T> {
  const schema = once(() => {
    const made = make();
    z.globalRegistry.add(made, { ...meta });
    return made;
  });
  return { meta, fallback, schema, ...(accepts ? { accepts } : {}) };
}

function shapeOf<S extends ConfigMembers>(members: S): ShapeOf<S> {
  const shape = Object.fromEntries(Object.entries(members).map(([name, member]) => [name, member.schema()]));
  return shape as ShapeOf<S>; // by its definition
}

/** A section of these members. */
export function section<const S extends ConfigMembers>(members: S): ConfigSection<S> {
  return {
    members,
    // Proof of the cast: every member of every section has a default or is optional, so {} is a legal input.
    schema: once(() =>
      z.strictObject(shapeOf(members)).prefault({} as z.input<z.ZodObject<ShapeOf<S>, z.core.$strict>>)
    ),
  };
}

/** A file of these members. */
export function configFile<const S extends ConfigMembers>(members: S): ConfigFileSchema<S> {
  return { members, schema: once(() => z.strictObject(shapeOf(members))) };
}

/** Whether a member is a section: it has members, where a key says something about itself. */
export function isSection(member: ConfigField | ConfigSectionLike): member is ConfigSectionLike {
  return "members" in member;
}

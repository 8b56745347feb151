/** What is told about an address, in the order in which it is shown. */
export const FIELD_NAMES = ["summary", "purpose", "language", "media_type", "technologies", "tags"] as const;
/** One of `FIELD_NAMES`. */
export type FieldName = (typeof FIELD_NAMES)[number];

/** Longest text of a field. */
export const MAX_FIELD_CHARACTERS = 1_000;
/** Items of a list, and characters of one. */
export const MAX_FIELD_ITEMS = 32;
/** Longest item of a list. */
export const MAX_ITEM_CHARACTERS = 64;

/** A text, or a sorted list of names. */
export type FieldValue = string | readonly string[];

/** Facts without where they came from. */
export type Fields = Readonly<Partial<Record<FieldName, FieldValue>>>;

/** A value with the place of its source in a list of sources. */
export interface SourcedField {
  readonly value: FieldValue;
  readonly source: number;
  /** A model made it of the source; otherwise rules found it there. */
  readonly by?: "model" | undefined;
}

/** Facts at one path of a subject. */
export interface ContextNode {
  readonly path: string;
  readonly fields: Readonly<Partial<Record<FieldName, SourcedField>>>;
}

/** Whether two values say the same. */
export function isSameValue(a: FieldValue, b: FieldValue): boolean {
  return typeof a === "string" || typeof b === "string"
    ? a === b
    : a.length === b.length && a.every((item, i) => item === b[i]);
}
